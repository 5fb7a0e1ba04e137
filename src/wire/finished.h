/* Finished (RFC 5246 section 7.4.9). */
#ifndef WIRE_FINISHED_H
#define WIRE_FINISHED_H

#include "base/reader.h"
#include "base/status.h"

enum { VERIFY_DATA_LEN = 12 };

MUST_CHECK enum rdtls_status finished_read(struct bytes body, struct bytes *verify_data);

#endif
