#include "crypto/hkdf.h"

#include "crypto_support.h"

/* RFC 5869 sections A.1 and A.3: Extract. */
Test(hkdf, extracts_what_the_rfc_prints)
{
    uint8_t out[DIGEST_LEN_MAX];
    struct vector input = vector_of("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
    struct vector salt = vector_of("000102030405060708090a0b0c");
    hkdf_extract(DIGEST_SHA256, vector_bytes(&salt), vector_bytes(&input), out);
    expect_hex(out, SHA256_LEN, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
               "with a salt");
    hkdf_extract(DIGEST_SHA256, bytes_of(NULL, 0), vector_bytes(&input), out);
    expect_hex(out, SHA256_LEN, "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
               "without one");
}

/* [rfc8446#7.1] the early secret of a handshake without a PSK: RFC 8448 section 3 prints it. */
Test(hkdf, an_empty_input_counts_as_zeros)
{
    uint8_t out[DIGEST_LEN_MAX];
    hkdf_extract(DIGEST_SHA256, bytes_of(NULL, 0), bytes_of(NULL, 0), out);
    expect_hex(out, SHA256_LEN, "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a",
               "early secret");
}

/* Against HKDF-Expand written down by hand: [rfc5869#2.3] one block is HMAC(PRK, info | 1), and
 * [rfc9147#5.9] "For DTLS 1.3, that label SHALL be "dtls13"." */
Test(hkdf, expands_under_the_label_of_dtls)
{
    static const uint8_t secret[SHA256_LEN] = {1, 2, 3};
    static const char info[] = "\0\x10\x09"
                               "dtls13key"
                               "\0\1";
    struct hmac_key key;
    struct hmac hmac;
    uint8_t expected[DIGEST_LEN_MAX];
    uint8_t out[16];
    hmac_key_init(&key, DIGEST_SHA256, bytes_of(secret, sizeof(secret)));
    hmac_begin(&hmac, &key);
    hmac_update(&hmac, bytes_of(info, sizeof(info) - 1));
    hmac_finish(&hmac, expected);
    struct hkdf_label label = {.label = "key"};
    hkdf_expand_label(&key, &label, out, sizeof(out));
    cr_expect_arr_eq(out, expected, sizeof(out));
}

/* Every length, across blocks: a shorter one is not the beginning of a longer one, since the length
 * is part of what is hashed, but none writes behind its end. */
Test(hkdf, writes_as_much_as_it_is_asked_for)
{
    static const uint8_t secret[SHA256_LEN] = {7};
    struct hmac_key key;
    hmac_key_init(&key, DIGEST_SHA256, bytes_of(secret, sizeof(secret)));
    for (size_t len = 0; len <= 4 * SHA256_LEN; len++) {
        uint8_t out[4 * SHA256_LEN + 1];
        memset(out, 0xee, sizeof(out));
        struct hkdf_label label = {.label = "a label", .context = bytes_of("context", 7)};
        hkdf_expand_label(&key, &label, out, len);
        cr_expect_eq(out[len], 0xee);
    }
}
