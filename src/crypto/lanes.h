/*
 * The public-key operations that depend on a peer, queued by kind and run together. A handshake leaves a job and parks; the
 * pass that filled the queue drains it. Behind the queue stands libcrypto, one job at a time.
 *
 * A job belongs to whoever embeds it and stays where it is until it has come back. Nothing here allocates.
 */
#ifndef CRYPTO_LANES_H
#define CRYPTO_LANES_H

#include "base/list.h"
#include "crypto/certificate.h"

enum lane_kind {
    LANE_X25519_DERIVE,
    LANE_P256_DERIVE,
    LANE_ECDSA_P256_SIGN,
    LANE_ECDSA_P256_VERIFY,
    LANE_KIND_COUNT
};

enum lane_state {
    LANE_IDLE,   /* nothing asked */
    LANE_QUEUED, /* out */
    LANE_DONE,   /* result is there: ok, or not */
};

struct lane_job {
    struct list_node node;
    enum lane_kind kind;
    enum lane_state state;
    bool ok; /* when DONE: derive: the peer's key was valid; sign: signed; verify: the signature is right */
    union {
        struct {
            struct key_pair ours;
            uint8_t peer[KEY_EXCHANGE_PUBLIC_MAX];
            uint8_t shared[KEY_EXCHANGE_SHARED_LEN];
        } derive;
        struct {
            uint8_t digest[DIGEST_LEN_MAX];
            size_t digest_len;
            uint8_t signature[ECDSA_P256_SIGNATURE_MAX];
            size_t signature_len;
        } sign;
        struct {
            uint8_t point[P256_POINT_LEN];
            uint8_t digest[DIGEST_LEN_MAX];
            size_t digest_len;
            uint8_t signature[ECDSA_P256_SIGNATURE_MAX];
            size_t signature_len;
        } verify;
    };
};

struct lane_counters {
    uint64_t jobs[LANE_KIND_COUNT];
    uint64_t batches[LANE_KIND_COUNT];
};

struct lanes;

/* key signs LANE_ECDSA_P256_SIGN jobs; NULL when nothing will be signed. NULL when libcrypto cannot. */
struct lanes *lanes_new(const struct private_key *key);
void lanes_free(struct lanes *lanes); /* the queue is empty */

void lane_job_init(struct lane_job *job);
void lane_job_wipe(struct lane_job *job); /* not while QUEUED; IDLE afterwards */

/* kind and the input of that kind are filled in; the state becomes QUEUED. */
void lanes_submit(struct lanes *lanes, struct lane_job *job);

/* Take back a job that was submitted and is not done. */
void lanes_cancel(struct lanes *lanes, struct lane_job *job);

/* Run one kind's batch: the kind with the longest queue; the finished jobs (DONE) are appended to `finished` through their
 * nodes. false: no job was waiting. */
MUST_CHECK bool lanes_run(struct lanes *lanes, struct list_node *finished);

/* A fresh key pair, not used before. false only when libcrypto fails. */
MUST_CHECK bool lanes_key_pair(struct lanes *lanes, enum key_exchange_kind kind, struct key_pair *pair);

const struct lane_counters *lanes_counters(const struct lanes *lanes);

#endif
