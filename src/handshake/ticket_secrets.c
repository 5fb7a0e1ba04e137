#include "handshake/ticket_secrets.h"

#include <assert.h>

#include "base/secret.h"
#include "crypto/hkdf.h"

void ticket_secrets_add(struct ticket_secrets *secrets, const uint8_t secret[TICKET_SECRET_LEN])
{
    static const char purpose[] = "ringdtls session tickets";
    uint8_t key[SHA256_LEN];
    assert(secrets->count < TICKET_SECRETS_MAX);
    hkdf_extract(DIGEST_SHA256, bytes_of(purpose, sizeof(purpose) - 1),
                 bytes_of(secret, TICKET_SECRET_LEN), key);
    hmac_key_init(&secrets->keys[secrets->count++], DIGEST_SHA256, bytes_of(key, sizeof(key)));
    secret_wipe(key, sizeof(key));
}
