/*
 * Certificates of authorities that are trusted, and what follows for a peer's chain (RFC 5280
 * section 6), by libcrypto. Read once, then shared by all threads.
 */
#ifndef CRYPTO_TRUST_H
#define CRYPTO_TRUST_H

#include "base/bytes.h"
#include "base/status.h"

struct trust;

/* One certificate at least, in PEM. BAD_CERTIFICATE_PEM, NO_MEMORY. */
MUST_CHECK enum rdtls_status trust_from_pem(struct bytes pem, struct trust **trust);
void trust_free(struct trust *trust);

struct trust_question {
    struct bytes chain;    /* as it stands in a Certificate message: each with its 24-bit length */
    bool is_13;            /* and, in 1.3, with extensions behind it */
    bool is_server;        /* whose chain it is */
    const char *host_name; /* of the leaf; empty: any */
    int64_t unix_time_s;
};

/* OK, or the alert that says why not: UNKNOWN_CA, CERTIFICATE_EXPIRED (or not valid yet),
 * UNSUPPORTED_CERTIFICATE (not for this purpose), BAD_CERTIFICATE, INTERNAL_ERROR. */
MUST_CHECK enum rdtls_status trust_judge(const struct trust *trust,
                                         const struct trust_question *question);

#endif
