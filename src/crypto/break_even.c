#include "crypto/break_even.h"

#include "base/nanoseconds.h"
#include "base/secret.h"
#include "crypto/ecdsa_der.h"
#include "crypto/nonce_pool.h"
#include "crypto/private_random.h"

enum { ECDSA_SCHEME = 0x0403, RSA_SCHEME = 0x0804 }; /* with SHA-256 both */
enum { ROUNDS = 4, RSA_ROUNDS = 2 }; /* the shortest counts: whatever disturbs makes it longer */

void break_even_assume(uint8_t break_even[LANE_KIND_COUNT])
{
    break_even[LANE_X25519_DERIVE] = 2;
    break_even[LANE_P256_DERIVE] = 2;
    break_even[LANE_ECDSA_P256_SIGN] = 2;
    break_even[LANE_ECDSA_P256_VERIFY] = 3;
    break_even[LANE_RSA_SIGN] = 3;
    for (int kind = LANE_RSA_VERIFY; kind < LANE_KIND_COUNT; kind++)
        break_even[kind] = BREAK_EVEN_NEVER;
}

/* Neither short nor special: some curve arithmetic is faster with numbers like 1. */
static void fill_number(uint8_t number[P256_NUMBER_LEN], uint8_t seed)
{
    for (size_t i = 0; i < P256_NUMBER_LEN; i++)
        number[i] = (uint8_t)(seed + 83 * i);
}

static void fill_generator(uint8_t point[P256_POINT_LEN])
{
    point[0] = 4;
    p256_number_store(&p256_generator_x, point + 1);
    p256_number_store(&p256_generator_y, point + 1 + P256_NUMBER_LEN);
}

/* What a job needs beside itself. */
struct job_space {
    struct key_pair ours;
    uint8_t signature[RSA_LEN_MAX];
};

/* The place of the first key that both sides sign with; LANE_KEYS_MAX: there is none. */
static size_t key_to_measure(const struct break_even_parties *parties, enum lane_kind kind)
{
    const struct lane_keys *keys = parties->keys;
    size_t i = keys == NULL ? (size_t)LANE_KEYS_MAX : 0;
    for (; i < LANE_KEYS_MAX; i++) {
        const struct lane_engine_key *key = &keys->engine_keys[i];
        if (kind == LANE_RSA_SIGN ? key->rsa != NULL : p256_number_is_scalar(&key->p256))
            break;
    }
    return i;
}

/* Public numbers all: nothing here is worth hiding. */
static void prepare(struct lane_job *job, enum lane_kind kind, struct job_space *space)
{
    uint8_t r[P256_NUMBER_LEN];
    uint8_t s[P256_NUMBER_LEN];
    lane_job_init(job);
    job->kind = kind;
    switch (kind) {
    case LANE_X25519_DERIVE:
    case LANE_P256_DERIVE:
        space->ours.kind = kind == LANE_X25519_DERIVE ? KEY_EXCHANGE_X25519 : KEY_EXCHANGE_P256;
        fill_number(space->ours.private_key, 0x25);
        job->derive.ours = &space->ours;
        if (kind == LANE_X25519_DERIVE)
            job->derive.peer[0] = 9;
        else
            fill_generator(job->derive.peer);
        break;
    case LANE_ECDSA_P256_SIGN:
    case LANE_RSA_SIGN:
        job->sign.scheme = scheme_find(kind == LANE_RSA_SIGN ? RSA_SCHEME : ECDSA_SCHEME);
        fill_number(job->sign.input, 0x37);
        job->sign.input_len = SHA256_LEN;
        job->sign.signature = space->signature;
        job->sign.signature_max = RSA_LEN_MAX;
        break;
    case LANE_ECDSA_P256_VERIFY:
        fill_number(r, 0x41);
        fill_number(s, 0x53);
        fill_generator(job->verify.point);
        fill_number(job->verify.digest, 0x37);
        job->verify.digest_len = SHA256_LEN;
        job->verify.signature_len = ecdsa_der_write(r, s, job->verify.signature);
        break;
    case LANE_RSA_VERIFY:
    case LANE_P384_DERIVE:
    case LANE_ECDSA_P384_SIGN:
    case LANE_ECDSA_P384_VERIFY:
    case LANE_ED25519_SIGN:
    case LANE_ED25519_VERIFY:
    case LANE_KIND_COUNT:
        break;
    }
}

/* A signature of nothing by a key that is none, but with nonces of its own: that is where the time
 * goes. */
static void sign_with_fresh_nonces(const struct lane_engine *engine, const struct lane_batch *batch)
{
    struct p256_number secrets[LANES_WIDE];
    struct ecdsa_nonce nonces[LANES_WIDE];
    if (private_random_scalars(secrets, LANES_WIDE) && engine->prepare_nonces(secrets, nonces))
        (void)engine->sign_ecdsa(batch, &p256_one, nonces);
    secret_wipe(secrets, sizeof(secrets));
    secret_wipe(nonces, sizeof(nonces));
}

static void run_engine(const struct break_even_parties *parties, const struct lane_batch *batch)
{
    const struct lane_engine *engine = parties->engine;
    switch (batch->jobs[0]->kind) {
    case LANE_X25519_DERIVE:
        (void)engine->derive_x25519(batch);
        break;
    case LANE_P256_DERIVE:
        (void)engine->derive_p256(batch);
        break;
    case LANE_ECDSA_P256_SIGN:
        sign_with_fresh_nonces(engine, batch);
        break;
    case LANE_ECDSA_P256_VERIFY:
        (void)engine->verify_ecdsa(batch);
        break;
    case LANE_RSA_SIGN:
        (void)engine->sign_rsa(batch, parties->keys->engine_keys[batch->jobs[0]->sign.key].rsa);
        break;
    case LANE_RSA_VERIFY:
    case LANE_P384_DERIVE:
    case LANE_ECDSA_P384_SIGN:
    case LANE_ECDSA_P384_VERIFY:
    case LANE_ED25519_SIGN:
    case LANE_ED25519_VERIFY:
    case LANE_KIND_COUNT:
        break;
    }
}

static bool is_signing(enum lane_kind kind)
{
    return kind == LANE_RSA_SIGN || kind == LANE_ECDSA_P256_SIGN;
}

static size_t measure(const struct break_even_parties *parties, const struct lane_clock *clock,
                      enum lane_kind kind)
{
    struct lane_job job;
    struct job_space space = {0};
    prepare(&job, kind, &space);
    if (is_signing(kind)) {
        job.sign.keys = parties->keys;
        job.sign.key = key_to_measure(parties, kind);
    }
    const struct lane_batch batch = {{&job}, 1};
    uint64_t eight_ns = NEVER;
    uint64_t single_ns = NEVER;
    for (int i = 0; i < (kind == LANE_RSA_SIGN ? RSA_ROUNDS : ROUNDS); i++) {
        uint64_t start = clock->now_ns(clock->context);
        run_engine(parties, &batch);
        uint64_t middle = clock->now_ns(clock->context);
        lane_libcrypto_run(parties->libcrypto, &job);
        uint64_t end = clock->now_ns(clock->context);
        eight_ns = nanoseconds_earlier(eight_ns, middle - start);
        single_ns = nanoseconds_earlier(single_ns, end - middle);
    }
    lane_job_wipe(&job);
    /* The first count for which so many times libcrypto takes at least as long. A clock that stands
     * still tells nothing. */
    for (size_t count = 1; count <= LANES_WIDE; count++)
        if (single_ns > 0 && count * single_ns >= eight_ns)
            return count;
    return BREAK_EVEN_NEVER;
}

static bool can_be_measured(const struct break_even_parties *parties, enum lane_kind kind)
{
    if (is_signing(kind))
        return key_to_measure(parties, kind) < LANE_KEYS_MAX;
    return kind < LANE_RSA_VERIFY;
}

void break_even_measure(const struct break_even_parties *parties, const struct lane_clock *clock,
                        uint8_t break_even[LANE_KIND_COUNT])
{
    break_even_assume(break_even);
    for (size_t i = 0; i < LANE_KIND_COUNT; i++) {
        enum lane_kind kind = (enum lane_kind)i;
        if (can_be_measured(parties, kind))
            break_even[i] = (uint8_t)measure(parties, clock, kind);
    }
}
