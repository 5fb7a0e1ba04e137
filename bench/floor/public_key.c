#include <stdio.h>
#include <stdlib.h>

#include "crypto/lane_engine.h"
#include "floor.h"

enum { BATCHES = 32, OPERATIONS = BATCHES * LANES_WIDE };

/* What the operations need. */
struct bench {
    struct credential credential;
    struct lane_keys *keys;
    struct lanes *lanes;
    void *memory;
    uint8_t peer[KEY_EXCHANGE_PUBLIC_MAX];
    struct public_key own; /* in the credential's certificate */
    struct lane_job jobs[LANES_WIDE];
    struct key_pair pairs[LANES_WIDE];
    uint8_t signatures[LANES_WIDE][ECDSA_P256_SIGNATURE_MAX];
};

static bool bench_open(struct bench *bench)
{
    struct key_pair peer;
    if (credential_self_signed(&bench->credential) != RDTLS_OK)
        return false;
    bench->memory = calloc(1, lanes_memory_len());
    if (bench->memory == NULL)
        return false;
    const struct private_key *keys[LANE_KEYS_MAX] = {bench->credential.key};
    bench->keys = lane_keys_new(keys, lane_engine_multibuffer());
    bench->lanes = lanes_new(&(struct lanes_options){.keys = bench->keys,
                                                     .engine = lane_engine_multibuffer(),
                                                     .memory = bench->memory,
                                                     .nonces_ahead = true});
    if (bench->keys == NULL || bench->lanes == NULL ||
        !lanes_key_pair(bench->lanes, KEY_EXCHANGE_X25519, &peer))
        return false;
    memcpy(bench->peer, peer.public_key, X25519_LEN);
    for (size_t i = 0; i < LANES_WIDE; i++)
        lane_job_init(&bench->jobs[i]);
    return certificate_public_key(bench->credential.chain[0], &bench->own) == RDTLS_OK;
}

static void bench_close(struct bench *bench)
{
    lanes_free(bench->lanes);
    lane_keys_free(bench->keys);
    free(bench->memory);
    credential_free(&bench->credential);
}

/* Eight jobs of a kind, filled in already. */
static bool run_eight(struct bench *bench, enum lane_kind kind)
{
    struct list_node finished;
    list_init(&finished);
    for (size_t i = 0; i < LANES_WIDE; i++) {
        bench->jobs[i].kind = kind;
        lanes_submit(bench->lanes, &bench->jobs[i]);
    }
    while (lanes_run(bench->lanes, 0, &finished)) {
    }
    bool good = true;
    for (size_t i = 0; i < LANES_WIDE; i++) {
        list_remove(&bench->jobs[i].node);
        good = good && bench->jobs[i].state == LANE_DONE && bench->jobs[i].ok;
    }
    return good;
}

static bool exchange_eight(struct bench *bench)
{
    bool good = true;
    for (size_t i = 0; i < LANES_WIDE; i++) {
        good = good && lanes_key_pair(bench->lanes, KEY_EXCHANGE_X25519, &bench->pairs[i]);
        bench->jobs[i].derive.ours = &bench->pairs[i];
        memcpy(bench->jobs[i].derive.peer, bench->peer, X25519_LEN);
    }
    return good && run_eight(bench, LANE_X25519_DERIVE);
}

static bool sign_eight(struct bench *bench)
{
    for (size_t i = 0; i < LANES_WIDE; i++) {
        /* Any digest that differs from the others. */
        memset(bench->jobs[i].sign.input, (int)(i + 1), SHA256_LEN);
        bench->jobs[i].sign.input_len = SHA256_LEN;
        bench->jobs[i].sign.signature = bench->signatures[i];
        bench->jobs[i].sign.keys = bench->keys;
        bench->jobs[i].sign.key = 0;
        bench->jobs[i].sign.signature_max = ECDSA_P256_SIGNATURE_MAX;
    }
    return run_eight(bench, LANE_ECDSA_P256_SIGN);
}

/* What the eight have just signed. */
static bool verify_eight(struct bench *bench)
{
    for (size_t i = 0; i < LANES_WIDE; i++) {
        struct lane_job signed_job = bench->jobs[i];
        struct lane_job *job = &bench->jobs[i];
        bytes_copy(job->verify.point, bench->own.point);
        memcpy(job->verify.digest, signed_job.sign.input, SHA256_LEN);
        job->verify.digest_len = SHA256_LEN;
        memcpy(job->verify.signature, signed_job.sign.signature, signed_job.sign.signature_len);
        job->verify.signature_len = signed_job.sign.signature_len;
    }
    return run_eight(bench, LANE_ECDSA_P256_VERIFY);
}

static bool measure(struct bench *bench, struct floor_public_key *figures)
{
    uint64_t exchange = 0;
    uint64_t sign = 0;
    uint64_t verify = 0;
    bool good = true;
    for (int i = 0; good && i < BATCHES; i++) {
        uint64_t begin = floor_cpu_ns();
        good = exchange_eight(bench);
        uint64_t exchanged = floor_cpu_ns();
        for (size_t k = 0; k < LANES_WIDE; k++)
            lane_job_wipe(&bench->jobs[k]);
        uint64_t wiped = floor_cpu_ns();
        good = good && sign_eight(bench);
        uint64_t signed_at = floor_cpu_ns();
        good = good && verify_eight(bench);
        exchange += exchanged - begin;
        sign += signed_at - wiped;
        verify += floor_cpu_ns() - signed_at;
    }
    *figures = (struct floor_public_key){
        .exchange_ns = (double)exchange / OPERATIONS,
        .sign_ns = (double)sign / OPERATIONS,
        .verify_ns = (double)verify / OPERATIONS,
    };
    return good;
}

bool floor_public_key(struct floor_public_key *figures)
{
    struct bench bench = {0};
    bool good = bench_open(&bench) && measure(&bench, figures);
    if (!good)
        fputs("floor: a public-key operation failed\n", stderr);
    bench_close(&bench);
    return good;
}
