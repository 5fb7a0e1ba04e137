#include "crypto/prf.h"

#include "base/secret.h"

static void update_with_seed(struct hmac *hmac, const struct prf_input *input)
{
    hmac_update(hmac, bytes_of(input->label, strlen(input->label)));
    hmac_update(hmac, input->seed);
    hmac_update(hmac, input->more_seed);
}

/* [rfc5246#5] "P_hash(secret, seed) = HMAC_hash(secret, A(1) + seed) +
 *                                     HMAC_hash(secret, A(2) + seed) +
 *                                     HMAC_hash(secret, A(3) + seed) + ..." */
void prf_12(const struct prf_input *input, uint8_t *out, size_t out_len)
{
    struct hmac_key key;
    struct hmac hmac;
    uint8_t chain[DIGEST_LEN_MAX]; /* A(i) */
    uint8_t block[DIGEST_LEN_MAX];
    size_t hash_len = digest_len(input->hash);

    hmac_key_init(&key, input->hash, input->secret);
    hmac_begin(&hmac, &key);
    update_with_seed(&hmac, input);
    hmac_finish(&hmac, chain);

    size_t written = 0;
    while (written < out_len) {
        hmac_begin(&hmac, &key);
        hmac_update(&hmac, bytes_of(chain, hash_len));
        update_with_seed(&hmac, input);
        hmac_finish(&hmac, block);
        size_t len = out_len - written < hash_len ? out_len - written : hash_len;
        memcpy(out + written, block, len);
        written += len;
        if (written == out_len)
            break;
        hmac_begin(&hmac, &key);
        hmac_update(&hmac, bytes_of(chain, hash_len));
        hmac_finish(&hmac, chain);
    }
    secret_wipe(&key, sizeof(key));
    secret_wipe(chain, sizeof(chain));
    secret_wipe(block, sizeof(block));
}
