#include "crypto/aead.h"

#include "crypto_support.h"

struct aead_case {
    enum aead_kind kind;
    const char *key;
    const char *nonce;
    const char *aad;
    const char *plaintext;
    const char *sealed; /* ciphertext and tag */
};

#define GCM_KEY   "feffe9928665731c6d6a8f9467308308"
#define GCM_NONCE "cafebabefacedbaddecaf888"
#define GCM_AAD   "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define GCM_60                                                         \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" \
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define GCM_128_60                                                     \
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e" \
    "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
#define GCM_256_60                                                     \
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" \
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"

/* McGrew, Viega, "The Galois/Counter Mode of Operation", as submitted to NIST, appendix B: test
 * cases 1 to 4 and 13 to 16, those with a nonce of 96 bits and a key of 128 or 256. */
static const struct aead_case cases[] = {
    {AEAD_AES_128_GCM, "00000000000000000000000000000000", "000000000000000000000000", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {AEAD_AES_128_GCM, "00000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000",
     "0388dace60b6a392f328c2b971b2fe78 ab6e47d42cec13bdf53a67b21257bddf"},
    {AEAD_AES_128_GCM, GCM_KEY, GCM_NONCE, "", GCM_60 "1aafd255",
     GCM_128_60 "473f5985 4d5c2af327cd64a62cf35abd2ba6fab4"},
    {AEAD_AES_128_GCM, GCM_KEY, GCM_NONCE, GCM_AAD, GCM_60,
     GCM_128_60 "5bc94fbc3221a5db94fae95ae7121a47"},
    {AEAD_AES_256_GCM, "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {AEAD_AES_256_GCM, "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18 d0d1c8a799996bf0265b98b5d48ab919"},
    {AEAD_AES_256_GCM, GCM_KEY GCM_KEY, GCM_NONCE, "", GCM_60 "1aafd255",
     GCM_256_60 "898015ad b094dac5d93471bdec1a502270e3cc6c"},
    {AEAD_AES_256_GCM, GCM_KEY GCM_KEY, GCM_NONCE, GCM_AAD, GCM_60,
     GCM_256_60 "76fc6ece0f4e1768cddf8853bb2d551b"},
    /* RFC 8439 section 2.8.2 */
    {AEAD_CHACHA20_POLY1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
     "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
     "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
     "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
     "637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
     "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
     "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
     "3ff4def08e4b7a9de576d26586cec64b6116"
     "1ae10b594f09e26a7e902ecbd0600691"},
};

enum { CASE_COUNT = sizeof(cases) / sizeof(cases[0]) };

/* A row as bytes. */
struct loaded {
    struct vector key, nonce, aad, plaintext, sealed;
};

static void load(struct loaded *loaded, const struct aead_case *row)
{
    loaded->key = vector_of(row->key);
    loaded->nonce = vector_of(row->nonce);
    loaded->aad = vector_of(row->aad);
    loaded->plaintext = vector_of(row->plaintext);
    loaded->sealed = vector_of(row->sealed);
    cr_assert_eq(loaded->key.len, aead_key_len(row->kind));
}

static struct aead_operation operation_of(enum aead_kind kind, const struct loaded *loaded,
                                          const struct vector *in, uint8_t *out)
{
    struct aead_operation operation = {
        .kind = kind,
        .key = loaded->key.data,
        .aad = vector_bytes(&loaded->aad),
        .in = in->data,
        .in_len = in->len,
        .out = out,
    };
    memcpy(operation.nonce, loaded->nonce.data, AEAD_NONCE_LEN);
    return operation;
}

static void expect_seals_and_opens(struct aead_engine *engine, const struct aead_case *row)
{
    struct loaded loaded;
    uint8_t out[VECTOR_MAX];
    load(&loaded, row);
    struct aead_operation seal = operation_of(row->kind, &loaded, &loaded.plaintext, out);
    cr_assert(aead_seal(engine, &seal));
    cr_expect_arr_eq(out, loaded.sealed.data, loaded.sealed.len);
    struct aead_operation open = operation_of(row->kind, &loaded, &loaded.sealed, out);
    cr_assert(aead_open(engine, &open));
    cr_expect_arr_eq(out, loaded.plaintext.data, loaded.plaintext.len);
}

Test(aead, gives_the_vectors_of_the_gcm_submission)
{
    for (size_t i = 0; i < CASE_COUNT; i++) {
        struct aead_engine *engine = aead_engine_new();
        cr_assert_not_null(engine);
        expect_seals_and_opens(engine, &cases[i]);
        aead_engine_free(engine);
    }
}

/* The engine remembers the last key: every row after every other, so that it changes and stays in
 * all ways. */
Test(aead, keys_may_alternate)
{
    struct aead_engine *engine = aead_engine_new();
    cr_assert_not_null(engine);
    for (size_t i = 0; i < CASE_COUNT; i++) {
        for (size_t j = 0; j < CASE_COUNT; j++) {
            expect_seals_and_opens(engine, &cases[i]);
            expect_seals_and_opens(engine, &cases[j]);
        }
    }
    aead_engine_free(engine);
}

/* Keys that differ in one bit only, anywhere, are different keys. */
Test(aead, notices_every_bit_of_a_new_key)
{
    struct aead_engine *engine = aead_engine_new();
    cr_assert_not_null(engine);
    for (size_t i = 3; i < CASE_COUNT; i += 4) {
        struct loaded loaded;
        load(&loaded, &cases[i]);
        for (size_t bit = 0; bit < 8 * loaded.key.len; bit++) {
            uint8_t out[VECTOR_MAX];
            struct loaded other = loaded;
            expect_seals_and_opens(engine, &cases[i]);
            other.key.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            struct aead_operation open = operation_of(cases[i].kind, &other, &loaded.sealed, out);
            cr_expect_not(aead_open(engine, &open), "bit %zu", bit);
        }
    }
    aead_engine_free(engine);
}

Test(aead, works_in_place)
{
    struct aead_engine *engine = aead_engine_new();
    cr_assert_not_null(engine);
    for (size_t i = 0; i < CASE_COUNT; i++) {
        struct loaded loaded;
        load(&loaded, &cases[i]);
        struct vector place = loaded.plaintext;
        struct aead_operation seal = operation_of(cases[i].kind, &loaded, &place, place.data);
        cr_assert(aead_seal(engine, &seal));
        place.len += AEAD_TAG_LEN;
        expect_hex(place.data, place.len, cases[i].sealed, "sealed in place");
        struct aead_operation open = operation_of(cases[i].kind, &loaded, &place, place.data);
        cr_assert(aead_open(engine, &open));
        expect_hex(place.data, loaded.plaintext.len, cases[i].plaintext, "opened in place");
    }
    aead_engine_free(engine);
}

static void expect_refused(struct aead_engine *engine, enum aead_kind kind,
                           const struct loaded *forged)
{
    uint8_t out[VECTOR_MAX];
    memset(out, 0xee, sizeof(out));
    struct aead_operation open = operation_of(kind, forged, &forged->sealed, out);
    cr_expect_not(aead_open(engine, &open));
    cr_expect(all_zero(out, forged->sealed.len - AEAD_TAG_LEN), "plaintext shows");
    expect_no_libcrypto_error("a forgery");
}

/* Every bit of ciphertext, tag, additional data and nonce counts, and of a forgery no plaintext
 * shows. */
Test(aead, refuses_every_changed_bit_and_wipes_the_output)
{
    struct aead_engine *engine = aead_engine_new();
    cr_assert_not_null(engine);
    for (size_t i = 3; i < CASE_COUNT; i += 4) {
        struct loaded loaded;
        load(&loaded, &cases[i]);
        struct vector *parts[] = {&loaded.sealed, &loaded.aad, &loaded.nonce};
        for (size_t part = 0; part < 3; part++) {
            for (size_t bit = 0; bit < 8 * parts[part]->len; bit++) {
                parts[part]->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
                expect_refused(engine, cases[i].kind, &loaded);
                parts[part]->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
        }
        /* A refusal leaves the engine as it was. */
        expect_seals_and_opens(engine, &cases[i]);
    }
    aead_engine_free(engine);
}

Test(aead, refuses_what_is_shorter_than_a_tag)
{
    struct aead_engine *engine = aead_engine_new();
    cr_assert_not_null(engine);
    struct loaded loaded;
    load(&loaded, &cases[0]);
    for (size_t len = 0; len < AEAD_TAG_LEN; len++) {
        uint8_t out[1] = {0xee};
        loaded.sealed.len = len;
        struct aead_operation open = operation_of(cases[0].kind, &loaded, &loaded.sealed, out);
        cr_expect_not(aead_open(engine, &open), "%zu bytes", len);
        cr_expect_eq(out[0], 0xee);
    }
    aead_engine_free(engine);
}
