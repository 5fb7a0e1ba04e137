/* P-384: key exchange, signatures and certificates, against libcrypto's usual way. */
#include "crypto/key_exchange.h"
#include "crypto/lane_libcrypto.h"
#include "rsa_support.h"

static struct bytes sign_by_evp(EVP_PKEY *key, struct bytes digest, uint8_t *signature)
{
    size_t len = ECDSA_P384_SIGNATURE_MAX;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    cr_assert(EVP_PKEY_sign_init(context) == 1);
    cr_assert(EVP_PKEY_sign(context, signature, &len, digest.data, digest.len) == 1);
    EVP_PKEY_CTX_free(context);
    return bytes_of(signature, len);
}

static bool evp_verifies(EVP_PKEY *key, struct bytes digest, struct bytes signature)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    cr_assert(EVP_PKEY_verify_init(context) == 1);
    bool ok = EVP_PKEY_verify(context, signature.data, signature.len, digest.data, digest.len) == 1;
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return ok;
}

Test(p384, signatures_are_libcryptos_and_the_other_way_round)
{
    EVP_PKEY *key = EVP_EC_gen("P-384");
    struct credential credential;
    struct public_key public_key;
    cr_assert_eq(credential_of(key, &credential), RDTLS_OK);
    cr_assert_eq(certificate_public_key(credential.chain[0], &public_key), RDTLS_OK);
    cr_assert_eq(public_key.kind, KEY_P384);
    cr_assert_eq(public_key.point.len, P384_POINT_LEN);
    cr_expect_eq(credential.kind, KEY_P384);
    cr_expect_eq(credential.signature_max, ECDSA_P384_SIGNATURE_MAX);
    struct signer *signer = signer_new(credential.key);
    struct verifier *verifier = verifier_new();
    uint8_t scalar[P256_SCALAR_LEN];
    cr_assert(signer != NULL && verifier != NULL);
    cr_expect_eq(signer_signature_max(signer), ECDSA_P384_SIGNATURE_MAX);
    cr_expect_not(signer_scalar(signer, scalar), "no P-256 key");
    for (size_t i = 0; i < 20; i++) {
        uint8_t bytes[DIGEST_LEN_MAX];
        uint8_t signature[ECDSA_P384_SIGNATURE_MAX];
        size_t len;
        crypto_random_fill(NULL, bytes, sizeof(bytes));
        struct bytes digest = bytes_of(bytes, i % 2 == 0 ? SHA256_LEN : SHA384_LEN);
        cr_assert(signer_sign(signer, digest, signature, &len));
        cr_expect(evp_verifies(key, digest, bytes_of(signature, len)));
        cr_expect(ecdsa_p384_is_signature(bytes_of(signature, len)));
        struct bytes theirs = sign_by_evp(key, digest, signature);
        cr_expect(verifier_verify_p384(verifier, public_key.point.data, digest, theirs));
        for (size_t at = 0; at < theirs.len; at += 3) {
            signature[at] ^= 1;
            cr_expect_not(verifier_verify_p384(verifier, public_key.point.data, digest, theirs));
            signature[at] ^= 1;
        }
        bytes[5] ^= 1;
        cr_expect_not(verifier_verify_p384(verifier, public_key.point.data, digest, theirs));
    }
    signer_free(signer);
    verifier_free(verifier);
    credential_free(&credential);
    EVP_PKEY_free(key);
    expect_no_libcrypto_error("P-384");
}

/* A verifier has a key of each curve, and a point of the one is none of the other. */
Test(p384, points_are_of_their_curve)
{
    struct verifier *verifier = verifier_new();
    uint8_t point[P384_POINT_LEN] = {4};
    uint8_t digest[SHA384_LEN] = {1};
    static const uint8_t signature[] = {0x30, 6, 2, 1, 1, 2, 1, 1};
    cr_assert_not_null(verifier);
    cr_expect_not(verifier_verify_p384(verifier, point, bytes_of(digest, sizeof(digest)),
                                       bytes_of(signature, sizeof(signature))));
    point[0] = 6;
    cr_expect_not(verifier_verify_p384(verifier, point, bytes_of(digest, sizeof(digest)),
                                       bytes_of(signature, sizeof(signature))));
    verifier_free(verifier);
    expect_no_libcrypto_error("points off the curve");
}

/* The form of what a host's signer answers. */
Test(p384, signatures_have_a_form)
{
    static const struct {
        const char *der;
        bool is_one;
    } cases[] = {
        {"3006 020101 020101", true},    {"3006 020100 020101", false},
        {"3006 020101 020100", false},   {"3006 0201ff 020101", false},
        {"3007 02020001 020101", false}, {"3006 020101 02010100", false},
        {"3003 020101", false},          {"", false},
        {"308106 020101 020101", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vector der = vector_of(cases[i].der);
        cr_expect_eq(ecdsa_p384_is_signature(vector_bytes(&der)), cases[i].is_one, "%s",
                     cases[i].der);
    }
    /* The order itself, for s. */
    struct vector order =
        vector_of("3036 020101 0231 00 ffffffffffffffffffffffffffffffffffffffffffffffff"
                  "c7634d81f4372ddf581a0db248b0a77aecec196accc52973");
    cr_expect_not(ecdsa_p384_is_signature(vector_bytes(&order)));
    order.data[order.len - 1]--;
    cr_expect(ecdsa_p384_is_signature(vector_bytes(&order)));
    expect_no_libcrypto_error("forms");
}

/* [rfc8422#5.11] "A receiving party MUST check that the x and y parameters from the peer's public
 * value satisfy the curve equation" */
Test(p384, key_exchange_refuses_what_is_no_point)
{
    struct key_exchange_engine *engine = key_exchange_engine_new();
    struct key_pair ours;
    struct key_pair theirs;
    uint8_t shared[KEY_EXCHANGE_SHARED_MAX];
    cr_assert_not_null(engine);
    cr_assert(key_pair_generate(engine, KEY_EXCHANGE_P384, &ours));
    cr_assert(key_pair_generate(engine, KEY_EXCHANGE_P384, &theirs));
    for (size_t at = 0; at < P384_POINT_LEN; at++) {
        theirs.public_key[at] ^= 2;
        cr_expect_not(key_exchange_derive(engine, &ours, theirs.public_key, shared));
        cr_expect(all_zero(shared, sizeof(shared)));
        theirs.public_key[at] ^= 2;
    }
    cr_expect(key_exchange_derive(engine, &ours, theirs.public_key, shared));
    key_exchange_engine_free(engine);
    expect_no_libcrypto_error("points off the curve");
}

/* The shared secret is the x-coordinate, in full length: what libcrypto derives by its usual way.
 */
Test(p384, key_exchange_is_libcryptos)
{
    struct key_exchange_engine *engine = key_exchange_engine_new();
    cr_assert_not_null(engine);
    for (int i = 0; i < 20; i++) {
        struct key_pair ours;
        EVP_PKEY *theirs = EVP_EC_gen("P-384");
        EVP_PKEY *peer = EVP_PKEY_new();
        uint8_t at_us[KEY_EXCHANGE_SHARED_MAX];
        uint8_t at_them[KEY_EXCHANGE_SHARED_MAX];
        uint8_t point[P384_POINT_LEN];
        size_t len = sizeof(at_them);
        cr_assert(key_pair_generate(engine, KEY_EXCHANGE_P384, &ours));
        cr_assert_eq(encoded_point(theirs, point, sizeof(point)), P384_POINT_LEN);
        cr_assert(key_exchange_derive(engine, &ours, point, at_us));
        cr_assert(EVP_PKEY_copy_parameters(peer, theirs) == 1);
        cr_assert(EVP_PKEY_set1_encoded_public_key(peer, ours.public_key, P384_POINT_LEN) == 1);
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, theirs, NULL);
        cr_assert(EVP_PKEY_derive_init(context) == 1);
        cr_assert(EVP_PKEY_derive_set_peer(context, peer) == 1);
        cr_assert(EVP_PKEY_derive(context, at_them, &len) == 1);
        cr_assert_eq(len, key_exchange_shared_len(KEY_EXCHANGE_P384));
        cr_expect_arr_eq(at_us, at_them, len);
        EVP_PKEY_CTX_free(context);
        EVP_PKEY_free(peer);
        EVP_PKEY_free(theirs);
    }
    key_exchange_engine_free(engine);
}
