#include "openssl_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>

void libssl_begin(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS |
                            OPENSSL_INIT_NO_LOAD_CONFIG,
                        NULL);
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

bool context_configure(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_cipher_list(
               context, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384") == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1 &&
           SSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA256") == 1;
}

static bool chain_use(SSL_CTX *context, OSSL_LIB_CTX *library, const char *certificate_pem)
{
    BIO *memory = BIO_new_mem_buf(certificate_pem, -1);
    unsigned count = 0;
    bool used = memory != NULL;

    while (used) {
        X509 *blank = X509_new_ex(library, NULL);
        X509 *certificate = PEM_read_bio_X509(memory, &blank, NULL, NULL);
        if (certificate == NULL) {
            X509_free(blank);
            break;
        }
        used = (count == 0 ? SSL_CTX_use_certificate(context, certificate)
                           : SSL_CTX_add1_chain_cert(context, certificate)) == 1;
        X509_free(certificate);
        count++;
    }
    BIO_free(memory);
    if (used && count > 0)
        ERR_clear_error(); /* the end of the file is no error */
    return used && count > 0;
}

bool context_use_credentials(SSL_CTX *context, OSSL_LIB_CTX *library,
                             const struct credentials *credentials)
{
    BIO *memory = BIO_new_mem_buf(credentials->key_pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey_ex(memory, NULL, NULL, NULL, library, NULL);
    bool used = key != NULL && chain_use(context, library, credentials->certificate_pem) &&
                SSL_CTX_use_PrivateKey(context, key) == 1 &&
                SSL_CTX_check_private_key(context) == 1;

    EVP_PKEY_free(key);
    BIO_free(memory);
    return used;
}

const char *libssl_take_error(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    ERR_clear_error();
    return reason == NULL ? "unknown" : reason;
}
