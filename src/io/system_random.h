/* Randomness that needs no libcrypto: keys of tables whose names strangers choose. */
#ifndef IO_SYSTEM_RANDOM_H
#define IO_SYSTEM_RANDOM_H

#include <stddef.h>

#include "base/status.h"

/* At most 256 bytes. false: errno says why. */
MUST_CHECK bool system_random_fill(void *out, size_t len);

#endif
