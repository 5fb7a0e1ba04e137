#include "crypto/certificate.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/ed25519.h"
#include "crypto/pem.h"
#include "crypto/private_key.h"

enum {
    SELF_SIGNED_VERSION = 2, /* v3 is written as 2 */
    SERIAL_BITS = 127,       /* positive, and within the 20 octets of RFC 5280 section 4.1.2.2 */
    SECONDS_PER_DAY = 86400,
    SELF_SIGNED_DAYS = 30,
};

static size_t signature_max_of(const struct public_key *key)
{
    switch (key->kind) {
    case KEY_P256:
        return ECDSA_P256_SIGNATURE_MAX;
    case KEY_P384:
        return ECDSA_P384_SIGNATURE_MAX;
    case KEY_ED25519:
        return ED25519_SIGNATURE_LEN;
    case KEY_RSA:
        return key->rsa.modulus.len;
    case KEY_KIND_COUNT:
        break;
    }
    return 0;
}

/* What a peer has to read in it, we read in the same way. */
static enum rdtls_status look_at_leaf(struct credential *credential)
{
    uint8_t hash[DIGEST_LEN_MAX];
    struct public_key key;
    if (certificate_public_key(credential->chain[0], &key) != RDTLS_OK)
        return RDTLS_BAD_CERTIFICATE_PEM;
    credential->kind = key.kind;
    credential->signature_max = signature_max_of(&key);
    digest_of(DIGEST_SHA256, credential->chain[0], hash);
    memcpy(credential->fingerprint, hash, SHA256_LEN);
    return credential_read_names(credential);
}

static enum rdtls_status keep_certificate(struct credential *credential, X509 *certificate)
{
    if (credential->chain_count == CERTIFICATE_CHAIN_MAX)
        return RDTLS_BAD_CERTIFICATE_PEM;
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    if (len <= 0)
        return RDTLS_NO_MEMORY;
    credential->chain[credential->chain_count++] = bytes_of(der, (size_t)len);
    return RDTLS_OK;
}

/* [rfc5246#7.4.2] "the digitalSignature bit MUST be set if the key usage extension is present"
 * "ECDSA-capable public key; the certificate MUST allow the key to be used for signing with the
 * hash algorithm that will be employed in the server key exchange message." [rfc5246#7.4.6] "RSA
 * public key; the certificate MUST allow the key to be used for signing with the signature scheme
 * and hash algorithm that will be employed in the certificate verify message." "ECDSA-capable
 * public key; the certificate MUST allow the key to be used for signing with the hash algorithm
 * that will be employed in the certificate verify message; the public key MUST use a curve and
 * point format supported by the server.": it names the scheme that goes with the curve. Without the
 * extension libcrypto says that every use is allowed. [rfc5246#7.4.2 !] "The certificate type MUST
 * be X.509v3, unless explicitly negotiated otherwise": one of version 1, which is what openssl x509
 * makes where nobody gives it extensions, is taken. [rfc8446#4.4.2.2] "the digitalSignature bit
 * MUST be set if the Key Usage extension is present" */
static bool is_fit_to_sign(X509 *leaf)
{
    return (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) != 0;
}

/* [rfc5246#7.4.2] "The sender's certificate MUST come first in the list. Each following certificate
 * MUST directly certify the one preceding it.": by its names, key identifiers and uses. */
static bool may_follow(X509 *previous, X509 *certificate)
{
    return previous == NULL ? is_fit_to_sign(certificate)
                            : X509_check_issued(certificate, previous) == X509_V_OK;
}

/* All certificates of the text, leaf first. */
static enum rdtls_status read_chain(struct credential *credential, BIO *bio)
{
    enum rdtls_status status = RDTLS_OK;
    X509 *previous = NULL;
    while (status == RDTLS_OK) {
        X509 *certificate = pem_next_certificate(bio);
        if (certificate == NULL)
            break;
        status = may_follow(previous, certificate) ? keep_certificate(credential, certificate)
                                                   : RDTLS_BAD_CERTIFICATE_PEM;
        X509_free(previous);
        previous = certificate;
    }
    X509_free(previous);
    TRY(status);
    if (credential->chain_count == 0 || !pem_is_at_end())
        return RDTLS_BAD_CERTIFICATE_PEM;
    return look_at_leaf(credential);
}

static bool is_on_served_curve(EVP_PKEY *pkey)
{
    char group[sizeof("prime256v1")];
    size_t len;
    if (!EVP_PKEY_is_a(pkey, "EC") ||
        EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) != 1)
        return false;
    int curve = OBJ_sn2nid(group);
    return curve == NID_X9_62_prime256v1 || curve == NID_secp384r1;
}

static bool is_ed25519_key(EVP_PKEY *pkey)
{
    return EVP_PKEY_is_a(pkey, "ED25519") == 1;
}

static bool is_rsa_key(EVP_PKEY *pkey)
{
    int bits = EVP_PKEY_get_bits(pkey);
    return EVP_PKEY_is_a(pkey, "RSA") && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
}

/* Are its halves one pair? A key file can claim a public half that is not its own, and every
 * signature would be wrong. */
static bool is_sound_key(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool ok = context != NULL && EVP_PKEY_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return ok;
}

/* Takes pkey, also when it fails. */
static enum rdtls_status keep_key(struct credential *credential, EVP_PKEY *pkey)
{
    struct private_key *key = crypto_allocate(sizeof(*key));
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return RDTLS_NO_MEMORY;
    }
    key->pkey = pkey;
    credential->key = key;
    return RDTLS_OK;
}

static enum rdtls_status read_key(struct credential *credential, BIO *bio)
{
    EVP_PKEY *pkey = pem_next_private_key(bio);
    if (pkey == NULL)
        return RDTLS_BAD_PRIVATE_KEY_PEM;
    TRY(keep_key(credential, pkey));
    return (is_on_served_curve(pkey) || is_rsa_key(pkey) || is_ed25519_key(pkey)) &&
                   is_sound_key(pkey)
               ? RDTLS_OK
               : RDTLS_BAD_PRIVATE_KEY_PEM;
}

static enum rdtls_status check_match(const struct credential *credential)
{
    const unsigned char *der = credential->chain[0].data;
    X509 *leaf = d2i_X509(NULL, &der, (long)credential->chain[0].len);
    if (leaf == NULL)
        return RDTLS_NO_MEMORY;
    bool is_match = X509_check_private_key(leaf, credential->key->pkey) == 1;
    X509_free(leaf);
    return is_match ? RDTLS_OK : RDTLS_KEY_MISMATCH;
}

static enum rdtls_status read_both(struct credential *credential, BIO *certificate_bio,
                                   BIO *private_key_bio)
{
    if (certificate_bio == NULL || private_key_bio == NULL)
        return RDTLS_NO_MEMORY;
    TRY(read_chain(credential, certificate_bio));
    TRY(read_key(credential, private_key_bio));
    return check_match(credential);
}

enum rdtls_status credential_from_pem(struct credential *credential, struct bytes certificate_pem,
                                      struct bytes private_key_pem)
{
    memset(credential, 0, sizeof(*credential));
    if (certificate_pem.len == 0 || certificate_pem.len > INT_MAX)
        return RDTLS_BAD_CERTIFICATE_PEM;
    if (private_key_pem.len == 0 || private_key_pem.len > INT_MAX)
        return RDTLS_BAD_PRIVATE_KEY_PEM;
    (void)ERR_set_mark();
    BIO *certificate_bio = pem_open(certificate_pem);
    BIO *private_key_bio = pem_open(private_key_pem);
    enum rdtls_status status = read_both(credential, certificate_bio, private_key_bio);
    BIO_free(certificate_bio);
    BIO_free(private_key_bio);
    (void)ERR_pop_to_mark();
    if (status != RDTLS_OK)
        credential_free(credential);
    return status;
}

enum rdtls_status credential_from_chain_pem(struct credential *credential,
                                            struct bytes certificate_pem)
{
    memset(credential, 0, sizeof(*credential));
    if (certificate_pem.len == 0 || certificate_pem.len > INT_MAX)
        return RDTLS_BAD_CERTIFICATE_PEM;
    (void)ERR_set_mark();
    BIO *bio = pem_open(certificate_pem);
    enum rdtls_status status = bio == NULL ? RDTLS_NO_MEMORY : read_chain(credential, bio);
    BIO_free(bio);
    (void)ERR_pop_to_mark();
    if (status != RDTLS_OK)
        credential_free(credential);
    return status;
}

static bool set_random_serial(X509 *certificate)
{
    BIGNUM *serial = BN_new();
    bool ok = serial != NULL &&
              BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL;
    BN_free(serial);
    return ok;
}

static bool set_names(X509 *certificate)
{
    static const unsigned char common_name[] = "ringdtls";
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1;
}

/* From a day ago, since the clocks of two ends differ. */
static bool set_validity(X509 *certificate)
{
    const long begin = -(long)SECONDS_PER_DAY;
    const long end = begin + (long)SELF_SIGNED_DAYS * SECONDS_PER_DAY;
    return X509_gmtime_adj(X509_getm_notBefore(certificate), begin) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), end) != NULL;
}

static enum rdtls_status issue_to_self(struct credential *credential)
{
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    if (pkey == NULL)
        return RDTLS_NO_MEMORY;
    TRY(keep_key(credential, pkey));
    X509 *certificate = X509_new();
    if (certificate == NULL)
        return RDTLS_NO_MEMORY;
    bool is_signed = X509_set_version(certificate, SELF_SIGNED_VERSION) == 1 &&
                     set_random_serial(certificate) && set_names(certificate) &&
                     set_validity(certificate) && X509_set_pubkey(certificate, pkey) == 1 &&
                     X509_sign(certificate, pkey, EVP_sha256()) > 0;
    enum rdtls_status status =
        is_signed ? keep_certificate(credential, certificate) : RDTLS_NO_MEMORY;
    X509_free(certificate);
    TRY(status);
    return look_at_leaf(credential);
}

enum rdtls_status credential_self_signed(struct credential *credential)
{
    memset(credential, 0, sizeof(*credential));
    (void)ERR_set_mark();
    enum rdtls_status status = issue_to_self(credential);
    (void)ERR_pop_to_mark();
    if (status != RDTLS_OK)
        credential_free(credential);
    return status;
}

void credential_free(struct credential *credential)
{
    if (credential->key != NULL) {
        EVP_PKEY_free(credential->key->pkey);
        crypto_release(credential->key, sizeof(*credential->key));
    }
    for (size_t i = 0; i < credential->chain_count; i++)
        OPENSSL_free((void *)(uintptr_t)credential->chain[i].data);
    OPENSSL_free((void *)(uintptr_t)credential->names.data);
    memset(credential, 0, sizeof(*credential));
}
