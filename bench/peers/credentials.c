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

static void fingerprint_write(const X509 *leaf, struct credentials *credentials)
{
    uint8_t digest[32] = {0};
    unsigned digest_len = sizeof(digest);

    X509_digest(leaf, EVP_sha256(), digest, &digest_len);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(credentials->fingerprint + 3 * i, 4, i + 1 < sizeof(digest) ? "%02X:" : "%02X",
                 digest[i]);
}

/* Do the two belong together? Found out here once, so that no thread stumbles over it. */
static bool credentials_check(struct credentials *credentials, const char *certificate_path,
                              const char *key_path)
{
    BIO *certificate_memory = BIO_new_mem_buf(credentials->certificate_pem, -1);
    BIO *key_memory = BIO_new_mem_buf(credentials->key_pem, -1);
    X509 *leaf = PEM_read_bio_X509(certificate_memory, NULL, NULL, NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(key_memory, NULL, NULL, NULL);
    bool usable = leaf != NULL && key != NULL && X509_check_private_key(leaf, key) == 1;
    unsigned long reason = ERR_peek_last_error();

    if (!usable)
        fprintf(stderr, "cannot use certificate %s with key %s: %s\n", certificate_path, key_path,
                reason == 0 ? "not PEM" : ERR_reason_error_string(reason));
    else
        fingerprint_write(leaf, credentials);
    ERR_clear_error();
    EVP_PKEY_free(key);
    X509_free(leaf);
    BIO_free(key_memory);
    BIO_free(certificate_memory);
    return usable;
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
        return credentials_make(credentials) &&
               credentials_check(credentials, "made here", "made here");
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
