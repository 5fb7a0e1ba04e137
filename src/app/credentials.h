/* The server's configuration from its command line: files are read and judged, every refusal names
 * file and reason. */
#ifndef APP_CREDENTIALS_H
#define APP_CREDENTIALS_H

#include <ringdtls/ringdtls.h>

#include "app/options.h"

/* *config is to be freed with rdtls_config_free. */
bool credentials_config(const struct serve_options *options, struct rdtls_config **config,
                        struct complaint *complaint);

#endif
