/* A configuration with certificate and key from files: they are read and judged, every refusal
 * names file and reason, by the options that both programs have for it. */
#ifndef APP_CREDENTIALS_H
#define APP_CREDENTIALS_H

#include <ringdtls/ringdtls.h>

#include "app/complaint.h"

/* Pairs of files. None: a certificate is made. */
struct credential_files {
    char *const *certificate_paths;
    char *const *private_key_paths;
    size_t count;                 /* at most RDTLS_CREDENTIALS_MAX */
    const char *authorities_path; /* who may vouch for peers; NULL: the options say who judges */
};

/* options: all but the credentials is set, its values were checked when they were read. *config is
 * to be freed with rdtls_config_free. */
bool credentials_config(struct rdtls_config_options *options, const struct credential_files *files,
                        struct rdtls_config **config, struct complaint *complaint);

#endif
