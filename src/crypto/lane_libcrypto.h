/* The reference, which is always there: one job at a time by libcrypto. */
#ifndef CRYPTO_LANE_LIBCRYPTO_H
#define CRYPTO_LANE_LIBCRYPTO_H

#include "crypto/lanes.h"
#include "crypto/ml_kem.h"

struct lane_libcrypto {
    struct key_exchange_engine *key_exchange;
    struct ml_kem *kem; /* NULL: this libcrypto has none */
    struct verifier *verifier;
    struct rsa_verifier *rsa_verifier;
    struct ed25519_verifier *ed25519_verifier;
};

/* false: libcrypto cannot; to be closed all the same. */
MUST_CHECK bool lane_libcrypto_open(struct lane_libcrypto *libcrypto);
void lane_libcrypto_close(struct lane_libcrypto *libcrypto);

/* Sets ok and the output. */
void lane_libcrypto_run(const struct lane_libcrypto *libcrypto, struct lane_job *job);

#endif
