/* Ed25519: RFC 8032's vectors, what is refused, and certificates with such keys. */
#include "crypto/ed25519.h"
#include "crypto/private_key.h"
#include "rsa_support.h"

/* RFC 8032 section 7.1, tests 1 to 3. */
static const struct {
    const char *private_key;
    const char *public_key;
    const char *message;
    const char *signature;
} published[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

enum { PUBLISHED_COUNT = sizeof(published) / sizeof(published[0]) };

static EVP_PKEY *fresh_key(void)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    cr_assert_not_null(key);
    return key;
}

/* [rfc8422#5.10] "All EdDSA computations MUST be performed according to [RFC8032] or its
 * successors." */
Test(ed25519, signs_and_verifies_what_is_published)
{
    struct ed25519_verifier *verifier = ed25519_verifier_new();
    cr_assert_not_null(verifier);
    for (size_t i = 0; i < PUBLISHED_COUNT; i++) {
        struct vector scalar = vector_of(published[i].private_key);
        struct vector key = vector_of(published[i].public_key);
        struct vector message = vector_of(published[i].message);
        struct vector expected = vector_of(published[i].signature);
        uint8_t signature[ED25519_SIGNATURE_LEN];
        struct private_key ours = {
            EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, scalar.data, scalar.len)};
        struct ed25519_signer *signer = ed25519_signer_new(&ours);
        cr_assert_not_null(signer);
        for (int again = 0; again < 2; again++) {
            cr_assert(ed25519_sign(signer, vector_bytes(&message), signature));
            cr_expect_arr_eq(signature, expected.data, ED25519_SIGNATURE_LEN, "vector %zu", i);
            cr_expect(ed25519_verify(verifier, key.data, vector_bytes(&message),
                                     vector_bytes(&expected)));
        }
        ed25519_signer_free(signer);
        EVP_PKEY_free(ours.pkey);
    }
    ed25519_verifier_free(verifier);
    expect_no_libcrypto_error("published vectors");
}

/* The same signature to whoever computes modulo the order, but another one: s + L. RFC 8032 section
 * 5.1.7 asks for s below L. */
static void add_order(uint8_t s[32])
{
    const struct vector order =
        vector_of("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    unsigned carry = 0;
    for (size_t i = 0; i < order.len; i++) {
        carry += (unsigned)s[i] + order.data[i];
        s[i] = (uint8_t)carry;
        carry >>= 8;
    }
    cr_assert_eq(carry, 0);
}

Test(ed25519, refuses_everything_else)
{
    struct ed25519_verifier *verifier = ed25519_verifier_new();
    struct vector key = vector_of(published[2].public_key);
    struct vector message = vector_of(published[2].message);
    struct vector signature = vector_of(published[2].signature);
    cr_assert_not_null(verifier);
    for (size_t bit = 0; bit < 8 * signature.len; bit++) {
        signature.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_expect_not(
            ed25519_verify(verifier, key.data, vector_bytes(&message), vector_bytes(&signature)),
            "bit %zu of the signature", bit);
        signature.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * key.len; bit++) {
        key.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_expect_not(
            ed25519_verify(verifier, key.data, vector_bytes(&message), vector_bytes(&signature)),
            "bit %zu of the key", bit);
        key.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < signature.len; len++)
        cr_expect_not(ed25519_verify(verifier, key.data, vector_bytes(&message),
                                     bytes_of(signature.data, len)));
    cr_expect_not(
        ed25519_verify(verifier, key.data, bytes_of(message.data, 1), vector_bytes(&signature)));
    struct vector longer = signature;
    longer.data[longer.len++] = 0;
    cr_expect_not(
        ed25519_verify(verifier, key.data, vector_bytes(&message), vector_bytes(&longer)));
    struct vector other = signature;
    add_order(other.data + 32);
    cr_expect_not(ed25519_verify(verifier, key.data, vector_bytes(&message), vector_bytes(&other)));
    cr_expect(ed25519_verify(verifier, key.data, vector_bytes(&message), vector_bytes(&signature)));
    ed25519_verifier_free(verifier);
    expect_no_libcrypto_error("bad signatures");
}

Test(ed25519, a_certificate_and_its_key_are_read)
{
    EVP_PKEY *key = fresh_key();
    struct credential credential;
    struct public_key read;
    uint8_t raw[ED25519_KEY_LEN];
    size_t len = sizeof(raw);
    cr_assert_eq(credential_of(key, &credential), RDTLS_OK);
    cr_expect_eq(credential.kind, KEY_ED25519);
    cr_expect_eq(credential.signature_max, ED25519_SIGNATURE_LEN);
    cr_assert_eq(certificate_public_key(credential.chain[0], &read), RDTLS_OK);
    cr_expect_eq(read.kind, KEY_ED25519);
    cr_assert(EVP_PKEY_get_raw_public_key(key, raw, &len) == 1);
    cr_expect(bytes_are_equal(read.point, bytes_of(raw, len)));
    cr_expect_null(signer_new(credential.key), "no key of a NIST curve");
    cr_expect_null(rsa_signer_new(credential.key));
    credential_free(&credential);
    EVP_PKEY *other = EVP_EC_gen("P-256");
    const struct private_key not_one = {other};
    cr_expect_null(ed25519_signer_new(&not_one));
    EVP_PKEY_free(other);
    EVP_PKEY_free(key);
    expect_no_libcrypto_error("a certificate");
}

/* Where its SubjectPublicKeyInfo begins: SEQUENCE, SEQUENCE, the identifier, BIT STRING. */
static uint8_t *find_info(struct bytes der)
{
    static const uint8_t begin[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    for (size_t i = 0; i + sizeof(begin) <= der.len; i++)
        if (memcmp(der.data + i, begin, sizeof(begin)) == 0)
            return (uint8_t *)(uintptr_t)der.data + i;
    cr_assert_fail("no key of Ed25519");
    return NULL;
}

/* [rfc8410#3] "For all of the OIDs, the parameters MUST be absent." And what is another key. */
Test(ed25519, certificates_that_say_something_else_are_refused)
{
    static const struct {
        size_t at;
        uint8_t is;
        enum rdtls_status status;
    } changes[] = {
        {8, 0x71, RDTLS_ALERT_UNSUPPORTED_CERTIFICATE}, /* Ed448 */
        {8, 0x6e, RDTLS_ALERT_UNSUPPORTED_CERTIFICATE}, /* X25519 */
        {11, 1, RDTLS_ALERT_BAD_CERTIFICATE},           /* unused bits */
        {10, 0x20, RDTLS_ALERT_BAD_CERTIFICATE},        /* shorter than what is there */
        {5, 2, RDTLS_ALERT_UNSUPPORTED_CERTIFICATE},    /* the identifier's length */
    };
    EVP_PKEY *key = fresh_key();
    X509 *certificate = issue(key, 2);
    struct bytes der = der_of(certificate);
    uint8_t *info = find_info(der);
    struct public_key read;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        uint8_t was = info[changes[i].at];
        info[changes[i].at] = changes[i].is;
        cr_expect_eq(certificate_public_key(der, &read), changes[i].status, "change %zu", i);
        info[changes[i].at] = was;
    }
    /* NULL for parameters, at the cost of the key's first two bytes. */
    static const uint8_t with_null[] = {0x30, 0x07, 0x06, 0x03, 0x2b, 0x65,
                                        0x70, 0x05, 0x00, 0x03, 0x1f, 0x00};
    memcpy(info + 2, with_null, sizeof(with_null));
    cr_expect_eq(certificate_public_key(der, &read), RDTLS_ALERT_UNSUPPORTED_CERTIFICATE);
    /* A key that is too short. */
    static const uint8_t too_short[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65,
                                        0x70, 0x03, 0x81, 0x20, 0x00};
    memcpy(info + 2, too_short, sizeof(too_short));
    cr_expect_eq(certificate_public_key(der, &read), RDTLS_ALERT_BAD_CERTIFICATE);
    der_free(der);
    X509_free(certificate);
    EVP_PKEY_free(key);
}
