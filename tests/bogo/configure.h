/* The library's configuration for a connection that the runner asks for. */
#ifndef BOGO_CONFIGURE_H
#define BOGO_CONFIGURE_H

#include "endpoint/config.h"
#include "settings.h"

/* The time-out of the whole handshake, which the runner does not know. */
#define CONFIGURE_FOR_EVER (UINT64_MAX / 2)

enum { PEM_MAX = 1 << 16 };

enum configure_verdict { CONFIGURED, CONFIGURE_UNIMPLEMENTED, CONFIGURE_FAILED };

/* The configuration is not constant here: the runner changes the path's MTU and the timer in the
 * middle of a handshake. FAILED comes with the reason in *why. */
enum configure_verdict configure(const struct settings *settings, struct rdtls_config **config,
                                 const char **why);

/* The file's length; 0: it cannot be read. */
size_t read_pem(const char *name, char text[PEM_MAX]);

#endif
