/* Hazard 26: the time of a batch does not depend on which lanes succeed, nor on the scalars in
 * them, as far as it can be measured.
 *
 * The patterns take turns, and the median of each is compared with that of eight good lanes. A
 * machine that is busy gets several attempts; a dependence that is there is there in each of them.
 * RINGDTLS_LONG=1 measures at length, against a narrower bound.
 *
 * Two dependences are known, and both are on what everybody can see. Peers' keys and digests that
 * the engine would get wrong go to libcrypto because of how they look (multibuffer.h). And a full
 * batch of points of which not one is on the curve ends early: eight peers learn that all of them
 * have sent nonsense. One sound point among them, or an empty lane, and it takes as long as ever.
 */
#include <stdlib.h>
#include <time.h>

#include "lane_cases.h"

enum { PATTERN_MAX = 16, ATTEMPTS = 6, ROUNDS = 200, ROUNDS_LONG = 5000 };

struct pattern {
    const char *name;
    struct lane_job jobs[LANES_WIDE];
    uint64_t took_ns[ROUNDS_LONG];
    uint64_t median_ns;
};

struct patterns {
    struct fixture fixture;
    struct pattern all[PATTERN_MAX];
    size_t count;
};

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct pattern *add_pattern(struct patterns *patterns, enum lane_kind kind, const char *name)
{
    cr_assert_lt(patterns->count, PATTERN_MAX);
    struct pattern *pattern = &patterns->all[patterns->count++];
    pattern->name = name;
    for (size_t i = 0; i < LANES_WIDE; i++)
        fill(&patterns->fixture, &pattern->jobs[i], kind, (uint8_t)(2 * i + 2));
    return pattern;
}

static void make_fail(struct lane_job *job)
{
    static const char order_8[] =
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
    switch (job->kind) {
    case LANE_X25519_DERIVE:
        memcpy(job->derive.peer, vector_of(order_8).data, X25519_LEN);
        break;
    case LANE_P256_DERIVE:
        job->derive.peer[P256_POINT_LEN - 1] ^= 1; /* off the curve */
        break;
    case LANE_ECDSA_P256_VERIFY:
        job->verify.digest[0] ^= 1;
        break;
    case LANE_ECDSA_P256_SIGN:
    case LANE_RSA_SIGN:
    case LANE_RSA_VERIFY:
    case LANE_P384_DERIVE:
    case LANE_ECDSA_P384_SIGN:
    case LANE_ECDSA_P384_VERIFY:
    case LANE_ED25519_SIGN:
    case LANE_ED25519_VERIFY:
    case LANE_KIND_COUNT:
        cr_assert_fail("no peer can make it fail");
    }
}

/* Which lanes fail, as bits. */
static void add_failing(struct patterns *patterns, enum lane_kind kind)
{
    static const struct {
        const char *name;
        unsigned lanes;
    } failing[] = {
        {"all good", 0x00},         {"the first fails", 0x01},    {"the fourth fails", 0x08},
        {"the last fails", 0x80},   {"every second fails", 0x55}, {"half fail", 0xf0},
        {"all but one fail", 0xfe}, {"all fail", 0xff},
    };
    for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
        if (kind == LANE_P256_DERIVE && failing[i].lanes == 0xff)
            continue; /* ends early, see above */
        struct pattern *pattern = add_pattern(patterns, kind, failing[i].name);
        for (size_t lane = 0; lane < LANES_WIDE; lane++)
            if ((failing[i].lanes >> lane & 1) != 0)
                make_fail(&pattern->jobs[lane]);
    }
}

/* Our own halves: few bits, many bits. */
static void add_scalars(struct patterns *patterns, enum lane_kind kind)
{
    static const struct {
        const char *name;
        uint8_t filling;
    } scalars[] = {{"scalars of few bits", 0x00}, {"scalars of many bits", 0xfe}};
    for (size_t i = 0; i < 2; i++) {
        struct pattern *pattern = add_pattern(patterns, kind, scalars[i].name);
        for (size_t lane = 0; lane < LANES_WIDE; lane++) {
            uint8_t *scalar = pattern->jobs[lane].derive.ours->private_key;
            memset(scalar, scalars[i].filling, P256_SCALAR_LEN);
            scalar[0] = 0x40; /* below the order, and far from its ends */
            scalar[P256_SCALAR_LEN - 1] = 0x40;
        }
    }
}

static unsigned run(const struct lane_engine *engine, const struct lane_batch *batch)
{
    switch (batch->jobs[0]->kind) {
    case LANE_X25519_DERIVE:
        return engine->derive_x25519(batch);
    case LANE_P256_DERIVE:
        return engine->derive_p256(batch);
    case LANE_ECDSA_P256_VERIFY:
        return engine->verify_ecdsa(batch);
    case LANE_ECDSA_P256_SIGN:
    case LANE_RSA_SIGN:
    case LANE_RSA_VERIFY:
    case LANE_P384_DERIVE:
    case LANE_ECDSA_P384_SIGN:
    case LANE_ECDSA_P384_VERIFY:
    case LANE_ED25519_SIGN:
    case LANE_ED25519_VERIFY:
    case LANE_KIND_COUNT:
        break;
    }
    return UINT32_MAX;
}

static void measure_one(const struct lane_engine *engine, struct pattern *pattern, size_t round)
{
    struct lane_batch batch = {.count = LANES_WIDE};
    for (size_t i = 0; i < LANES_WIDE; i++)
        batch.jobs[i] = &pattern->jobs[i];
    uint64_t start = cpu_ns();
    unsigned left = run(engine, &batch);
    uint64_t took = cpu_ns() - start;
    cr_assert_eq(left, 0, "%s: left to libcrypto", pattern->name);
    pattern->took_ns[round] = took;
}

static int compare(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a;
    uint64_t second = *(const uint64_t *)b;
    return first < second ? -1 : first > second;
}

static uint64_t median(uint64_t *values, size_t count)
{
    qsort(values, count, sizeof(values[0]), compare);
    return values[count / 2];
}

/* The largest deviation from the first pattern, in per mille of its time. */
static uint64_t worst_deviation(const struct patterns *patterns, const char **name)
{
    uint64_t expected = patterns->all[0].median_ns;
    uint64_t worst = 0;
    for (size_t i = 1; i < patterns->count; i++) {
        uint64_t took = patterns->all[i].median_ns;
        uint64_t off = took > expected ? took - expected : expected - took;
        if (off * 1000 / expected >= worst) {
            worst = off * 1000 / expected;
            *name = patterns->all[i].name;
        }
    }
    return worst;
}

static uint64_t measure(const struct lane_engine *engine, struct patterns *patterns, size_t rounds,
                        const char **name)
{
    for (size_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < patterns->count; i++)
            measure_one(engine, &patterns->all[(i + round) % patterns->count], round);
    for (size_t i = 0; i < patterns->count; i++)
        patterns->all[i].median_ns = median(patterns->all[i].took_ns, rounds);
    return worst_deviation(patterns, name);
}

static void expect_even_time(enum lane_kind kind)
{
    static struct patterns patterns;
    const struct lane_engine *engine = engine_here();
    const bool at_length = getenv("RINGDTLS_LONG") != NULL;
    const uint64_t bound = at_length ? 30 : 200; /* per mille */
    const char *name = "";
    uint64_t off = UINT64_MAX;
    if (engine == NULL)
        return;
    memset(&patterns, 0, sizeof(patterns));
    fixture_init(&patterns.fixture, engine);
    add_failing(&patterns, kind);
    if (kind != LANE_ECDSA_P256_VERIFY)
        add_scalars(&patterns, kind);
    for (int i = 0; i < ATTEMPTS && off > bound; i++)
        off = measure(engine, &patterns, at_length ? ROUNDS_LONG : ROUNDS, &name);
    cr_log_info("kind %d: %llu ns, off by at most %llu per mille (%s)", (int)kind,
                (unsigned long long)patterns.all[0].median_ns, (unsigned long long)off, name);
    cr_expect_leq(off, bound, "%s is off by %llu per mille", name, (unsigned long long)off);
    fixture_free(&patterns.fixture);
}

Test(hazard_26, x25519_takes_as_long_whatever_succeeds, .timeout = 600)
{
    expect_even_time(LANE_X25519_DERIVE);
}

Test(hazard_26, p256_takes_as_long_whatever_succeeds, .timeout = 600)
{
    expect_even_time(LANE_P256_DERIVE);
}

Test(hazard_26, verification_takes_as_long_whatever_succeeds, .timeout = 600)
{
    expect_even_time(LANE_ECDSA_P256_VERIFY);
}
