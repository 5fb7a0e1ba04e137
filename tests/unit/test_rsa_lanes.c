/* RSA signatures eight at a time, against libcrypto's verdict on each. */
#include "crypto/lane_engine.h"
#include "crypto/lanes.h"
#include "rsa_support.h"

enum { JOBS_MAX = 20, BY_ENGINE = 1 };

struct scene {
    EVP_PKEY *key;
    struct credential credential;
    struct lane_keys *keys;
    struct lanes *lanes;
    struct lane_job jobs[JOBS_MAX];
    uint8_t signatures[JOBS_MAX][RSA_LEN_MAX];
};

static void scene_init(struct scene *scene, unsigned bits, uint64_t exponent,
                       const struct lane_engine *engine)
{
    memset(scene, 0, sizeof(*scene));
    scene->key = rsa_key(bits, exponent);
    cr_assert_eq(credential_of(scene->key, &scene->credential), RDTLS_OK);
    const struct private_key *keys[LANE_KEYS_MAX] = {scene->credential.key};
    scene->keys = lane_keys_new(keys, engine);
    cr_assert_not_null(scene->keys);
    const struct lanes_options options = {
        .keys = scene->keys,
        .engine = engine,
        .break_even = {[LANE_RSA_SIGN] = BY_ENGINE},
    };
    scene->lanes = lanes_new(&options);
    cr_assert_not_null(scene->lanes);
}

static void scene_free(struct scene *scene)
{
    lanes_free(scene->lanes);
    lane_keys_free(scene->keys);
    credential_free(&scene->credential);
    EVP_PKEY_free(scene->key);
    expect_no_libcrypto_error("RSA in lanes");
}

static void submit(struct scene *scene, size_t i)
{
    struct lane_job *job = &scene->jobs[i];
    lane_job_init(job);
    job->kind = LANE_RSA_SIGN;
    job->sign.keys = scene->keys;
    job->sign.scheme = scheme_find(rsa_schemes[i % RSA_SCHEME_COUNT]);
    job->sign.input_len = digest_len(job->sign.scheme->hash);
    memset(job->sign.input, (int)i + 1, job->sign.input_len);
    job->sign.signature = scene->signatures[i];
    job->sign.signature_max = scene->credential.signature_max;
    lanes_submit(scene->lanes, job);
}

static void take_all(struct scene *scene)
{
    struct list_node finished;
    list_init(&finished);
    cr_assert(lanes_run(scene->lanes, 0, &finished));
    while (!list_is_empty(&finished))
        list_remove(finished.next);
}

static void expect_signed(const struct scene *scene, size_t i)
{
    const struct lane_job *job = &scene->jobs[i];
    cr_assert(job->ok, "job %zu", i);
    cr_expect(libcrypto_verifies(scene->key, job->sign.scheme,
                                 bytes_of(job->sign.input, job->sign.input_len),
                                 bytes_of(job->sign.signature, job->sign.signature_len)),
              "job %zu", i);
}

static void expect_all_counts(unsigned bits, uint64_t exponent, bool by_engine)
{
    struct scene scene;
    const struct lane_engine *engine = lane_engine_multibuffer();
    scene_init(&scene, bits, exponent, engine);
    for (size_t count = 1; count <= JOBS_MAX; count += 3) {
        for (size_t i = 0; i < count; i++)
            submit(&scene, i);
        take_all(&scene);
        for (size_t i = 0; i < count; i++)
            expect_signed(&scene, i);
    }
    const struct lane_counters *counters = lanes_counters(scene.lanes);
    bool batched = counters->batches[LANE_RSA_SIGN] < counters->jobs[LANE_RSA_SIGN];
    cr_expect_eq(batched, engine != NULL && by_engine, "%u bits", bits);
    scene_free(&scene);
}

Test(rsa_lanes, every_signature_is_right_whoever_makes_it, .timeout = 120)
{
    expect_all_counts(2048, 65537, true);
    expect_all_counts(3072, 65537, true);
    expect_all_counts(2048, 3, false);     /* opened with 65537 alone */
    expect_all_counts(2056, 65537, false); /* of no length that there are lanes for */
}

Test(rsa_lanes, four_thousand_bits, .timeout = 120)
{
    expect_all_counts(4096, 65537, true);
}

/* What fails fails alone, and writes nothing. */
Test(rsa_lanes, a_job_that_cannot_be_signed_spoils_no_other, .timeout = 120)
{
    struct scene scene;
    scene_init(&scene, 2048, 65537, lane_engine_multibuffer());
    for (size_t bad = 0; bad < LANES_WIDE; bad++) {
        for (size_t i = 0; i < LANES_WIDE; i++)
            submit(&scene, i);
        memset(scene.signatures[bad], 0, RSA_LEN_MAX);
        if (bad % 2 == 0)
            scene.jobs[bad].sign.input_len--;
        else
            scene.jobs[bad].sign.signature_max--;
        take_all(&scene);
        for (size_t i = 0; i < LANES_WIDE; i++)
            if (i != bad)
                expect_signed(&scene, i);
        cr_expect_not(scene.jobs[bad].ok);
        cr_expect(all_zero(scene.signatures[bad], RSA_LEN_MAX));
    }
    scene_free(&scene);
}

/* A computation that went wrong modulo one prime would give the other away: with dp spoiled, every
 * root of the engine's is such a one, and none may leave. */
Test(rsa_lanes, a_wrong_root_never_leaves, .timeout = 120)
{
    const struct lane_engine *engine = lane_engine_multibuffer();
    if (engine == NULL)
        return;
    EVP_PKEY *key = rsa_key(2048, 65537);
    struct credential credential;
    struct rsa_numbers numbers;
    cr_assert_eq(credential_of(key, &credential), RDTLS_OK);
    struct rsa_signer *signer = rsa_signer_new(credential.key);
    cr_assert(rsa_signer_numbers(signer, &numbers));
    struct rsa_lanes *rsa = engine->open_rsa(&numbers);
    cr_assert_not_null(rsa);
    engine->close_rsa(rsa);
    numbers.dp[0] ^= 2;
    cr_expect_null(engine->open_rsa(&numbers), "a key that does not compute right is not lent");
    rsa_signer_free(signer);
    credential_free(&credential);
    EVP_PKEY_free(key);
}

Test(rsa_lanes, a_peers_signature_is_verified_in_its_turn, .timeout = 60)
{
    struct scene scene;
    scene_init(&scene, 2048, 65537, lane_engine_multibuffer());
    struct public_key key;
    cr_assert_eq(certificate_public_key(scene.credential.chain[0], &key), RDTLS_OK);
    submit(&scene, 0);
    take_all(&scene);
    struct lane_job verify;
    for (int spoiled = 0; spoiled < 2; spoiled++) {
        scene.signatures[0][17] ^= (uint8_t)spoiled;
        lane_job_init(&verify);
        verify.kind = LANE_RSA_VERIFY;
        verify.verify_rsa.key = key.rsa;
        verify.verify_rsa.scheme = scene.jobs[0].sign.scheme;
        verify.verify_rsa.digest_len = scene.jobs[0].sign.input_len;
        memcpy(verify.verify_rsa.digest, scene.jobs[0].sign.input, verify.verify_rsa.digest_len);
        verify.verify_rsa.signature = bytes_of(scene.signatures[0], RSA_LEN_MIN);
        lanes_submit(scene.lanes, &verify);
        take_all(&scene);
        cr_expect_eq(verify.ok, spoiled == 0);
    }
    cr_expect_eq(lanes_counters(scene.lanes)->jobs[LANE_RSA_VERIFY], 2);
    scene_free(&scene);
}
