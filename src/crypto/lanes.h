/*
 * The public-key operations that depend on a peer, queued by kind and run
 * together. A handshake leaves a job and parks; the pass that filled the queue
 * drains it, eight jobs in one call where there is an engine for it
 * (lane_engine.h), one at a time by libcrypto where there is none, or where so
 * few wait that eight lanes would cost more.
 *
 *     jobs waiting   1 2 | 3 4 5 6 7 8 | 9            a break-even of 3, for
 * example run by       1 + 1 | one batch   | 8 + 1        numbers: a batch;
 * ones: libcrypto
 *
 * What depends on no peer is made ahead, always eight at a time: key pairs and
 * halves of signatures (key_pool.h, nonce_pool.h).
 *
 * Where the host signs, since the key is not ours to use, signatures wait in
 * the same queue, but until the host takes them; each is then out for as long
 * as the host's signer needs, in no list, and nothing else waits for it.
 *
 * A job belongs to whoever embeds it and stays where it is until it has come
 * back. What is wrong with one job never touches its neighbours. Nothing here
 * allocates after creation.
 */
#ifndef CRYPTO_LANES_H
#define CRYPTO_LANES_H

#include "base/list.h"
#include "crypto/lane_keys.h"
#include "crypto/ml_kem.h"

enum { LANES_WIDE = 8 };

enum lane_kind {
    LANE_X25519_DERIVE,
    LANE_P256_DERIVE,
    LANE_ECDSA_P256_SIGN,
    LANE_ECDSA_P256_VERIFY,
    LANE_RSA_SIGN,
    LANE_RSA_VERIFY, /* this and the following always by libcrypto */
    LANE_P384_DERIVE,
    LANE_ECDSA_P384_SIGN,
    LANE_ECDSA_P384_VERIFY,
    LANE_ED25519_SIGN,
    LANE_ED25519_VERIFY,
    LANE_KIND_COUNT
};

enum ahead_kind {
    AHEAD_X25519_KEY_PAIR,
    AHEAD_P256_KEY_PAIR,
    AHEAD_ECDSA_P256_NONCE,
    AHEAD_KIND_COUNT
};

enum lane_state {
    LANE_IDLE,   /* nothing asked */
    LANE_QUEUED, /* waits to be run, or to be taken by the host */
    LANE_OUT,    /* the host's signer has it */
    LANE_DONE,   /* result is there: ok, or not */
};

struct lane_job {
    struct list_node node;
    enum lane_kind kind;
    enum lane_state state;
    bool ok; /* when DONE: derive: the peer's key was valid; sign: signed; verify:
                the signature is right */
    union {
        struct {
            struct key_pair *ours; /* stays until the job is done */
            uint8_t peer[KEY_EXCHANGE_PUBLIC_MAX];
            uint8_t shared[KEY_EXCHANGE_SHARED_MAX];
        } derive;
        struct {
            const struct scheme *scheme;
            const struct lane_keys *keys;  /* stay until the job is done; NULL: the host's */
            size_t key;                    /* which of them */
            uint8_t input[SIGN_INPUT_MAX]; /* scheme_input */
            size_t input_len;
            uint8_t *signature; /* where it is to be written: signature_max bytes */
            size_t signature_max;
            size_t signature_len;
        } sign;
        struct {
            uint8_t point[P256_POINT_LEN];
            uint8_t digest[DIGEST_LEN_MAX];
            size_t digest_len;
            uint8_t signature[ECDSA_P256_SIGNATURE_MAX];
            size_t signature_len;
        } verify;
        struct {
            struct rsa_public key; /* its bytes, and the signature's, stay until the job is done */
            const struct scheme *scheme;
            uint8_t digest[DIGEST_LEN_MAX];
            size_t digest_len;
            struct bytes signature;
        } verify_rsa;
        struct {
            struct bytes point; /* P384_POINT_LEN bytes; they and the signature's stay as well */
            uint8_t digest[DIGEST_LEN_MAX];
            size_t digest_len;
            struct bytes signature;
        } verify_p384;
        struct {
            const uint8_t *key; /* ED25519_KEY_LEN bytes; they and the signature's stay as well */
            uint8_t message[SIGN_INPUT_MAX];
            size_t message_len;
            struct bytes signature;
        } verify_ed25519;
    };
};

struct lane_counters {
    uint64_t jobs[LANE_KIND_COUNT];
    uint64_t batches[LANE_KIND_COUNT];            /* one job by libcrypto is a batch of one */
    uint64_t filled[LANE_KIND_COUNT][LANES_WIDE]; /* batches of 1 job, of 2, ... of 8 */
    uint64_t external[LANE_KIND_COUNT];           /* of the jobs, those that the host's signer
                                                     answered: batches of one */
    uint64_t made_ahead[AHEAD_KIND_COUNT];        /* apart from those above */
};

/* CPU time, from whoever may look at a clock. */
struct lane_clock {
    uint64_t (*now_ns)(void *context);
    void *context;
};

struct lane_engine;

struct lanes_options {
    const struct lane_keys *keys;     /* whose signatures are measured; NULL: figures from another
                                         machine stand for them */
    bool host_signs;                  /* no key: the host has the signatures made */
    const struct lane_engine *engine; /* NULL: libcrypto alone */
    /* lanes_memory_len() zeroed bytes, 8-byte aligned, that outlive the lanes:
     * they hold what is made ahead. All zero means that nothing is there, so
     * memory that the system wipes in a forked child is safe. NULL: nothing is
     * made ahead. */
    void *memory;
    bool nonces_ahead; /* false: a nonce that the signatures at hand do not need
                          is dropped on the spot */
    /* To measure, at creation, from how many jobs on the engine is cheaper than
     * libcrypto; now_ns NULL: figures from another machine. */
    struct lane_clock clock;
    uint8_t break_even[LANE_KIND_COUNT]; /* for tests: 0: as above; more than
                                            LANES_WIDE: never the engine */
};

struct lanes;

/* NULL when libcrypto cannot. */
struct lanes *lanes_new(const struct lanes_options *options);
void lanes_free(struct lanes *lanes); /* the queue is empty */

size_t lanes_memory_len(void);

void lane_job_init(struct lane_job *job);
void lane_job_wipe(struct lane_job *job); /* not while it waits or is out; IDLE afterwards */

/* Is a result awaited? */
static inline bool lane_job_is_awaited(const struct lane_job *job)
{
    return job->state == LANE_QUEUED || job->state == LANE_OUT;
}

/* kind and the input of that kind are filled in; the state becomes QUEUED. */
void lanes_submit(struct lanes *lanes, struct lane_job *job);

/* Take back a job that was submitted and is not done. */
void lanes_cancel(struct lanes *lanes, struct lane_job *job);

/* Is this job the host's to do? */
bool lanes_leave_to_host(const struct lanes *lanes, const struct lane_job *job);

/* The oldest job that the host has not taken yet, OUT from now on; NULL: none
 * waits. */
struct lane_job *lanes_take_for_host(struct lanes *lanes);
bool lanes_have_for_host(const struct lanes *lanes);

/* What the host's signer made of a job that is OUT: DONE now. An empty
 * signature: it could not sign. signature: at most the job's signature_max
 * bytes. */
void lanes_answer(struct lanes *lanes, struct lane_job *job, struct bytes signature);

/* Run all that waits of one kind, the kind with the longest queue but the host's; the finished
 * jobs (DONE) are appended to `finished` through their nodes, in the order in
 * which they were submitted, but for signatures with several keys. now: what was made ahead ages by
 * it. false: no job was waiting. */
MUST_CHECK bool lanes_run(struct lanes *lanes, uint64_t now, struct list_node *finished);

/* Does a job wait for lanes_run? */
bool lanes_have(const struct lanes *lanes);

/* A fresh key pair, not used before. false only when libcrypto fails. */
MUST_CHECK bool lanes_key_pair(struct lanes *lanes, enum key_exchange_kind kind,
                               struct key_pair *pair);

/* ML-KEM, which no engine has and no lane waits for: whoever has what it works on in its hands asks
 * for it there and then. NULL: this libcrypto has none. */
struct ml_kem *lanes_kem(const struct lanes *lanes);

/* Wipe what was made ahead: this process, or its machine, may have been copied.
 */
void lanes_drop_made_ahead(struct lanes *lanes);

const struct lane_counters *lanes_counters(const struct lanes *lanes);

/* From how many jobs on the engine runs; more than LANES_WIDE: never. */
size_t lanes_break_even(const struct lanes *lanes, enum lane_kind kind);

#endif
