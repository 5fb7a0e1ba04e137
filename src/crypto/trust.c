#include "crypto/trust.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/reader.h"
#include "crypto/certificate.h"
#include "crypto/pem.h"

enum {
    SECURITY_LEVEL = 2, /* 112 bits: RSA from 2048 on, and no signature with SHA-1 */
    PEM_SKIPS_MAX = 64, /* certificates in one text */
};

struct trust {
    X509_STORE *store;
};

static bool add_all(X509_STORE *store, BIO *bio)
{
    int count = 0;
    bool ok = true;
    X509 *certificate = pem_next_certificate(bio);
    while (ok && certificate != NULL) {
        ok = count++ < PEM_SKIPS_MAX && X509_STORE_add_cert(store, certificate) == 1;
        X509_free(certificate);
        certificate = ok ? pem_next_certificate(bio) : NULL;
    }
    return ok && count > 0 && pem_is_at_end();
}

enum rdtls_status trust_from_pem(struct bytes pem, struct trust **trust)
{
    struct trust *made = crypto_allocate(sizeof(*made));
    if (pem.len == 0 || pem.len > INT_MAX || made == NULL) {
        trust_free(made);
        return made == NULL ? RDTLS_NO_MEMORY : RDTLS_BAD_CERTIFICATE_PEM;
    }
    (void)ERR_set_mark();
    made->store = X509_STORE_new();
    BIO *bio = pem_open(pem);
    enum rdtls_status status = RDTLS_NO_MEMORY;
    if (made->store != NULL && bio != NULL)
        status = add_all(made->store, bio) ? RDTLS_OK : RDTLS_BAD_CERTIFICATE_PEM;
    BIO_free(bio);
    (void)ERR_pop_to_mark();
    if (status != RDTLS_OK) {
        trust_free(made);
        return status;
    }
    *trust = made;
    return RDTLS_OK;
}

void trust_free(struct trust *trust)
{
    if (trust == NULL)
        return;
    X509_STORE_free(trust->store);
    crypto_release(trust, sizeof(*trust));
}

/* The alerts of RFC 5246 section 7.2.2; what none of them says is a bad certificate. */
static enum rdtls_status alert_for(int error)
{
    switch (error) {
    case X509_V_OK:
        return RDTLS_OK;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return RDTLS_ALERT_CERTIFICATE_EXPIRED;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_CERT_UNTRUSTED:
        return RDTLS_ALERT_UNKNOWN_CA;
    case X509_V_ERR_INVALID_PURPOSE:
        return RDTLS_ALERT_UNSUPPORTED_CERTIFICATE;
    case X509_V_ERR_OUT_OF_MEM:
    case X509_V_ERR_UNSPECIFIED:
        return RDTLS_ALERT_INTERNAL_ERROR;
    default:
        return RDTLS_ALERT_BAD_CERTIFICATE;
    }
}

/* [rfc8446#4.4.2.2] "MUST abort the handshake with an appropriate certificate-related alert"
 * [rfc8446#4.4.2.4] "Any endpoint receiving any certificate which it would need to validate using
 * any signature algorithm using an MD5 hash MUST abort the handshake with a "bad_certificate"
 * alert." */
static bool set_terms(X509_STORE_CTX *context, const struct trust_question *question)
{
    X509_VERIFY_PARAM *terms = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(terms, (time_t)question->unix_time_s);
    X509_VERIFY_PARAM_set_depth(terms, CERTIFICATE_CHAIN_MAX);
    X509_VERIFY_PARAM_set_auth_level(terms, SECURITY_LEVEL);
    X509_VERIFY_PARAM_set_hostflags(terms, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                               X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    /* What is trusted need not be a root. */
    bool ok =
        X509_VERIFY_PARAM_set_flags(terms, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
        X509_VERIFY_PARAM_set_purpose(terms, question->is_server ? X509_PURPOSE_SSL_SERVER
                                                                 : X509_PURPOSE_SSL_CLIENT) == 1;
    if (ok && question->host_name != NULL && question->host_name[0] != '\0')
        ok = X509_VERIFY_PARAM_set1_host(terms, question->host_name, 0) == 1;
    return ok;
}

static enum rdtls_status judge(const struct trust *trust, const struct trust_question *question,
                               STACK_OF(X509) * chain)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    enum rdtls_status status = RDTLS_ALERT_INTERNAL_ERROR;
    if (context != NULL &&
        X509_STORE_CTX_init(context, trust->store, sk_X509_value(chain, 0), chain) == 1 &&
        set_terms(context, question)) {
        bool ok = X509_verify_cert(context) == 1;
        int error = X509_STORE_CTX_get_error(context);
        status = ok ? RDTLS_OK : alert_for(error != X509_V_OK ? error : X509_V_ERR_UNSPECIFIED);
    }
    X509_STORE_CTX_free(context);
    return status;
}

/* Every certificate of the message, whole and nothing behind it. */
static enum rdtls_status read_chain(const struct trust_question *question, STACK_OF(X509) * chain)
{
    struct reader reader = reader_of(question->chain);
    while (reader.left > 0) {
        struct bytes der = reader_vector_u24(&reader);
        const unsigned char *at = der.data;
        if (question->is_13)
            (void)reader_vector_u16(&reader);
        if (reader.failed || sk_X509_num(chain) == CERTIFICATE_CHAIN_MAX)
            return RDTLS_ALERT_BAD_CERTIFICATE;
        X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
        if (certificate == NULL || at != der.data + der.len) {
            X509_free(certificate);
            return RDTLS_ALERT_BAD_CERTIFICATE;
        }
        if (sk_X509_push(chain, certificate) == 0) {
            X509_free(certificate);
            return RDTLS_ALERT_INTERNAL_ERROR;
        }
    }
    return sk_X509_num(chain) > 0 ? RDTLS_OK : RDTLS_ALERT_BAD_CERTIFICATE;
}

enum rdtls_status trust_judge(const struct trust *trust, const struct trust_question *question)
{
    (void)ERR_set_mark();
    STACK_OF(X509) *chain = sk_X509_new_null();
    enum rdtls_status status =
        chain == NULL ? RDTLS_ALERT_INTERNAL_ERROR : read_chain(question, chain);
    if (status == RDTLS_OK)
        status = judge(trust, question, chain);
    sk_X509_pop_free(chain, X509_free);
    (void)ERR_pop_to_mark();
    return status;
}
