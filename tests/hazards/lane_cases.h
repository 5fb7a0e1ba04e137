/* Cases that could make an engine and libcrypto differ, and how they are run: each in every lane of
 * batches of one to eight. */
#ifndef TESTS_LANE_CASES_H
#define TESTS_LANE_CASES_H

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "lanes_support.h"

enum { CASES_MAX = 64 };

struct cases {
    struct fixture fixture;
    struct lane_job jobs[CASES_MAX];
    const char *names[CASES_MAX];
    size_t count;
};

static inline void cases_init(struct cases *cases)
{
    memset(cases, 0, sizeof(*cases));
    fixture_init(&cases->fixture, engine_here());
}

/* A job like the good ones, to be bent. */
static inline struct lane_job *add(struct cases *cases, enum lane_kind kind, const char *name)
{
    cr_assert_lt(cases->count, CASES_MAX);
    struct lane_job *job = &cases->jobs[cases->count];
    cases->names[cases->count++] = name;
    fill(&cases->fixture, job, kind, 2);
    return job;
}

static inline void copy_job(struct lane_job *to, const struct lane_job *from)
{
    *to = *from;
    list_init(&to->node);
}

/* One case in lane at of a batch of count; the others are good and stay so. */
static inline void run_case_at(struct cases *cases, size_t number, size_t at, size_t count)
{
    struct lane_job jobs[LANES_WIDE];
    struct lane_job asked[LANES_WIDE];
    uint8_t signatures[LANES_WIDE][RSA_LEN_MAX];
    const struct lane_job *good = &cases->jobs[0];
    for (size_t i = 0; i < count; i++) {
        copy_job(&jobs[i], i == at ? &cases->jobs[number] : good);
        if (jobs[i].kind == LANE_ECDSA_P256_SIGN)
            jobs[i].sign.signature = signatures[i];
        copy_job(&asked[i], &jobs[i]);
    }
    run_all(&cases->fixture, jobs, count, 0);
    for (size_t i = 0; i < count; i++)
        if (i != at)
            cr_expect(jobs[i].ok, "%s in lane %zu of %zu spoils lane %zu", cases->names[number], at,
                      count, i);
    expect_as_libcrypto(&cases->fixture, &jobs[at], &asked[at], cases->names[number]);
}

/* Every case in every lane of batches of every size. Case 0 is good. */
static inline void run_cases(struct cases *cases)
{
    for (size_t number = 0; number < cases->count; number++)
        for (size_t count = 1; count <= LANES_WIDE; count++)
            for (size_t at = 0; at < count; at++)
                run_case_at(cases, number, at, count);
    expect_no_libcrypto_error("a case");
    fixture_free(&cases->fixture);
}

/* What libcrypto says of the case named so: the cases are what they are meant to be. */
static inline void expect_verdict(const struct cases *cases, const char *name, bool ok)
{
    for (size_t i = 0; i < cases->count; i++) {
        if (strcmp(cases->names[i], name) != 0)
            continue;
        struct lane_job job = cases->jobs[i];
        lane_libcrypto_run(&cases->fixture.libcrypto, &job);
        cr_expect_eq(job.ok, ok, "%s", name);
        return;
    }
    cr_assert_fail("no case is called %s", name);
}

/* Arithmetic for making cases; libcrypto's. */
struct curve {
    EC_GROUP *group;
    BN_CTX *scratch;
    BIGNUM *order;
    BIGNUM *prime;
};

static inline void curve_init(struct curve *curve)
{
    curve->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    curve->scratch = BN_CTX_new();
    curve->order = BN_dup(EC_GROUP_get0_order(curve->group));
    curve->prime = BN_new();
    cr_assert(EC_GROUP_get_curve(curve->group, curve->prime, NULL, NULL, curve->scratch));
}

static inline void curve_free(struct curve *curve)
{
    BN_free(curve->order);
    BN_free(curve->prime);
    BN_CTX_free(curve->scratch);
    EC_GROUP_free(curve->group);
}

static inline void store(const BIGNUM *number, uint8_t out[P256_NUMBER_LEN])
{
    cr_assert_eq(BN_bn2binpad(number, out, P256_NUMBER_LEN), P256_NUMBER_LEN);
}

static inline BIGNUM *number_of(uint64_t value)
{
    BIGNUM *number = BN_new();
    cr_assert(BN_set_word(number, value));
    return number;
}

/* The point with this x and an odd or even y; false when there is none. */
static inline bool point_at(const struct curve *curve, const BIGNUM *x, uint8_t out[P256_POINT_LEN])
{
    EC_POINT *point = EC_POINT_new(curve->group);
    ERR_set_mark();
    bool there =
        EC_POINT_set_compressed_coordinates(curve->group, point, x, 1, curve->scratch) == 1;
    ERR_pop_to_mark();
    if (there)
        cr_assert_eq(EC_POINT_point2oct(curve->group, point, POINT_CONVERSION_UNCOMPRESSED, out,
                                        P256_POINT_LEN, curve->scratch),
                     P256_POINT_LEN);
    EC_POINT_free(point);
    return there;
}

#endif
