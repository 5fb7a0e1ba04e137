#include "app/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "app/output_file.h"

enum { PEM_BYTES_MAX = 1 << 20 };

static bool explain(const struct rdtls_config_options *options,
                    const struct credential_files *files, enum rdtls_status status,
                    struct complaint *complaint)
{
    const bool own = files->certificate_path != NULL;
    if (status == RDTLS_INVALID_ARGUMENT && options->server_name != NULL) {
        return complain(complaint, "--server-name %s: not the DNS name of a host",
                        options->server_name);
    }
    if (status == RDTLS_BAD_CERTIFICATE_PEM && own) {
        return complain(complaint,
                        "--cert %s: not certificates in PEM, leaf first and each certified by the "
                        "next, for a P-256, P-384 or RSA key that may sign",
                        files->certificate_path);
    }
    if (status == RDTLS_BAD_PRIVATE_KEY_PEM && own) {
        return complain(
            complaint,
            "--key %s: not a P-256, P-384 or RSA private key in PEM, without pass phrase",
            files->private_key_path);
    }
    if (status == RDTLS_KEY_MISMATCH && own) {
        return complain(complaint, "--key %s: not the private key of --cert %s",
                        files->private_key_path, files->certificate_path);
    }
    return complain(complaint, "no configuration could be made: %s", rdtls_status_name(status));
}

/* The texts are the caller's to wipe and free, NULL or not. */
static bool read_files(const struct credential_files *files, struct rdtls_config_options *config,
                       char **certificate, char **private_key, struct complaint *complaint)
{
    if (files->certificate_path == NULL) {
        return true;
    }
    if (!input_file_read(files->certificate_path, PEM_BYTES_MAX, certificate,
                         &config->certificate_pem_len, complaint)) {
        return complain_about(complaint, "--cert");
    }
    if (!input_file_read(files->private_key_path, PEM_BYTES_MAX, private_key,
                         &config->private_key_pem_len, complaint)) {
        return complain_about(complaint, "--key");
    }
    config->certificate_pem = *certificate;
    config->private_key_pem = *private_key;
    return true;
}

bool credentials_config(struct rdtls_config_options *options, const struct credential_files *files,
                        struct rdtls_config **config, struct complaint *complaint)
{
    char *certificate = NULL;
    char *private_key = NULL;
    bool made = read_files(files, options, &certificate, &private_key, complaint);
    if (made) {
        const enum rdtls_status status = rdtls_config_new(options, config);
        made = status == RDTLS_OK || explain(options, files, status, complaint);
    }
    if (private_key != NULL) {
        explicit_bzero(private_key, options->private_key_pem_len);
    }
    free(private_key);
    free(certificate);
    return made;
}
