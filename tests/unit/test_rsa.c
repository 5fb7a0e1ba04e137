/* RSA signatures: ours and libcrypto's are each other's, and nothing else is one. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/lane_libcrypto.h"
#include "rsa_support.h"

struct scene {
    EVP_PKEY *key;
    struct credential credential;
    struct public_key public_key;
    struct rsa_signer *signer;
    struct rsa_verifier *verifier;
};

static struct scene scene_of(EVP_PKEY *key)
{
    struct scene scene = {.key = key};
    cr_assert_not_null(key);
    cr_assert_eq(credential_of(key, &scene.credential), RDTLS_OK);
    cr_assert_eq(certificate_public_key(scene.credential.chain[0], &scene.public_key), RDTLS_OK);
    cr_assert_eq(scene.public_key.kind, KEY_RSA);
    cr_assert_eq(scene.credential.kind, KEY_RSA);
    scene.signer = rsa_signer_new(scene.credential.key);
    scene.verifier = rsa_verifier_new();
    cr_assert(scene.signer != NULL && scene.verifier != NULL);
    cr_assert_eq(scene.credential.signature_max, rsa_signer_len(scene.signer));
    return scene;
}

static void scene_free(struct scene *scene)
{
    rsa_signer_free(scene->signer);
    rsa_verifier_free(scene->verifier);
    credential_free(&scene->credential);
    EVP_PKEY_free(scene->key);
    expect_no_libcrypto_error("RSA");
}

static bool verifies(const struct scene *scene, const struct scheme *scheme, struct bytes digest,
                     struct bytes signature)
{
    return rsa_verifier_verify(scene->verifier, &scene->public_key.rsa, scheme, digest, signature);
}

static void expect_both_ways(const struct scene *scene, const struct scheme *scheme)
{
    uint8_t bytes[DIGEST_LEN_MAX];
    uint8_t signature[RSA_LEN_MAX];
    crypto_random_fill(NULL, bytes, sizeof(bytes));
    struct bytes digest = bytes_of(bytes, digest_len(scheme->hash));
    size_t len = rsa_signer_len(scene->signer);
    cr_assert(rsa_signer_sign(scene->signer, scheme, digest, signature));
    cr_expect(libcrypto_verifies(scene->key, scheme, digest, bytes_of(signature, len)),
              "scheme %x of ours", scheme->code_point);
    cr_expect(verifies(scene, scheme, digest, bytes_of(signature, len)));
    cr_assert_eq(libcrypto_signs(rsa_context(scene->key, scheme, true), digest, signature), len);
    cr_expect(verifies(scene, scheme, digest, bytes_of(signature, len)), "scheme %x of libcrypto",
              scheme->code_point);
}

/* libcrypto makes moduli of an even number of bits alone, so this is put together from two primes
 * of different lengths. */
static EVP_PKEY *odd_rsa_key(unsigned bits)
{
    BN_CTX *scratch = BN_CTX_new();
    BIGNUM *p = BN_new(), *q = BN_new(), *n = BN_new(), *e = BN_new(), *d = BN_new();
    BIGNUM *p1 = BN_new(), *q1 = BN_new(), *phi = BN_new();
    cr_assert(BN_set_word(e, 65537) == 1);
    do {
        cr_assert(BN_generate_prime_ex(p, (int)bits / 2 + 1, 0, NULL, NULL, NULL) == 1);
        cr_assert(BN_generate_prime_ex(q, (int)bits / 2, 0, NULL, NULL, NULL) == 1);
        BN_mul(n, p, q, scratch);
        BN_sub(p1, p, BN_value_one());
        BN_sub(q1, q, BN_value_one());
        BN_mul(phi, p1, q1, scratch);
    } while (BN_num_bits(n) != (int)bits || BN_mod_inverse(d, e, phi, scratch) == NULL);
    RSA *rsa = RSA_new();
    EVP_PKEY *key = EVP_PKEY_new();
    BIGNUM *dp = BN_new(), *dq = BN_new(), *inverse = BN_new();
    BN_mod(dp, d, p1, scratch);
    BN_mod(dq, d, q1, scratch);
    BN_mod_inverse(inverse, q, p, scratch);
    cr_assert(RSA_set0_key(rsa, n, e, d) == 1 && RSA_set0_factors(rsa, p, q) == 1 &&
              RSA_set0_crt_params(rsa, dp, dq, inverse) == 1);
    cr_assert(EVP_PKEY_assign_RSA(key, rsa) == 1);
    BN_free(p1);
    BN_free(q1);
    BN_free(phi);
    BN_CTX_free(scratch);
    return key;
}

/* Moduli whose length is no multiple of eight bits lay a PSS frame out differently; 2049 bits puts
 * a zero byte before it. [rfc8017#8.1.1] "Note that the octet length of EM will be one less than k
 * if modBits - 1 is divisible by 8 and equal to k otherwise" */
Test(rsa, signatures_are_libcryptos_and_the_other_way_round, .timeout = 120)
{
    static const struct {
        unsigned bits;
        uint64_t exponent;
    } keys[] = {{2048, 65537}, {2048, 3},     {2049, 65537},
                {2050, 65537}, {2054, 65537}, {3072, 65537}};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct scene scene =
            scene_of(keys[i].bits % 2 != 0 ? odd_rsa_key(keys[i].bits)
                                           : rsa_key(keys[i].bits, keys[i].exponent));
        cr_expect_eq(EVP_PKEY_get_bits(scene.key), (int)keys[i].bits);
        cr_expect_eq(scene.public_key.rsa.exponent, keys[i].exponent);
        for (size_t round = 0; round < 4 * RSA_SCHEME_COUNT; round++)
            expect_both_ways(&scene, scheme_find(rsa_schemes[round % RSA_SCHEME_COUNT]));
        scene_free(&scene);
    }
}

Test(rsa, nothing_else_verifies, .timeout = 60)
{
    struct scene scene = scene_of(rsa_key(2048, 65537));
    uint8_t bytes[DIGEST_LEN_MAX] = {1, 2, 3};
    for (size_t i = 0; i < RSA_SCHEME_COUNT; i++) {
        const struct scheme *scheme = scheme_find(rsa_schemes[i]);
        struct bytes digest = bytes_of(bytes, digest_len(scheme->hash));
        uint8_t signature[RSA_LEN_MAX + 1] = {0};
        struct bytes whole = bytes_of(signature, RSA_LEN_MIN);
        cr_assert(rsa_signer_sign(scene.signer, scheme, digest, signature));
        for (size_t bit = 0; bit < 8 * RSA_LEN_MIN; bit += 7) {
            signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
            cr_expect_not(verifies(&scene, scheme, digest, whole), "bit %zu", bit);
            signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        /* Another digest, another scheme, another length, another exponent. */
        bytes[0] ^= 1;
        cr_expect_not(verifies(&scene, scheme, digest, whole));
        bytes[0] ^= 1;
        for (size_t other = 0; other < RSA_SCHEME_COUNT; other++) {
            const struct scheme *wrong = scheme_find(rsa_schemes[other]);
            cr_expect_eq(verifies(&scene, wrong, bytes_of(bytes, digest_len(wrong->hash)), whole),
                         other == i);
        }
        cr_expect_not(verifies(&scene, scheme, digest, bytes_of(signature, RSA_LEN_MIN - 1)));
        cr_expect_not(verifies(&scene, scheme, digest, bytes_of(signature, RSA_LEN_MIN + 1)));
        struct rsa_public changed = scene.public_key.rsa;
        changed.exponent = 3;
        cr_expect_not(rsa_verifier_verify(scene.verifier, &changed, scheme, digest, whole));
        cr_expect(verifies(&scene, scheme, digest, whole));
    }
    scene_free(&scene);
}

/* [rfc8017#5.2.2] "If the signature representative s is not between 0 and n - 1, output "signature
 * representative out of range" and stop." The same signature plus the modulus has the same power.
 */
Test(rsa, a_signature_from_the_modulus_on_is_none, .timeout = 60)
{
    struct scene scene = scene_of(rsa_key(2048, 65537));
    const struct scheme *scheme = scheme_find(0x0401);
    uint8_t digest[SHA256_LEN] = {7};
    uint8_t signature[RSA_LEN_MAX];
    bool wrapped = false;
    BIGNUM *modulus = BN_bin2bn(scene.public_key.rsa.modulus.data, RSA_LEN_MIN, NULL);
    for (uint8_t i = 0; i < 200 && !wrapped; i++) {
        digest[1] = i;
        cr_assert(rsa_signer_sign(scene.signer, scheme, bytes_of(digest, SHA256_LEN), signature));
        BIGNUM *number = BN_bin2bn(signature, RSA_LEN_MIN, NULL);
        cr_assert(BN_add(number, number, modulus) == 1);
        wrapped = BN_bn2binpad(number, signature, RSA_LEN_MIN) == RSA_LEN_MIN;
        BN_free(number);
    }
    ERR_clear_error();
    cr_assert(wrapped, "none of 200 is small enough");
    cr_expect_not(
        verifies(&scene, scheme, bytes_of(digest, SHA256_LEN), bytes_of(signature, RSA_LEN_MIN)));
    BN_free(modulus);
    scene_free(&scene);
}

/* A frame that is right but for its salt's length, which libcrypto would make if asked to.
 * [rfc8446#4.2.3] "The length of the Salt MUST be equal to the length of the output of the digest
 * algorithm." */
Test(rsa, a_salt_of_another_length_is_refused, .timeout = 60)
{
    struct scene scene = scene_of(rsa_key(2048, 65537));
    const struct scheme *scheme = scheme_find(0x0804);
    static const uint8_t bytes[SHA256_LEN] = {9};
    static const int lengths[] = {0, 20, 31, 33, 64};
    struct bytes digest = bytes_of(bytes, sizeof(bytes));
    uint8_t signature[RSA_LEN_MAX];
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        EVP_PKEY_CTX *context = rsa_context(scene.key, scheme, true);
        cr_assert(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, lengths[i]) == 1);
        cr_assert_eq(libcrypto_signs(context, digest, signature), RSA_LEN_MIN);
        cr_expect_not(verifies(&scene, scheme, digest, bytes_of(signature, RSA_LEN_MIN)),
                      "a salt of %d bytes", lengths[i]);
    }
    scene_free(&scene);
}

Test(rsa, what_cannot_be_framed_is_not_signed, .timeout = 60)
{
    struct scene scene = scene_of(rsa_key(2048, 65537));
    uint8_t bytes[DIGEST_LEN_MAX] = {0};
    uint8_t signature[RSA_LEN_MAX];
    for (size_t i = 0; i < RSA_SCHEME_COUNT; i++) {
        const struct scheme *scheme = scheme_find(rsa_schemes[i]);
        struct bytes short_one = bytes_of(bytes, digest_len(scheme->hash) - 1);
        cr_expect_not(rsa_signer_sign(scene.signer, scheme, short_one, signature));
        cr_expect_not(rsa_signer_sign(scene.signer, scheme_find(0x0403),
                                      bytes_of(bytes, SHA256_LEN), signature));
    }
    scene_free(&scene);
}

Test(rsa, only_sound_keys_of_a_peers_are_taken)
{
    uint8_t modulus[RSA_LEN_MAX + 1];
    memset(modulus, 0xff, sizeof(modulus));
    const struct {
        size_t len;
        uint8_t first;
        uint8_t last;
        uint32_t exponent;
        bool is_sound;
    } cases[] = {
        {256, 0x80, 1, 65537, true},      {512, 0xff, 0xff, 3, true},
        {257, 0x01, 1, 0xffffffff, true}, {256, 0x7f, 1, 65537, false},
        {255, 0xff, 1, 65537, false},     {513, 0x01, 1, 65537, false},
        {256, 0x80, 2, 65537, false},     {256, 0x80, 1, 1, false},
        {256, 0x80, 1, 0, false},         {256, 0x80, 1, 65536, false},
        {257, 0x00, 1, 65537, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        modulus[0] = cases[i].first;
        modulus[cases[i].len - 1] = cases[i].last;
        const struct rsa_public key = {bytes_of(modulus, cases[i].len), cases[i].exponent};
        cr_expect_eq(rsa_public_is_sound(&key), cases[i].is_sound, "case %zu", i);
        modulus[cases[i].len - 1] = 0xff;
    }
}

/* Certificates: sizes that are served, and what libcrypto reads in them. [rfc8446#4.2.3] "If the
 * public key is carried in an X.509 certificate, it MUST use the rsaEncryption OID [RFC5280]." */
Test(rsa, certificates_of_2048_to_4096_bits_are_read, .timeout = 300)
{
    static const struct {
        unsigned bits;
        enum rdtls_status expected;
    } sizes[] = {{1024, RDTLS_ALERT_UNSUPPORTED_CERTIFICATE},
                 {2046, RDTLS_ALERT_UNSUPPORTED_CERTIFICATE},
                 {2048, RDTLS_OK},
                 {4096, RDTLS_OK},
                 {4098, RDTLS_ALERT_UNSUPPORTED_CERTIFICATE}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        EVP_PKEY *key = rsa_key(sizes[i].bits, 65537);
        X509 *certificate = issue(key, 2);
        struct bytes der = der_of(certificate);
        struct public_key read;
        enum rdtls_status status = certificate_public_key(der, &read);
        cr_expect_eq(status, sizes[i].expected, "%u bits: %d", sizes[i].bits, status);
        if (status == RDTLS_OK) {
            BIGNUM *modulus = NULL;
            uint8_t expected[RSA_LEN_MAX];
            cr_assert(EVP_PKEY_get_bn_param(key, "n", &modulus) == 1);
            cr_assert_eq(BN_num_bytes(modulus), (int)read.rsa.modulus.len);
            BN_bn2bin(modulus, expected);
            cr_expect_arr_eq(read.rsa.modulus.data, expected, read.rsa.modulus.len);
            BN_free(modulus);
        }
        der_free(der);
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
}

/* Every bit of the certificate flipped and every beginning of it: nothing is read beyond it (the
 * address sanitizer sees to that), and a key that is taken is sound. */
Test(rsa, a_changed_certificate_is_refused_or_sound, .timeout = 120)
{
    EVP_PKEY *key = rsa_key(2048, 65537);
    X509 *certificate = issue(key, 2);
    struct bytes der = der_of(certificate);
    uint8_t *bytes = (uint8_t *)(uintptr_t)der.data;
    struct public_key read;
    for (size_t bit = 0; bit < 8 * der.len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (certificate_public_key(der, &read) == RDTLS_OK)
            cr_assert(read.kind == KEY_RSA && rsa_public_is_sound(&read.rsa));
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < der.len; len++) {
        uint8_t *cut = malloc(len);
        cr_assert(cut != NULL || len == 0);
        bytes_copy(cut, bytes_of(der.data, len));
        cr_expect_eq(certificate_public_key(bytes_of(cut, len), &read),
                     RDTLS_ALERT_BAD_CERTIFICATE);
        free(cut);
    }
    der_free(der);
    X509_free(certificate);
    EVP_PKEY_free(key);
}
