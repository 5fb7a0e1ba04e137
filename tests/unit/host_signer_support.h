/* A key that the library never sees, and a host that signs with it when it likes. */
#ifndef TESTS_HOST_SIGNER_SUPPORT_H
#define TESTS_HOST_SIGNER_SUPPORT_H

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "certificate_support.h"
#include "endpoint_support.h"

enum { SIGNER_DELAY_NS = 20000000, CERTIFICATE_PEM_MAX = 2048 };

struct remote_key {
    EVP_PKEY *key;
    char certificate_pem[CERTIFICATE_PEM_MAX];
    size_t certificate_pem_len;
};

struct signature {
    uint8_t bytes[RDTLS_SIGNATURE_MAX];
    size_t len;
};

/* Takes the key. */
static inline struct remote_key remote_key_of(EVP_PKEY *key)
{
    struct remote_key remote = {.key = key};
    cr_assert_not_null(remote.key);
    X509 *certificate = issue(remote.key, X509_VERSION_3);
    BIO *bio = BIO_new(BIO_s_mem());
    cr_assert(PEM_write_bio_X509(bio, certificate) == 1);
    int len = BIO_read(bio, remote.certificate_pem, CERTIFICATE_PEM_MAX);
    cr_assert(len > 0 && len < CERTIFICATE_PEM_MAX);
    remote.certificate_pem_len = (size_t)len;
    BIO_free(bio);
    X509_free(certificate);
    return remote;
}

static inline struct remote_key remote_key_new(void)
{
    return remote_key_of(EVP_EC_gen("P-256"));
}

static inline void remote_key_free(struct remote_key *remote)
{
    EVP_PKEY_free(remote->key);
}

static inline struct rdtls_config_options remote_options(const struct remote_key *remote)
{
    struct rdtls_config_options options;
    rdtls_config_options_defaults(&options);
    options.signer = RDTLS_SIGNER_HOST;
    options.certificate_pem = remote->certificate_pem;
    options.certificate_pem_len = remote->certificate_pem_len;
    return options;
}

static inline void choose_rsa(EVP_PKEY_CTX *context, uint16_t scheme)
{
    enum { PSS_SHA256 = 0x0804, PKCS1_SHA256 = 0x0401 };
    cr_assert(scheme == PSS_SHA256 || scheme == PKCS1_SHA256);
    bool is_pss = scheme == PSS_SHA256;
    cr_assert(EVP_PKEY_CTX_set_rsa_padding(context, is_pss ? RSA_PKCS1_PSS_PADDING
                                                           : RSA_PKCS1_PADDING) == 1);
    cr_assert(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1);
    if (is_pss)
        cr_assert(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static inline struct signature remote_sign(const struct remote_key *remote,
                                           const struct rdtls_sign_request *request)
{
    struct signature signature = {.len = sizeof(signature.bytes)};
    if (EVP_PKEY_is_a(remote->key, "ED25519")) {
        EVP_MD_CTX *message = EVP_MD_CTX_new();
        cr_assert(EVP_DigestSignInit(message, NULL, NULL, NULL, remote->key) == 1);
        cr_assert(EVP_DigestSign(message, signature.bytes, &signature.len, request->input,
                                 request->input_len) == 1);
        EVP_MD_CTX_free(message);
        return signature;
    }
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(remote->key, NULL);
    cr_assert(EVP_PKEY_sign_init(context) == 1);
    if (EVP_PKEY_is_a(remote->key, "RSA"))
        choose_rsa(context, request->scheme);
    cr_assert(EVP_PKEY_sign(context, signature.bytes, &signature.len, request->input,
                            request->input_len) == 1);
    EVP_PKEY_CTX_free(context);
    return signature;
}

static inline struct host signing_host(const struct remote_key *remote)
{
    struct rdtls_config_options config = remote_options(remote);
    struct rdtls_endpoint_options options = small_endpoint();
    return host_with(&config, &options);
}

static inline enum rdtls_status complete(struct host *host, struct rdtls_id id,
                                         const struct signature *signature, uint64_t now)
{
    enum rdtls_status status = rdtls_endpoint_complete_signature(
        host->endpoint, id, signature->bytes, signature->len, now);
    rdtls_endpoint_run_lanes(host->endpoint, now);
    host_poll(host);
    return status;
}

/* Answer everything that was asked. */
static inline void answer_all(struct host *host, const struct remote_key *remote, uint64_t now)
{
    size_t count = host->question_count;
    host->question_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct signature signature = remote_sign(remote, &host->questions[i].request);
        cr_expect_eq(complete(host, host->questions[i].id, &signature, now), RDTLS_OK);
    }
}

/* A client's handshake as far as it gets without the signature; the question is the last one. */
static inline struct rdtls_id begin_and_park(struct host *client, struct host *server,
                                             const struct rdtls_path *path, uint64_t now)
{
    struct rdtls_id id;
    size_t asked = server->question_count;
    cr_assert_eq(rdtls_endpoint_connect(client->endpoint, path, 0, now, &id), RDTLS_OK);
    hosts_exchange(client, server, path, now);
    cr_assert_eq(server->question_count, asked + 1);
    return id;
}

#endif
