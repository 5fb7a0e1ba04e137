#include "crypto/signature.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "certificate_support.h"
#include "crypto/certificate.h"

/* RFC 6979 appendix A.2.5: the public key. */
#define RFC_6979_POINT                                                    \
    "04 60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" \
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define P256_ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

struct ecdsa_case {
    enum digest_kind hash;
    const char *message;
    const char *r;
    const char *s;
};

/* RFC 6979 appendix A.2.5. */
static const struct ecdsa_case cases[] = {
    {DIGEST_SHA256, "sample", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    {DIGEST_SHA384, "sample", "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719",
     "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954"},
    {DIGEST_SHA256, "test", "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
     "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
    {DIGEST_SHA384, "test", "83910e8b48bb0c74244ebdf7f07a1c5413d61472bd941ef3920e623fbccebeb6",
     "8ddbec54cf8cd5874883841d712142a56a8d0f218f5003cb0296b6b509619f2c"},
};

enum { CASE_COUNT = sizeof(cases) / sizeof(cases[0]) };

/* An INTEGER in DER; leading zeros of hex are dropped. */
static void append_integer(struct vector *out, const char *hex)
{
    struct vector value = vector_of(hex);
    size_t skip = 0;
    while (skip + 1 < value.len && value.data[skip] == 0)
        skip++;
    size_t pad = value.data[skip] & 0x80 ? 1 : 0;
    out->data[out->len++] = 0x02;
    out->data[out->len++] = (uint8_t)(value.len - skip + pad);
    if (pad == 1)
        out->data[out->len++] = 0;
    memcpy(out->data + out->len, value.data + skip, value.len - skip);
    out->len += value.len - skip;
}

static struct vector der_signature(const char *r, const char *s)
{
    struct vector der = {.data = {0x30, 0}, .len = 2};
    append_integer(&der, r);
    append_integer(&der, s);
    der.data[1] = (uint8_t)(der.len - 2);
    return der;
}

struct signed_digest {
    uint8_t point[P256_POINT_LEN];
    uint8_t digest[DIGEST_LEN_MAX];
    size_t digest_len;
    struct vector signature;
};

static struct signed_digest signed_digest_of(const struct ecdsa_case *row)
{
    struct signed_digest it = {.digest_len = digest_len(row->hash)};
    struct vector point = vector_of(RFC_6979_POINT);
    memcpy(it.point, point.data, sizeof(it.point));
    digest_of(row->hash, bytes_of(row->message, strlen(row->message)), it.digest);
    it.signature = der_signature(row->r, row->s);
    return it;
}

static bool verifies(struct verifier *verifier, const struct signed_digest *it)
{
    bool ok = verifier_verify(verifier, it->point, bytes_of(it->digest, it->digest_len),
                              vector_bytes(&it->signature));
    expect_no_libcrypto_error("a verification");
    return ok;
}

Test(signature, verifies_the_vectors_of_rfc_6979)
{
    struct verifier *verifier = verifier_new();
    cr_assert_not_null(verifier);
    for (size_t i = 0; i < CASE_COUNT; i++) {
        struct signed_digest good = signed_digest_of(&cases[i]);
        cr_expect(verifies(verifier, &good), "row %zu", i);
        struct signed_digest other = signed_digest_of(&cases[(i + 1) % CASE_COUNT]);
        other.signature = good.signature;
        cr_expect_not(verifies(verifier, &other), "row %zu under another digest", i);
    }
    verifier_free(verifier);
}

Test(signature, every_changed_bit_is_refused)
{
    struct verifier *verifier = verifier_new();
    cr_assert_not_null(verifier);
    struct signed_digest good = signed_digest_of(&cases[0]);
    for (size_t bit = 0; bit < 8 * good.signature.len; bit++) {
        struct signed_digest bad = good;
        bad.signature.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_expect_not(verifies(verifier, &bad), "bit %zu of the signature", bit);
    }
    for (size_t bit = 0; bit < 8 * good.digest_len; bit++) {
        struct signed_digest bad = good;
        bad.digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_expect_not(verifies(verifier, &bad), "bit %zu of the digest", bit);
    }
    for (size_t bit = 0; bit < 8 * P256_POINT_LEN; bit++) {
        struct signed_digest bad = good;
        bad.point[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_expect_not(verifies(verifier, &bad), "bit %zu of the point", bit);
    }
    cr_expect(verifies(verifier, &good));
    verifier_free(verifier);
}

/* ECDSA of a digest longer than the order takes its leftmost bits (FIPS 186-4 section 6.4): the
 * rest does not count. */
Test(signature, a_long_digest_counts_by_its_first_32_bytes)
{
    struct verifier *verifier = verifier_new();
    cr_assert_not_null(verifier);
    struct signed_digest it = signed_digest_of(&cases[1]);
    it.digest[SHA384_LEN - 1] ^= 1;
    cr_expect(verifies(verifier, &it));
    it.digest[31] ^= 1;
    cr_expect_not(verifies(verifier, &it));
    verifier_free(verifier);
}

static void expect_form_refused(struct verifier *verifier, const struct vector *signature,
                                const char *what)
{
    struct signed_digest it = signed_digest_of(&cases[2]);
    it.signature = *signature;
    cr_expect_not(verifies(verifier, &it), "%s", what);
}

/* Signatures that mean the right numbers and are not DER. */
Test(signature, only_der_is_accepted)
{
    struct verifier *verifier = verifier_new();
    cr_assert_not_null(verifier);
    struct vector good = der_signature(cases[2].r, cases[2].s);
    size_t s_at = 2 + 2 + 33; /* r has its highest bit set, and so 33 bytes */
    cr_assert_eq(good.data[s_at], 0x02);
    cr_assert_eq(good.len, s_at + 2 + 32);

    struct vector trailing = good;
    trailing.data[trailing.len++] = 0;
    expect_form_refused(verifier, &trailing, "a byte behind it");

    struct vector inside = trailing;
    inside.data[1]++;
    expect_form_refused(verifier, &inside, "a byte behind s");

    struct vector padded = good;
    memmove(padded.data + s_at + 3, padded.data + s_at + 2, 32);
    padded.data[s_at + 1]++;
    padded.data[s_at + 2] = 0;
    padded.data[1]++;
    padded.len++;
    expect_form_refused(verifier, &padded, "s with a zero before it");

    struct vector long_form = good;
    memmove(long_form.data + 2, long_form.data + 1, long_form.len - 1);
    long_form.data[1] = 0x81;
    long_form.len++;
    expect_form_refused(verifier, &long_form, "a length in two bytes");

    struct vector indefinite = good;
    indefinite.data[1] = 0x80;
    indefinite.data[indefinite.len++] = 0;
    indefinite.data[indefinite.len++] = 0;
    expect_form_refused(verifier, &indefinite, "an indefinite length");

    for (size_t len = 0; len < good.len; len++) {
        struct vector cut = good;
        cut.len = len;
        expect_form_refused(verifier, &cut, "cut off");
    }
    verifier_free(verifier);
}

/* FIPS 186-4 section 6.4: r and s lie in [1, n - 1]. */
Test(signature, numbers_out_of_range_are_refused)
{
    struct verifier *verifier = verifier_new();
    cr_assert_not_null(verifier);
    static const char *const out_of_range[] = {"00", P256_ORDER};
    for (size_t i = 0; i < 2; i++) {
        struct vector bad_r = der_signature(out_of_range[i], cases[2].s);
        struct vector bad_s = der_signature(cases[2].r, out_of_range[i]);
        struct vector bad_both = der_signature(out_of_range[i], out_of_range[i]);
        expect_form_refused(verifier, &bad_r, "r");
        expect_form_refused(verifier, &bad_s, "s");
        expect_form_refused(verifier, &bad_both, "r and s");
    }
    verifier_free(verifier);
}

Test(signature, no_point_verifies_nothing)
{
    struct verifier *verifier = verifier_new();
    cr_assert_not_null(verifier);
    struct signed_digest good = signed_digest_of(&cases[0]);
    for (unsigned form = 0; form <= UINT8_MAX; form++) {
        struct signed_digest bad = good;
        bad.point[0] = (uint8_t)form;
        cr_expect_eq(verifies(verifier, &bad), form == 4, "form %u", form);
    }
    struct signed_digest zero = good;
    memset(zero.point + 1, 0, P256_POINT_LEN - 1);
    cr_expect_not(verifies(verifier, &zero));
    /* A refused point leaves the verifier with none that an earlier peer had. */
    cr_expect(verifies(verifier, &good));
    verifier_free(verifier);
}

Test(signature, what_is_signed_verifies_and_with_no_other_key)
{
    struct credential credentials[2];
    struct signer *signers[2];
    uint8_t points[2][P256_POINT_LEN];
    struct verifier *verifier = verifier_new();
    cr_assert_not_null(verifier);
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(credential_self_signed(&credentials[i]), RDTLS_OK);
        signers[i] = signer_new(credentials[i].key);
        cr_assert_not_null(signers[i]);
        cr_assert_eq(point_in(credentials[i].chain[0], points[i]), RDTLS_OK);
    }
    for (size_t i = 0; i < 200; i++) {
        uint8_t digest[DIGEST_LEN_MAX];
        struct bytes view = bytes_of(digest, i % 4 < 2 ? SHA256_LEN : SHA384_LEN);
        uint8_t signature[ECDSA_P256_SIGNATURE_MAX];
        size_t len = 0;
        crypto_random_fill(NULL, digest, sizeof(digest));
        cr_assert(signer_sign(signers[i % 2], view, signature, &len));
        cr_assert_leq(len, ECDSA_P256_SIGNATURE_MAX);
        cr_expect(verifier_verify(verifier, points[i % 2], view, bytes_of(signature, len)));
        cr_expect_not(
            verifier_verify(verifier, points[(i + 1) % 2], view, bytes_of(signature, len)));
    }
    for (size_t i = 0; i < 2; i++) {
        signer_free(signers[i]);
        credential_free(&credentials[i]);
    }
    verifier_free(verifier);
}

/* The two ways of libcrypto agree: a signature of ours under EVP_DigestVerify and the certificate.
 */
Test(signature, libcrypto_verifies_ours_from_the_certificate)
{
    struct credential credential;
    cr_assert_eq(credential_self_signed(&credential), RDTLS_OK);
    struct signer *signer = signer_new(credential.key);
    cr_assert_not_null(signer);
    uint8_t digest[DIGEST_LEN_MAX];
    uint8_t signature[ECDSA_P256_SIGNATURE_MAX];
    size_t len = 0;
    digest_of(DIGEST_SHA256, bytes_of("sample", 6), digest);
    cr_assert(signer_sign(signer, bytes_of(digest, SHA256_LEN), signature, &len));

    const unsigned char *der = credential.chain[0].data;
    X509 *certificate = d2i_X509(NULL, &der, (long)credential.chain[0].len);
    cr_assert_not_null(certificate);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    cr_assert(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL,
                                   X509_get0_pubkey(certificate)) == 1);
    cr_expect(EVP_DigestVerify(context, signature, len, (const uint8_t *)"sample", 6) == 1);
    EVP_MD_CTX_free(context);
    X509_free(certificate);
    signer_free(signer);
    credential_free(&credential);
}

/* The key may go before its signer: a signer has its own copy. */
Test(signature, a_signer_outlives_its_credential)
{
    struct credential credential;
    uint8_t point[P256_POINT_LEN];
    cr_assert_eq(credential_self_signed(&credential), RDTLS_OK);
    cr_assert_eq(point_in(credential.chain[0], point), RDTLS_OK);
    struct signer *signer = signer_new(credential.key);
    struct verifier *verifier = verifier_new();
    cr_assert(signer != NULL && verifier != NULL);
    credential_free(&credential);

    uint8_t digest[SHA256_LEN] = {1, 2, 3};
    uint8_t signature[ECDSA_P256_SIGNATURE_MAX];
    size_t len = 0;
    cr_assert(signer_sign(signer, bytes_of(digest, sizeof(digest)), signature, &len));
    cr_expect(verifier_verify(verifier, point, bytes_of(digest, sizeof(digest)),
                              bytes_of(signature, len)));
    signer_free(signer);
    verifier_free(verifier);
}
