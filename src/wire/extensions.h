/* The extension block of a hello (RFC 5246 section 7.4.1.4): walked in order, each type at most
 * once. */
#ifndef WIRE_EXTENSIONS_H
#define WIRE_EXTENSIONS_H

#include "base/reader.h"
#include "base/status.h"
#include "base/writer.h"

enum { EXTENSIONS_MAX = 64 }; /* more in one hello is a decode_error */

struct extension_walk {
    struct reader reader;
    enum rdtls_status status; /* when there is no more: OK, or why not */
    uint16_t seen[EXTENSIONS_MAX];
    size_t seen_count;
};

struct extension {
    uint16_t type;
    struct bytes body;
};

/* rest: what follows the compression method(s): nothing at all, or the block with its length
 * prefix. */
void extension_walk_begin(struct extension_walk *walk, struct bytes rest);

/* false: no more. Ask walk->status then, as a reader is asked at its end: DECODE_ERROR;
 * ILLEGAL_PARAMETER for a type that was there before. */
MUST_CHECK bool extension_walk_next(struct extension_walk *walk, struct extension *extension);

#endif
