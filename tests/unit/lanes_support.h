/* What tests of the lanes share: jobs of every kind, with a key that signs, and libcrypto's opinion
 * of each. */
#ifndef TESTS_LANES_SUPPORT_H
#define TESTS_LANES_SUPPORT_H

#include "crypto/lane_engine.h"
#include "crypto/lane_libcrypto.h"
#include "crypto_support.h"

enum {
    EVERY_TIME = 1,
    NEVER_BY_ENGINE = LANES_WIDE + 1,
    SIGNATURES_MAX = 256,
    KINDS_OF_P256 = LANE_RSA_SIGN, /* with a P-256 key only those before it can be run */
};

/* Lanes with a key of our own, its certified point, and what libcrypto alone would do. */
struct fixture {
    struct credential credential;
    uint8_t point[P256_POINT_LEN];
    /* Where jobs have their signatures written: each job that is filled has a place of its own. */
    uint8_t signatures[SIGNATURES_MAX][RSA_LEN_MAX];
    size_t signature_count;
    struct key_pair pairs[SIGNATURES_MAX]; /* and where their key pairs are */
    size_t pair_count;
    struct lane_libcrypto libcrypto;
    struct lane_keys *keys; /* one */
    _Alignas(64) uint8_t memory[4096];
    struct lanes_options options;
    struct lanes *lanes;
    struct list_node finished;
};

/* NULL where there is none: what is tested then is that libcrypto does all by itself. */
static inline const struct lane_engine *engine_here(void)
{
    const struct lane_engine *engine = lane_engine_multibuffer();
    if (engine == NULL)
        cr_log_info("no engine for eight lanes here: libcrypto alone is tested");
    return engine;
}

/* The engine, when there is one, runs whatever the count. */
static inline struct lanes_options options_of(struct fixture *fixture,
                                              const struct lane_engine *engine)
{
    return (struct lanes_options){
        .keys = fixture->keys,
        .engine = engine,
        .memory = fixture->memory,
        .nonces_ahead = true,
        .break_even = {EVERY_TIME, EVERY_TIME, EVERY_TIME, EVERY_TIME},
    };
}

static inline struct lane_keys *lane_keys_of(const struct private_key *key,
                                             const struct lane_engine *engine)
{
    const struct private_key *keys[LANE_KEYS_MAX] = {key};
    struct lane_keys *made = lane_keys_new(keys, engine);
    cr_assert_not_null(made);
    return made;
}

static inline void fixture_init(struct fixture *fixture, const struct lane_engine *engine)
{
    memset(fixture, 0, sizeof(*fixture));
    cr_assert_leq(lanes_memory_len(), sizeof(fixture->memory));
    cr_assert_eq(credential_self_signed(&fixture->credential), RDTLS_OK);
    struct public_key key;
    cr_assert_eq(certificate_public_key(fixture->credential.chain[0], &key), RDTLS_OK);
    memcpy(fixture->point, key.point.data, sizeof(fixture->point));
    fixture->keys = lane_keys_of(fixture->credential.key, engine);
    fixture->options = options_of(fixture, engine);
    cr_assert(lane_libcrypto_open(&fixture->libcrypto));
    fixture->lanes = lanes_new(&fixture->options);
    cr_assert_not_null(fixture->lanes);
    list_init(&fixture->finished);
}

/* The same with other options. */
static inline void fixture_renew(struct fixture *fixture, const struct lanes_options *options)
{
    lanes_free(fixture->lanes);
    fixture->options = *options;
    fixture->lanes = lanes_new(options);
    cr_assert_not_null(fixture->lanes);
}

static inline void fixture_free(struct fixture *fixture)
{
    lanes_free(fixture->lanes);
    lane_libcrypto_close(&fixture->libcrypto);
    lane_keys_free(fixture->keys);
    credential_free(&fixture->credential);
    cr_expect(all_zero(fixture->memory, sizeof(fixture->memory)), "nothing made ahead is left");
}

static inline enum key_exchange_kind exchange_of(enum lane_kind kind)
{
    return kind == LANE_X25519_DERIVE ? KEY_EXCHANGE_X25519 : KEY_EXCHANGE_P256;
}

/* A fresh pair of libcrypto's. */
static inline struct key_pair pair_of_libcrypto(const struct fixture *fixture,
                                                enum key_exchange_kind kind)
{
    struct key_pair pair;
    cr_assert(key_pair_generate(fixture->libcrypto.key_exchange, kind, &pair));
    return pair;
}

static inline void sign_by_libcrypto(const struct fixture *fixture, struct bytes digest,
                                     struct lane_job *job)
{
    cr_assert(signer_sign(fixture->keys->signers[0], digest, job->verify.signature,
                          &job->verify.signature_len));
}

/* A job that succeeds. */
static inline void fill(struct fixture *fixture, struct lane_job *job, enum lane_kind kind,
                        uint8_t seed)
{
    lane_job_init(job);
    job->kind = kind;
    if (kind == LANE_X25519_DERIVE || kind == LANE_P256_DERIVE) {
        struct key_pair peer = pair_of_libcrypto(fixture, exchange_of(kind));
        job->derive.ours = &fixture->pairs[fixture->pair_count++ % SIGNATURES_MAX];
        *job->derive.ours = pair_of_libcrypto(fixture, exchange_of(kind));
        memcpy(job->derive.peer, peer.public_key, sizeof(peer.public_key));
    } else if (kind == LANE_ECDSA_P256_SIGN) {
        memset(job->sign.input, seed, SHA384_LEN);
        job->sign.input_len = seed % 2 == 0 ? SHA256_LEN : SHA384_LEN;
        job->sign.signature = fixture->signatures[fixture->signature_count++ % SIGNATURES_MAX];
        job->sign.signature_max = ECDSA_P256_SIGNATURE_MAX;
        job->sign.keys = fixture->keys;
    } else {
        memcpy(job->verify.point, fixture->point, P256_POINT_LEN);
        memset(job->verify.digest, seed, SHA384_LEN);
        job->verify.digest_len = seed % 2 == 0 ? SHA256_LEN : SHA384_LEN;
        sign_by_libcrypto(fixture, bytes_of(job->verify.digest, job->verify.digest_len), job);
    }
}

/* job has come back; asked is what it was before. It must be what libcrypto makes of it. */
static inline void expect_as_libcrypto(const struct fixture *fixture, const struct lane_job *job,
                                       const struct lane_job *asked, const char *what)
{
    struct lane_job expected = *asked;
    uint8_t signature[RSA_LEN_MAX];
    if (asked->kind == LANE_ECDSA_P256_SIGN)
        expected.sign.signature = signature;
    lane_libcrypto_run(&fixture->libcrypto, &expected);
    cr_expect_eq(job->ok, expected.ok, "%s: %d, libcrypto says %d", what, job->ok, expected.ok);
    if (job->kind == LANE_X25519_DERIVE || job->kind == LANE_P256_DERIVE)
        cr_expect_arr_eq(job->derive.shared, expected.derive.shared, KEY_EXCHANGE_SHARED_LEN, "%s",
                         what);
    if (job->kind == LANE_ECDSA_P256_SIGN && job->ok)
        cr_expect(verifier_verify(fixture->libcrypto.verifier, fixture->point,
                                  bytes_of(job->sign.input, job->sign.input_len),
                                  bytes_of(job->sign.signature, job->sign.signature_len)),
                  "%s: a signature that does not verify", what);
}

/* Submit, run, and take back in the order of submission. */
static inline void run_all(struct fixture *fixture, struct lane_job *jobs, size_t count,
                           uint64_t now)
{
    for (size_t i = 0; i < count; i++) {
        lanes_submit(fixture->lanes, &jobs[i]);
        cr_expect_eq(jobs[i].state, LANE_QUEUED);
    }
    cr_assert(lanes_run(fixture->lanes, now, &fixture->finished));
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(fixture->finished.next, &jobs[i].node);
        list_remove(&jobs[i].node);
        cr_expect_eq(jobs[i].state, LANE_DONE);
    }
    cr_expect(list_is_empty(&fixture->finished));
}

#endif
