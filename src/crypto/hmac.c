#include "crypto/hmac.h"

#include "base/secret.h"

enum {
    SHA256_BLOCK_LEN = 64,
    SHA384_BLOCK_LEN = 128,
    BLOCK_LEN_MAX = 128,
    /* [rfc2104#2] "ipad = the byte 0x36 repeated B times
     * opad = the byte 0x5C repeated B times." */
    INNER_PAD = 0x36,
    OUTER_PAD = 0x5c,
};

static size_t block_len(enum digest_kind kind)
{
    switch (kind) {
    case DIGEST_SHA256:
        return SHA256_BLOCK_LEN;
    case DIGEST_SHA384:
        return SHA384_BLOCK_LEN;
    }
    return 0;
}

static void absorb_pad(struct digest *digest, enum digest_kind kind,
                       const uint8_t block[BLOCK_LEN_MAX], uint8_t pad)
{
    uint8_t padded[BLOCK_LEN_MAX];
    size_t len = block_len(kind);
    for (size_t i = 0; i < len; i++)
        padded[i] = block[i] ^ pad;
    digest_init(digest, kind);
    digest_update(digest, bytes_of(padded, len));
    secret_wipe(padded, len);
}

void hmac_key_init(struct hmac_key *key, enum digest_kind kind, struct bytes secret)
{
    uint8_t block[BLOCK_LEN_MAX] = {0};
    /* [rfc2104#2] "Applications that use keys longer than B bytes will first hash the key using H"
     */
    if (secret.len > block_len(kind))
        digest_of(kind, secret, block);
    else
        bytes_copy(block, secret);
    absorb_pad(&key->inner, kind, block, INNER_PAD);
    absorb_pad(&key->outer, kind, block, OUTER_PAD);
    secret_wipe(block, sizeof(block));
}

void hmac_begin(struct hmac *hmac, const struct hmac_key *key)
{
    digest_copy(&hmac->running, &key->inner);
    hmac->key = key;
}

void hmac_update(struct hmac *hmac, struct bytes bytes)
{
    digest_update(&hmac->running, bytes);
}

void hmac_finish(struct hmac *hmac, uint8_t *out)
{
    uint8_t inner[DIGEST_LEN_MAX];
    digest_finish(&hmac->running, inner);
    digest_copy(&hmac->running, &hmac->key->outer);
    digest_update(&hmac->running, bytes_of(inner, digest_len(hmac->running.kind)));
    digest_finish(&hmac->running, out);
    secret_wipe(inner, sizeof(inner));
}
