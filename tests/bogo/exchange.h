/* One connection with the runner: the handshake, then an echo of what it says, until it ends. */
#ifndef BOGO_EXCHANGE_H
#define BOGO_EXCHANGE_H

#include <ringdtls/ringdtls.h>

#include "configure.h"

/* What goes on from connection to connection. */
struct shim_state {
    uint64_t clock;                     /* the virtual time */
    uint8_t session[RDTLS_SESSION_MAX]; /* of the ticket that came last */
    size_t session_len;
};

/* NULL: as it should be; otherwise what went wrong. */
const char *exchange_run(const struct settings *settings, struct rdtls_config *config,
                         struct shim_state *state);

#endif
