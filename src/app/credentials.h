/* A configuration with certificate and key from files: they are read and judged, every refusal
 * names file and reason, by the options that both programs have for it. */
#ifndef APP_CREDENTIALS_H
#define APP_CREDENTIALS_H

#include <ringdtls/ringdtls.h>

#include "app/complaint.h"

struct credential_files {
    const char *certificate_path; /* NULL, both of them: one is made */
    const char *private_key_path;
};

/* options: all but the credentials is set, its values were checked when they were read. *config is
 * to be freed with rdtls_config_free. */
bool credentials_config(struct rdtls_config_options *options, const struct credential_files *files,
                        struct rdtls_config **config, struct complaint *complaint);

#endif
