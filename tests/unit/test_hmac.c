#include "crypto/hmac.h"

#include "crypto_support.h"

struct hmac_case {
    const char *key;
    const char *data;
    const char *sha256;
    const char *sha384;
};

#define TWENTY_AA  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HUNDRED_AA TWENTY_AA TWENTY_AA TWENTY_AA TWENTY_AA TWENTY_AA
#define TEN_DD     "dddddddddddddddddddd"
#define TEN_CD     "cdcdcdcdcdcdcdcdcdcd"

/* RFC 4231 section 4, test cases 1 to 4, 6 and 7 (5 is truncated output, which we have not). */
static const struct hmac_case cases[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
     "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec6"
     "82aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"},
    {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
     "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47"
     "e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"},
    {TWENTY_AA, TEN_DD TEN_DD TEN_DD TEN_DD TEN_DD,
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
     "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9feb"
     "e83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27"},
    {"0102030405060708090a0b0c0d0e0f10111213141516171819", TEN_CD TEN_CD TEN_CD TEN_CD TEN_CD,
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
     "3e8a69b7783c25851933ab6290af6ca77a9981480850009c"
     "c5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb"},
    {HUNDRED_AA TWENTY_AA "aaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a"
     "65204b6579202d2048617368204b6579204669727374",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
     "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f"
     "3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952"},
    {HUNDRED_AA TWENTY_AA "aaaaaaaaaaaaaaaaaaaaaa",
     "5468697320697320612074657374207573696e672061206c6172676572207468"
     "616e20626c6f636b2d73697a65206b657920616e642061206c61726765722074"
     "68616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6565"
     "647320746f20626520686173686564206265666f7265206265696e6720757365"
     "642062792074686520484d414320616c676f726974686d2e",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
     "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9a"
     "dccebb82461e99c5a678cc31e799176d3860e6110c46523e"},
};

static void expect_hmac(enum digest_kind kind, const struct hmac_case *row, const char *expected)
{
    struct vector secret = vector_of(row->key);
    struct vector data = vector_of(row->data);
    struct hmac_key key;
    hmac_key_init(&key, kind, vector_bytes(&secret));
    /* The key serves any number of times, and the data may come in pieces. */
    for (size_t cut = 0; cut <= data.len; cut++) {
        struct hmac hmac;
        uint8_t out[DIGEST_LEN_MAX];
        hmac_begin(&hmac, &key);
        hmac_update(&hmac, bytes_of(data.data, cut));
        hmac_update(&hmac, bytes_of(data.data + cut, data.len - cut));
        hmac_finish(&hmac, out);
        expect_hex(out, digest_len(kind), expected, row->data);
    }
}

Test(hmac, sha256_gives_the_vectors_of_rfc_4231)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_hmac(DIGEST_SHA256, &cases[i], cases[i].sha256);
}

Test(hmac, sha384_gives_the_vectors_of_rfc_4231)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_hmac(DIGEST_SHA384, &cases[i], cases[i].sha384);
}

static void mac_of_nothing(const struct hmac_key *key, uint8_t out[DIGEST_LEN_MAX])
{
    struct hmac hmac;
    hmac_begin(&hmac, key);
    hmac_finish(&hmac, out);
}

/* [rfc2104#2] "Applications that use keys longer than B bytes will first hash the key using H": one
 * of exactly B bytes is used as it is, one of B + 1 is hashed. */
Test(hmac, hashes_only_keys_longer_than_a_block)
{
    uint8_t secret[65];
    memset(secret, 'k', sizeof(secret));
    uint8_t hashed[DIGEST_LEN_MAX];
    for (size_t len = 64; len <= 65; len++) {
        struct hmac_key direct;
        struct hmac_key by_hash;
        digest_of(DIGEST_SHA256, bytes_of(secret, len), hashed);
        hmac_key_init(&direct, DIGEST_SHA256, bytes_of(secret, len));
        hmac_key_init(&by_hash, DIGEST_SHA256, bytes_of(hashed, SHA256_LEN));
        uint8_t from_direct[DIGEST_LEN_MAX];
        uint8_t from_hash[DIGEST_LEN_MAX];
        mac_of_nothing(&direct, from_direct);
        mac_of_nothing(&by_hash, from_hash);
        bool is_same = memcmp(from_direct, from_hash, SHA256_LEN) == 0;
        cr_expect_eq(is_same, len > 64, "a key of %zu bytes", len);
    }
}

Test(hmac, leaves_nothing_of_the_key_in_what_ran)
{
    struct hmac_key key;
    struct hmac hmac;
    uint8_t out[DIGEST_LEN_MAX];
    hmac_key_init(&key, DIGEST_SHA384, bytes_of("secret", 6));
    hmac_begin(&hmac, &key);
    hmac_finish(&hmac, out);
    cr_expect(all_zero(hmac.running.state, sizeof(hmac.running.state)));
}
