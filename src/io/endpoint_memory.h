/*
 * Memory for an endpoint: fresh zeroed pages that cost nothing until they are touched, that are in
 * no core dump, and that a forked child finds empty, because they hold keys.
 */
#ifndef IO_ENDPOINT_MEMORY_H
#define IO_ENDPOINT_MEMORY_H

#include <stddef.h>

/* NULL, errno says why. */
void *endpoint_memory_open(size_t len);
void endpoint_memory_close(void *memory, size_t len);

#endif
