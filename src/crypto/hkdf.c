#include "crypto/hkdf.h"

#include <assert.h>

#include "base/secret.h"
#include "base/writer.h"

enum {
    INFO_MAX = 2 + 1 + 255 + 1 + 255, /* length, label and context with their lengths */
};

/* [rfc9147#5.9] "For DTLS 1.3, that label SHALL be "dtls13".": without a space. */
static const char prefix[] = "dtls13";

void hkdf_extract(enum digest_kind hash, struct bytes salt, struct bytes input, uint8_t *out)
{
    static const uint8_t zeros[DIGEST_LEN_MAX];
    struct bytes nothing = {zeros, digest_len(hash)};
    struct hmac_key key;
    struct hmac hmac;
    hmac_key_init(&key, hash, salt.len > 0 ? salt : nothing);
    hmac_begin(&hmac, &key);
    hmac_update(&hmac, input.len > 0 ? input : nothing);
    hmac_finish(&hmac, out);
    secret_wipe(&key, sizeof(key));
}

/* [rfc8446#7.1] "struct { uint16 length = Length; opaque label<7..255> = "tls13 " + Label; opaque
 * context<0..255> = Context; } HkdfLabel;" */
static size_t write_info(const struct hkdf_label *label, size_t out_len, uint8_t info[INFO_MAX])
{
    struct writer writer = writer_of(info, INFO_MAX);
    writer_u16(&writer, (uint16_t)out_len);
    size_t mark = writer_open_vector(&writer, 1);
    writer_bytes(&writer, bytes_of(prefix, sizeof(prefix) - 1));
    writer_bytes(&writer, bytes_of(label->label, strlen(label->label)));
    writer_close_vector(&writer, mark, 1);
    mark = writer_open_vector(&writer, 1);
    writer_bytes(&writer, label->context);
    writer_close_vector(&writer, mark, 1);
    assert(!writer.failed);
    return writer.len;
}

/* [rfc5869#2.3] "T(n) = HMAC-Hash(PRK, T(n-1) | info | n)", n one octet from 1 on */
void hkdf_expand_label(const struct hmac_key *secret, const struct hkdf_label *label, uint8_t *out,
                       size_t out_len)
{
    uint8_t info[INFO_MAX];
    uint8_t block[DIGEST_LEN_MAX];
    size_t info_len = write_info(label, out_len, info);
    size_t hash_len = digest_len(secret->inner.kind);
    size_t block_len = 0;
    assert(out_len <= 255 * hash_len);
    uint8_t number = 1;
    for (size_t written = 0; written < out_len; number++) {
        struct hmac hmac;
        hmac_begin(&hmac, secret);
        hmac_update(&hmac, bytes_of(block, block_len));
        hmac_update(&hmac, bytes_of(info, info_len));
        hmac_update(&hmac, bytes_of(&number, 1));
        hmac_finish(&hmac, block);
        block_len = hash_len;
        size_t len = out_len - written < hash_len ? out_len - written : hash_len;
        memcpy(out + written, block, len);
        written += len;
    }
    secret_wipe(block, sizeof(block));
}
