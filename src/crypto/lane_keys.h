/* The private keys of one configuration, made ready to sign in the lanes of one thread. A job names
 * the set that it signs with: so another set can come into use, and the lanes, what waits in them
 * and what was made ahead go on. Whoever leaves a job keeps its set until the job has come back. */
#ifndef CRYPTO_LANE_KEYS_H
#define CRYPTO_LANE_KEYS_H

#include "crypto/certificate.h"
#include "crypto/ed25519.h"
#include "crypto/p256.h"
#include "crypto/rsa.h"
#include "crypto/signature.h"

enum { LANE_KEYS_MAX = 8 };

struct lane_engine;
struct rsa_lanes;

/* The engine's copy of a key. */
struct lane_engine_key {
    struct p256_number p256; /* no scalar: the engine has no such key */
    struct rsa_lanes *rsa;   /* NULL: nor one of RSA */
};

struct lane_keys {
    struct signer *signers[LANE_KEYS_MAX]; /* of P-256 and P-384 keys; NULL: it is another */
    struct rsa_signer *rsa_signers[LANE_KEYS_MAX];
    struct ed25519_signer *ed25519_signers[LANE_KEYS_MAX];
    struct lane_engine_key engine_keys[LANE_KEYS_MAX];
    const struct lane_engine *engine; /* NULL: libcrypto alone */
};

/* keys: NULL where there is none. Any thread may make and free a set; one at a time signs with it.
 * NULL: no memory, or libcrypto cannot. */
struct lane_keys *lane_keys_new(const struct private_key *const keys[LANE_KEYS_MAX],
                                const struct lane_engine *engine);
void lane_keys_free(struct lane_keys *keys);

#endif
