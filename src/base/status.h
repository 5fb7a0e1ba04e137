/* The one error idiom of the library: a function that can fail returns enum rdtls_status, and TRY
 * passes a failure on. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <ringdtls/status.h>

/* The only macro that returns. */
#define TRY(call)                              \
    do {                                       \
        enum rdtls_status try_status = (call); \
        if (try_status != RDTLS_OK)            \
            return try_status;                 \
    } while (0)

#define MUST_CHECK RDTLS_MUST_CHECK

#endif
