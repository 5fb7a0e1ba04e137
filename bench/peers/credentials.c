#include "credentials.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEM_LEN_MAX = 1 << 20, CERTIFICATE_SECONDS = 365 * 24 * 3600 };

void libssl_begin(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS |
                            OPENSSL_INIT_NO_LOAD_CONFIG,
                        NULL);
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

static char *file_read(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t len;

    if (file != NULL)
        text = calloc(1, PEM_LEN_MAX);
    if (text == NULL) {
        fprintf(stderr, "cannot read %s: %s\n", path, strerror(errno));
        if (file != NULL)
            fclose(file);
        return NULL;
    }
    len = fread(text, 1, PEM_LEN_MAX - 1, file);
    if (ferror(file) || len == PEM_LEN_MAX - 1) {
        fprintf(stderr, "cannot read %s: %s\n", path, ferror(file) ? "read error" : "too large");
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

/* What was written to a memory BIO, as a string. Frees the BIO. */
static char *memory_to_text(BIO *memory)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(memory, &bytes);
    char *text = len > 0 ? strndup(bytes, (size_t)len) : NULL;

    BIO_free(memory);
    return text;
}

static bool certificate_fill(X509 *certificate, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    return X509_set_version(certificate, 2) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), CERTIFICATE_SECONDS) != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost",
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

static bool credentials_make(struct credentials *credentials)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    BIO *key_memory = BIO_new(BIO_s_mem());
    BIO *certificate_memory = BIO_new(BIO_s_mem());
    bool made = key != NULL && certificate != NULL && key_memory != NULL &&
                certificate_memory != NULL && certificate_fill(certificate, key) &&
                PEM_write_bio_PrivateKey(key_memory, key, NULL, NULL, 0, NULL, NULL) == 1 &&
                PEM_write_bio_X509(certificate_memory, certificate) == 1;

    X509_free(certificate);
    EVP_PKEY_free(key);
    credentials->key_pem = memory_to_text(key_memory);
    credentials->certificate_pem = memory_to_text(certificate_memory);
    made = made && credentials->key_pem != NULL && credentials->certificate_pem != NULL;
    if (!made)
        fprintf(stderr, "cannot make a certificate: libcrypto refused\n");
    return made;
}

static X509 *leaf_read(const char *certificate_pem)
{
    BIO *memory = BIO_new_mem_buf(certificate_pem, -1);
    X509 *leaf = PEM_read_bio_X509(memory, NULL, NULL, NULL);

    BIO_free(memory);
    return leaf;
}

static bool fingerprint_write(struct credentials *credentials)
{
    X509 *leaf = leaf_read(credentials->certificate_pem);
    uint8_t digest[32];
    unsigned digest_len = sizeof(digest);
    bool done = leaf != NULL && X509_digest(leaf, EVP_sha256(), digest, &digest_len) == 1;

    X509_free(leaf);
    for (size_t i = 0; done && i < sizeof(digest); i++)
        snprintf(credentials->fingerprint + 3 * i, 4, i + 1 < sizeof(digest) ? "%02X:" : "%02X",
                 digest[i]);
    return done;
}

/* Does everything load? Found out here once, so that no thread stumbles over it. */
static bool credentials_check(struct credentials *credentials, const char *certificate_path,
                              const char *key_path)
{
    SSL_CTX *context = SSL_CTX_new(DTLS_method());
    bool usable = context != NULL && context_use_credentials(context, NULL, credentials);
    unsigned long reason = ERR_peek_last_error();

    SSL_CTX_free(context);
    if (!usable && certificate_path != NULL)
        fprintf(stderr, "cannot use certificate %s with key %s: %s\n", certificate_path, key_path,
                reason == 0 ? "not PEM" : ERR_reason_error_string(reason));
    return usable && fingerprint_write(credentials);
}

bool credentials_load(struct credentials *credentials, const char *certificate_path,
                      const char *key_path)
{
    memset(credentials, 0, sizeof(*credentials));
    if ((certificate_path == NULL) != (key_path == NULL)) {
        fprintf(stderr, "--cert and --key are given together or not at all\n");
        return false;
    }
    if (certificate_path == NULL)
        return credentials_make(credentials) && credentials_check(credentials, NULL, NULL);
    credentials->certificate_pem = file_read(certificate_path);
    credentials->key_pem = credentials->certificate_pem == NULL ? NULL : file_read(key_path);
    if (credentials->key_pem != NULL && credentials_check(credentials, certificate_path, key_path))
        return true;
    credentials_free(credentials);
    return false;
}

void credentials_free(struct credentials *credentials)
{
    free(credentials->certificate_pem);
    if (credentials->key_pem != NULL)
        OPENSSL_cleanse(credentials->key_pem, strlen(credentials->key_pem));
    free(credentials->key_pem);
    memset(credentials, 0, sizeof(*credentials));
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
