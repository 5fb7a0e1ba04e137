/* The secrets of a server's tickets: out of a file, so that a fleet shares them and they can be
 * rotated, or made at start. */
#ifndef APP_TICKET_KEYS_H
#define APP_TICKET_KEYS_H

#include <ringdtls/ringdtls.h>

#include "app/complaint.h"

struct ticket_keys {
    uint8_t secrets[RDTLS_TICKET_SECRETS_MAX][RDTLS_TICKET_SECRET_LEN];
    size_t count;
};

/* One secret a line, 64 digits of hex; the first seals, each opens. Empty lines, and those that
 * begin with '#', are stepped over. false with a complaint. The caller wipes it. */
bool ticket_keys_read(const char *path, struct ticket_keys *keys, struct complaint *complaint);

/* One of the kernel's. */
bool ticket_keys_make(struct ticket_keys *keys, struct complaint *complaint);

#endif
