#include "app/credentials.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/output_file.h"

enum { PEM_BYTES_MAX = 1 << 20 };

/* The files' texts, to be wiped and freed. */
struct texts {
    char *certificates[RDTLS_CREDENTIALS_MAX];
    char *private_keys[RDTLS_CREDENTIALS_MAX];
    struct rdtls_credential credentials[RDTLS_CREDENTIALS_MAX];
    char *authorities;
};

static int64_t unix_time_s(void *context)
{
    (void)context;
    return (int64_t)time(NULL);
}

static bool complain_of(const struct credential_files *files, size_t i, enum rdtls_status status,
                        struct complaint *complaint)
{
    const char *certificate = files->certificate_paths[i];
    const char *private_key = files->private_key_paths[i];
    if (status == RDTLS_BAD_CERTIFICATE_PEM) {
        return complain(complaint,
                        "--cert %s: not certificates in PEM, leaf first and each certified by the "
                        "next, for a P-256, P-384, Ed25519 or RSA key that may sign",
                        certificate);
    }
    if (status == RDTLS_BAD_PRIVATE_KEY_PEM) {
        return complain(
            complaint,
            "--key %s: not a P-256, P-384, Ed25519 or RSA private key in PEM, without pass phrase",
            private_key);
    }
    return complain(complaint, "--key %s: not the private key of --cert %s", private_key,
                    certificate);
}

static bool is_about_credentials(enum rdtls_status status)
{
    return status == RDTLS_BAD_CERTIFICATE_PEM || status == RDTLS_BAD_PRIVATE_KEY_PEM ||
           status == RDTLS_KEY_MISMATCH;
}

static void set_first(struct rdtls_config_options *options, const struct rdtls_credential *first)
{
    options->certificate_pem = first->certificate_pem;
    options->certificate_pem_len = first->certificate_pem_len;
    options->private_key_pem = first->private_key_pem;
    options->private_key_pem_len = first->private_key_pem_len;
}

/* Which of them it was: each is tried by itself. */
static bool explain(struct rdtls_config_options *options, const struct credential_files *files,
                    const struct texts *texts, enum rdtls_status status,
                    struct complaint *complaint)
{
    if (status == RDTLS_INVALID_ARGUMENT && options->server_name != NULL) {
        return complain(complaint, "--server-name %s: not the DNS name of a host",
                        options->server_name);
    }
    if (status == RDTLS_NO_ML_KEM) {
        return complain(complaint, "--group X25519MLKEM768: the libcrypto that was found has no "
                                   "ML-KEM; OpenSSL 3.5 and later has it");
    }
    options->further_credential_count = 0;
    options->verify = RDTLS_VERIFY_NONE;
    for (size_t i = 0; is_about_credentials(status) && i < files->count; i++) {
        struct rdtls_config *config = NULL;
        set_first(options, &texts->credentials[i]);
        const enum rdtls_status alone = rdtls_config_new(options, &config);
        if (alone != RDTLS_OK) {
            return complain_of(files, i, alone, complaint);
        }
        rdtls_config_free(config);
    }
    if (status == RDTLS_BAD_CERTIFICATE_PEM && files->authorities_path != NULL) {
        return complain(complaint, "--ca %s: not certificates in PEM", files->authorities_path);
    }
    return complain(complaint, "no configuration could be made: %s", rdtls_status_name(status));
}

static bool read_files(const struct credential_files *files, struct texts *texts,
                       struct complaint *complaint)
{
    for (size_t i = 0; i < files->count; i++) {
        struct rdtls_credential *credential = &texts->credentials[i];
        if (!input_file_read(files->certificate_paths[i], PEM_BYTES_MAX, &texts->certificates[i],
                             &credential->certificate_pem_len, complaint)) {
            return complain_about(complaint, "--cert");
        }
        if (!input_file_read(files->private_key_paths[i], PEM_BYTES_MAX, &texts->private_keys[i],
                             &credential->private_key_pem_len, complaint)) {
            return complain_about(complaint, "--key");
        }
        credential->certificate_pem = texts->certificates[i];
        credential->private_key_pem = texts->private_keys[i];
    }
    return true;
}

static bool read_authorities(const struct credential_files *files, struct texts *texts,
                             struct rdtls_config_options *options, struct complaint *complaint)
{
    if (files->authorities_path == NULL) {
        return true;
    }
    if (!input_file_read(files->authorities_path, PEM_BYTES_MAX, &texts->authorities,
                         &options->trust_pem_len, complaint)) {
        return complain_about(complaint, "--ca");
    }
    options->verify = RDTLS_VERIFY_CHAIN;
    options->trust_pem = texts->authorities;
    options->unix_time_s = unix_time_s;
    return true;
}

static void forget(struct texts *texts)
{
    free(texts->authorities);
    for (size_t i = 0; i < RDTLS_CREDENTIALS_MAX; i++) {
        if (texts->private_keys[i] != NULL) {
            explicit_bzero(texts->private_keys[i], texts->credentials[i].private_key_pem_len);
        }
        free(texts->private_keys[i]);
        free(texts->certificates[i]);
    }
}

bool credentials_config(struct rdtls_config_options *options, const struct credential_files *files,
                        struct rdtls_config **config, struct complaint *complaint)
{
    struct texts texts = {.certificates = {NULL}};
    bool made =
        read_files(files, &texts, complaint) && read_authorities(files, &texts, options, complaint);
    if (made) {
        set_first(options, &texts.credentials[0]);
        options->further_credentials = &texts.credentials[1];
        options->further_credential_count = files->count > 1 ? files->count - 1 : 0;
        const enum rdtls_status status = rdtls_config_new(options, config);
        made = status == RDTLS_OK || explain(options, files, &texts, status, complaint);
    }
    forget(&texts);
    return made;
}
