/* One connection with the runner: the handshake, then an echo of what it says, until it ends. */
#ifndef BOGO_EXCHANGE_H
#define BOGO_EXCHANGE_H

#include "configure.h"

/* *clock is the virtual time, which goes on from connection to connection. NULL: as it should be;
 * otherwise what went wrong. */
const char *exchange_run(const struct settings *settings, struct rdtls_config *config,
                         uint64_t *clock);

#endif
