#include "crypto/rsa_padding.h"

#include <assert.h>

#include "crypto/private_random.h"

enum {
    DIGEST_INFO_MAX = 19,
    PSS_TRAILER = 0xbc,
    PSS_ZEROS = 8,
    BITS_PER_BYTE = 8,
};

static_assert((int)RSA_LEN_MIN * BITS_PER_BYTE == (int)RSA_BITS_MIN &&
                  (int)RSA_LEN_MAX * BITS_PER_BYTE == (int)RSA_BITS_MAX,
              "bytes and bits say the same");

/* [rfc8017#9.2] "For the nine hash functions mentioned in Appendix B.1, the DER encoding T of the
 * DigestInfo value is equal to the following" */
static const uint8_t digest_infos[][DIGEST_INFO_MAX] = {
    [DIGEST_SHA256] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
                       0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
    [DIGEST_SHA384] = {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
                       0x02, 0x02, 0x05, 0x00, 0x04, 0x30},
};

static size_t modulus_len(const struct rsa_message *message)
{
    return (message->modulus_bits + BITS_PER_BYTE - 1) / BITS_PER_BYTE;
}

/* EM = 0x00 || 0x01 || PS || 0x00 || T */
static void pad_pkcs1(const struct rsa_message *message, uint8_t *padded)
{
    size_t len = modulus_len(message);
    uint8_t *digest = padded + len - message->digest.len;
    uint8_t *info = digest - DIGEST_INFO_MAX;
    padded[0] = 0;
    padded[1] = 1;
    memset(padded + 2, 0xff, (size_t)(info - padded) - 3);
    info[-1] = 0;
    memcpy(info, digest_infos[message->scheme->hash], DIGEST_INFO_MAX);
    bytes_copy(digest, message->digest);
}

/* [rfc8017#B.2.1] "Concatenate the hash of the seed mgfSeed and C to the octet string T", here
 * added to the mask's place. */
static void add_mask(enum digest_kind hash, struct bytes seed, uint8_t *out, size_t len)
{
    uint8_t counter_bytes[4];
    uint8_t mask[DIGEST_LEN_MAX];
    for (uint32_t counter = 0; len > 0; counter++) {
        struct digest digest;
        store_u32(counter_bytes, counter);
        digest_init(&digest, hash);
        digest_update(&digest, seed);
        digest_update(&digest, bytes_of(counter_bytes, sizeof(counter_bytes)));
        digest_peek(&digest, mask);
        size_t step = len < digest_len(hash) ? len : digest_len(hash);
        for (size_t i = 0; i < step; i++)
            out[i] ^= mask[i];
        out += step;
        len -= step;
    }
}

/* [rfc8017#9.1.1] "M' = (0x)00 00 00 00 00 00 00 00 || mHash || salt;" */
static void hash_with_salt(const struct rsa_message *message, struct bytes salt, uint8_t *out)
{
    static const uint8_t zeros[PSS_ZEROS];
    struct digest digest;
    digest_init(&digest, message->scheme->hash);
    digest_update(&digest, bytes_of(zeros, sizeof(zeros)));
    digest_update(&digest, message->digest);
    digest_update(&digest, salt);
    digest_peek(&digest, out);
}

/* Where the parts of a PSS frame lie. [rfc8017#8.1.1] "Note that the octet length of EM will be one
 * less than k if modBits - 1 is divisible by 8 and equal to k otherwise": then a zero goes before
 * it. */
struct pss_frame {
    uint8_t *masked; /* DB */
    size_t masked_len;
    uint8_t *hash; /* H */
    uint8_t top;   /* the bits of DB's first byte that are used */
};

static struct pss_frame frame_of(const struct rsa_message *message, uint8_t *padded)
{
    size_t bits = message->modulus_bits - 1;
    size_t len = (bits + BITS_PER_BYTE - 1) / BITS_PER_BYTE;
    size_t hash_len = message->digest.len;
    uint8_t *start = padded + modulus_len(message) - len;
    return (struct pss_frame){
        .masked = start,
        .masked_len = len - hash_len - 1,
        .hash = start + len - hash_len - 1,
        .top = (uint8_t)(0xff >> (BITS_PER_BYTE * len - bits)),
    };
}

/* [rfc8446#4.2.3] "The length of the Salt MUST be equal to the length of the output of the digest
 * algorithm." */
static void pad_pss(const struct rsa_message *message, struct bytes salt, uint8_t *padded)
{
    size_t len = modulus_len(message);
    memset(padded, 0, len);
    struct pss_frame frame = frame_of(message, padded);
    uint8_t *salt_at = frame.masked + frame.masked_len - salt.len;
    hash_with_salt(message, salt, frame.hash);
    salt_at[-1] = 1;
    bytes_copy(salt_at, salt);
    add_mask(message->scheme->hash, bytes_of(frame.hash, message->digest.len), frame.masked,
             frame.masked_len);
    frame.masked[0] &= frame.top;
    padded[len - 1] = PSS_TRAILER;
}

static bool is_well_formed(const struct rsa_message *message)
{
    return message->modulus_bits >= RSA_BITS_MIN && message->modulus_bits <= RSA_BITS_MAX &&
           message->scheme->algorithm == SIGNATURE_RSA &&
           message->digest.len == digest_len(message->scheme->hash);
}

bool rsa_pad(const struct rsa_message *message, uint8_t padded[RSA_LEN_MAX])
{
    uint8_t salt[DIGEST_LEN_MAX];
    if (!is_well_formed(message))
        return false;
    if (!message->scheme->is_pss) {
        pad_pkcs1(message, padded);
        return true;
    }
    if (!private_random_fill(salt, message->digest.len))
        return false;
    pad_pss(message, bytes_of(salt, message->digest.len), padded);
    return true;
}

bool rsa_padding_is_right(const struct rsa_message *message, const uint8_t padded[RSA_LEN_MAX])
{
    uint8_t expected[RSA_LEN_MAX];
    uint8_t opened[RSA_LEN_MAX];
    if (!is_well_formed(message))
        return false;
    size_t len = modulus_len(message);
    if (message->scheme->is_pss) {
        /* The salt is where it has to be, if the frame is right at all. */
        memcpy(opened, padded, len);
        struct pss_frame frame = frame_of(message, opened);
        add_mask(message->scheme->hash, bytes_of(frame.hash, message->digest.len), frame.masked,
                 frame.masked_len);
        struct bytes salt = {frame.masked + frame.masked_len - message->digest.len,
                             message->digest.len};
        pad_pss(message, salt, expected);
    } else {
        pad_pkcs1(message, expected);
    }
    return memcmp(expected, padded, len) == 0;
}
