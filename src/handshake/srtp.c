#include "handshake/srtp.h"

#include <assert.h>

#include "base/secret.h"
#include "handshake/exporter.h"

struct srtp_profile_row {
    uint16_t code_point;
    uint8_t key_len;
    uint8_t salt_len;
};

/* [rfc5764#4.1.2] "cipher_key_length: 128" and "cipher_salt_length: 112"; [rfc7714#14.2]
 * "cipher_salt_length: 96 bits", and keys of 128 and 256. */
static const struct srtp_profile_row profiles[] = {
    {SRTP_AES128_CM_SHA1_80, 16, 14},
    {SRTP_AES128_CM_SHA1_32, 16, 14},
    {SRTP_AEAD_AES_128_GCM, 16, 12},
    {SRTP_AEAD_AES_256_GCM, 32, 12},
};

enum { PROFILE_COUNT = sizeof(profiles) / sizeof(profiles[0]) };

static_assert((int)RDTLS_SRTP_AES128_CM_SHA1_80 == (int)SRTP_AES128_CM_SHA1_80 &&
                  (int)RDTLS_SRTP_AES128_CM_SHA1_32 == (int)SRTP_AES128_CM_SHA1_32 &&
                  (int)RDTLS_SRTP_AEAD_AES_128_GCM == (int)SRTP_AEAD_AES_128_GCM &&
                  (int)RDTLS_SRTP_AEAD_AES_256_GCM == (int)SRTP_AEAD_AES_256_GCM,
              "the public names are the wire's numbers");

static const struct srtp_profile_row *find(uint16_t profile)
{
    for (size_t i = 0; i < PROFILE_COUNT; i++)
        if (profiles[i].code_point == profile)
            return &profiles[i];
    return NULL;
}

bool srtp_profile_is_known(uint16_t profile)
{
    return find(profile) != NULL;
}

enum rdtls_status srtp_keys_derive(const struct association *association,
                                   struct rdtls_srtp_keys *keys)
{
    const struct srtp_profile_row *profile = find(association->srtp_profile);
    if (profile == NULL)
        return RDTLS_NOT_NEGOTIATED;
    uint8_t material[2 * (RDTLS_SRTP_KEY_MAX + RDTLS_SRTP_SALT_MAX)];
    size_t key_len = profile->key_len;
    size_t salt_len = profile->salt_len;
    /* [rfc5764#4.2] "The exporter label for this usage is "EXTRACTOR-dtls_srtp"." and "The
     * per-association context value is empty.": what every implementation makes of that is no
     * context. */
    struct exporter_input exporter = {.label = "EXTRACTOR-dtls_srtp"};
    association_export(association, &exporter, material, 2 * (key_len + salt_len));

    /* [rfc5764#4.2] client_write_SRTP_master_key, server_write_SRTP_master_key,
     * client_write_SRTP_master_salt, server_write_SRTP_master_salt, in this order. */
    /* [rfc5764#4.2] "The server MUST only use these keys to decrypt and to check the authenticity
     * of inbound packets.": the client's. "The client MUST only use these keys to decrypt and to
     * check the authenticity of inbound packets.": the server's. */
    const uint8_t *salts = material + 2 * key_len;
    bool is_client = association->role == RDTLS_CLIENT;
    size_t local = is_client ? 0 : 1;
    size_t remote = 1 - local;
    *keys = (struct rdtls_srtp_keys){
        .profile = profile->code_point,
        .key_len = profile->key_len,
        .salt_len = profile->salt_len,
    };
    memcpy(keys->local_key, material + local * key_len, key_len);
    memcpy(keys->remote_key, material + remote * key_len, key_len);
    memcpy(keys->local_salt, salts + local * salt_len, salt_len);
    memcpy(keys->remote_salt, salts + remote * salt_len, salt_len);
    secret_wipe(material, sizeof(material));
    return RDTLS_OK;
}
