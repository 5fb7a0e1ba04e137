#include "app/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "app/output_file.h"

enum { PEM_BYTES_MAX = 1 << 20 };

static bool explain(const struct serve_options *options, enum rdtls_status status,
                    struct complaint *complaint)
{
    const bool own = options->certificate_path != NULL;
    if (status == RDTLS_BAD_CERTIFICATE_PEM && own) {
        return complain(complaint, "--cert %s: neither a P-256 nor an RSA certificate in PEM",
                        options->certificate_path);
    }
    if (status == RDTLS_BAD_PRIVATE_KEY_PEM && own) {
        return complain(
            complaint,
            "--key %s: neither a P-256 nor an RSA private key in PEM, without pass phrase",
            options->private_key_path);
    }
    if (status == RDTLS_KEY_MISMATCH && own) {
        return complain(complaint, "--key %s: not the private key of --cert %s",
                        options->private_key_path, options->certificate_path);
    }
    return complain(complaint, "no configuration could be made: %s", rdtls_status_name(status));
}

static void set_policy(const struct serve_options *options, struct rdtls_config_options *config)
{
    config->client_certificate = options->client_certificate;
    config->cookies = options->cookies;
    config->key_log = options->key_log_path != NULL;
    if (options->mtu != 0) {
        config->mtu = options->mtu;
    }
}

/* The texts are the caller's to wipe and free, NULL or not. */
static bool read_files(const struct serve_options *options, struct rdtls_config_options *config,
                       char **certificate, char **private_key, struct complaint *complaint)
{
    if (options->certificate_path == NULL) {
        return true;
    }
    if (!input_file_read(options->certificate_path, PEM_BYTES_MAX, certificate,
                         &config->certificate_pem_len, complaint)) {
        return complain_about(complaint, "--cert");
    }
    if (!input_file_read(options->private_key_path, PEM_BYTES_MAX, private_key,
                         &config->private_key_pem_len, complaint)) {
        return complain_about(complaint, "--key");
    }
    config->certificate_pem = *certificate;
    config->private_key_pem = *private_key;
    return true;
}

bool credentials_config(const struct serve_options *options, struct rdtls_config **config,
                        struct complaint *complaint)
{
    struct rdtls_config_options config_options;
    const char *protocols[RDTLS_ALPN_MAX];
    rdtls_config_options_defaults(&config_options);
    set_policy(options, &config_options);
    extras_apply(&options->extras, protocols, &config_options);
    char *certificate = NULL;
    char *private_key = NULL;
    bool made = read_files(options, &config_options, &certificate, &private_key, complaint);
    if (made) {
        const enum rdtls_status status = rdtls_config_new(&config_options, config);
        made = status == RDTLS_OK || explain(options, status, complaint);
    }
    if (private_key != NULL) {
        explicit_bzero(private_key, config_options.private_key_pem_len);
    }
    free(private_key);
    free(certificate);
    return made;
}
