/*
 * Arithmetic for eight jobs of one kind in one call, structure of arrays. Guaranteed of every
 * engine: it accepts and refuses what libcrypto accepts and refuses, each job by itself; lanes that
 * are not filled do harmless work; and the time of a call depends neither on how many are filled
 * nor on which of them are good.
 *
 * One exception is allowed: a signature may be refused whose verification, u1 * G + u2 * Q (FIPS
 * 186-4 section 6.4.2), meets two equal points on its way: when both terms are the same, or u2 is
 * the order less a few. Only the owner of the key can make one, and on purpose.
 *
 * Which engines there are is settled by what is compiled: lane_engine_multibuffer.c or
 * lane_engine_none.c.
 */
#ifndef CRYPTO_LANE_ENGINE_H
#define CRYPTO_LANE_ENGINE_H

#include "crypto/lanes.h"
#include "crypto/p256.h"

/* The half of an ECDSA signature that does not depend on what is signed: k^-1 and (k * G).x, both
 * modulo the order. Used twice, it gives the private key away. */
struct ecdsa_nonce {
    struct p256_number inverse;
    struct p256_number r;
};

struct lane_batch {
    struct lane_job *jobs[LANES_WIDE];
    size_t count; /* 1..LANES_WIDE */
};

/* A private RSA key made ready for eight lanes, and what they need to compute with it. */
struct rsa_lanes;

struct lane_engine {
    const char *name;

    /* Set ok and the output of each job. Returns, as bits, the jobs that it leaves to libcrypto:
     * what cannot be computed here although it may be right. */
    unsigned (*derive_x25519)(const struct lane_batch *batch);
    unsigned (*derive_p256)(const struct lane_batch *batch);
    unsigned (*verify_ecdsa)(const struct lane_batch *batch);
    unsigned (*sign_ecdsa)(const struct lane_batch *batch, const struct p256_number *key,
                           const struct ecdsa_nonce *nonces);

    /* NULL: not for a modulus of this length, or no memory. */
    struct rsa_lanes *(*open_rsa)(const struct rsa_numbers *numbers);
    void (*close_rsa)(struct rsa_lanes *rsa);

    /* As above. A signature leaves only when the public exponent opens it to what was signed. */
    unsigned (*sign_rsa)(const struct lane_batch *batch, struct rsa_lanes *rsa);

    /* The public halves of LANES_WIDE pairs of one kind. */
    bool (*complete_x25519)(struct key_pair *pairs);
    bool (*complete_p256)(struct key_pair *pairs);

    /* LANES_WIDE nonces out of as many secret scalars. */
    bool (*prepare_nonces)(const struct p256_number *secrets, struct ecdsa_nonce *nonces);
};

/* NULL: not compiled in, or this CPU cannot. It asks the CPU each time, which is dear in a virtual
 * machine. */
const struct lane_engine *lane_engine_multibuffer(void);

#endif
