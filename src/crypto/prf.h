/* The pseudorandom function of TLS 1.2 (RFC 5246 section 5). */
#ifndef CRYPTO_PRF_H
#define CRYPTO_PRF_H

#include "crypto/hmac.h"

struct prf_input {
    enum digest_kind hash;
    struct bytes secret;
    const char *label; /* ASCII, without its NUL */
    struct bytes seed;
    struct bytes more_seed; /* follows seed; may be empty */
};

void prf_12(const struct prf_input *input, uint8_t *out, size_t out_len);

#endif
