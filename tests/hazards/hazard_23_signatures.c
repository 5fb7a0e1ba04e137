/* Hazard 23: signatures in every lane against libcrypto's, over what a peer could send to make them
 * differ. */
#include "crypto/ecdsa_der.h"
#include "lane_cases.h"

static void set_signature(struct lane_job *job, const BIGNUM *r, const BIGNUM *s)
{
    uint8_t r_bytes[P256_NUMBER_LEN];
    uint8_t s_bytes[P256_NUMBER_LEN];
    store(r, r_bytes);
    store(s, s_bytes);
    job->verify.signature_len = ecdsa_der_write(r_bytes, s_bytes, job->verify.signature);
}

static void add_extreme_signatures(struct cases *cases, const struct curve *curve)
{
    BIGNUM *values[] = {number_of(0),         number_of(1),         number_of(2),
                        BN_dup(curve->order), BN_dup(curve->order), BN_dup(curve->order),
                        BN_dup(curve->prime), BN_dup(curve->prime)};
    enum { VALUE_COUNT = sizeof(values) / sizeof(values[0]) };
    cr_assert(BN_sub_word(values[4], 1) && BN_add_word(values[5], 1) && BN_sub_word(values[6], 1));
    for (size_t i = 0; i < VALUE_COUNT; i++) {
        set_signature(add(cases, LANE_ECDSA_P256_VERIFY, "r and s alike"), values[i], values[i]);
        set_signature(add(cases, LANE_ECDSA_P256_VERIFY, "s of 1"), values[i], values[1]);
        set_signature(add(cases, LANE_ECDSA_P256_VERIFY, "r of 1"), values[1], values[i]);
    }
    for (size_t i = 0; i < VALUE_COUNT; i++)
        BN_free(values[i]);
}

static void add_bad_keys(struct cases *cases)
{
    add(cases, LANE_ECDSA_P256_VERIFY, "another key's x")->verify.point[20] ^= 4;
    add(cases, LANE_ECDSA_P256_VERIFY, "a hybrid point")->verify.point[0] = 6;
    memset(add(cases, LANE_ECDSA_P256_VERIFY, "a key of zeros")->verify.point + 1, 0, 64);
    memset(add(cases, LANE_ECDSA_P256_VERIFY, "a key of ones")->verify.point + 1, 0xff, 64);
    struct lane_job *job = add(cases, LANE_ECDSA_P256_VERIFY, "the generator for a key");
    p256_number_store(&p256_generator_x, job->verify.point + 1);
    p256_number_store(&p256_generator_y, job->verify.point + 33);
}

/* Signed by libcrypto: right, whatever the digest is. */
static struct lane_job *add_digest(struct cases *cases, const char *name, struct bytes digest)
{
    struct lane_job *job = add(cases, LANE_ECDSA_P256_VERIFY, name);
    memset(job->verify.digest, 0, sizeof(job->verify.digest));
    bytes_copy(job->verify.digest, digest);
    job->verify.digest_len = digest.len;
    sign_by_libcrypto(&cases->fixture, digest, job);
    return job;
}

static void add_digests(struct cases *cases, const struct curve *curve)
{
    static const uint8_t zeros[SHA384_LEN];
    uint8_t ones[SHA384_LEN];
    uint8_t number[P256_NUMBER_LEN];
    BIGNUM *below = BN_dup(curve->order);
    memset(ones, 0xff, sizeof(ones));
    (void)add_digest(cases, "a digest of zeros", bytes_of(zeros, SHA256_LEN));
    (void)add_digest(cases, "a digest of ones", bytes_of(ones, SHA256_LEN));
    (void)add_digest(cases, "a longer digest of ones", bytes_of(ones, SHA384_LEN));
    (void)add_digest(cases, "a digest of 20 bytes", bytes_of(ones, 20));
    (void)add_digest(cases, "no digest", bytes_of(zeros, 0));
    store(curve->order, number);
    (void)add_digest(cases, "the order for a digest", bytes_of(number, sizeof(number)));
    cr_assert(BN_sub_word(below, 1));
    store(below, number);
    (void)add_digest(cases, "the order less one", bytes_of(number, sizeof(number)));
    add_digest(cases, "zeros, and a bad signature", bytes_of(zeros, SHA256_LEN))
        ->verify.digest[31] ^= 1;
    add(cases, LANE_ECDSA_P256_VERIFY, "a digest too long")->verify.digest_len = DIGEST_LEN_MAX + 1;
    BN_free(below);
}

static void expect_digests(const struct cases *cases)
{
    static const char *const right[] = {
        "a digest of zeros",    "a digest of ones",       "a longer digest of ones", "no digest",
        "a digest of 20 bytes", "the order for a digest", "the order less one",
    };
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
        expect_verdict(cases, right[i], true);
    expect_verdict(cases, "zeros, and a bad signature", false);
}

Test(hazard_23, extreme_signatures_keys_and_digests, .timeout = 300)
{
    static struct cases cases;
    struct curve curve;
    curve_init(&curve);
    cases_init(&cases);
    (void)add(&cases, LANE_ECDSA_P256_VERIFY, "good");
    add_extreme_signatures(&cases, &curve);
    add_bad_keys(&cases);
    add_digests(&cases, &curve);
    expect_digests(&cases);
    run_cases(&cases);
    curve_free(&curve);
}

/* A key, a digest and a signature for which both halves of the last addition are what was asked
 * for: digest * G and r * Q, equal or opposite, since Q = q * G and digest = +-r * q. */
static void add_meeting_halves(struct cases *cases, const struct curve *curve, bool opposite)
{
    struct lane_job *job = add(cases, LANE_ECDSA_P256_VERIFY,
                               opposite ? "halves that cancel" : "halves that are equal");
    struct key_pair key = pair_of_libcrypto(&cases->fixture, KEY_EXCHANGE_P256);
    struct key_pair nonce = pair_of_libcrypto(&cases->fixture, KEY_EXCHANGE_P256);
    BIGNUM *q = BN_bin2bn(key.private_key, P256_NUMBER_LEN, NULL);
    BIGNUM *k = BN_bin2bn(nonce.private_key, P256_NUMBER_LEN, NULL);
    BIGNUM *r = BN_bin2bn(nonce.public_key + 1, P256_NUMBER_LEN, NULL);
    BIGNUM *digest = BN_new();
    BIGNUM *s = BN_new();
    BN_CTX *scratch = curve->scratch;
    cr_assert(BN_nnmod(r, r, curve->order, scratch));
    cr_assert(BN_mod_mul(digest, r, q, curve->order, scratch));
    cr_assert(BN_mod_lshift1(s, digest, curve->order, scratch)); /* digest + r * q */
    cr_assert(BN_mod_inverse(k, k, curve->order, scratch));
    cr_assert(BN_mod_mul(s, s, k, curve->order, scratch));
    if (opposite)
        cr_assert(BN_sub(digest, curve->order, digest));
    memcpy(job->verify.point, key.public_key, P256_POINT_LEN);
    store(digest, job->verify.digest);
    job->verify.digest_len = SHA256_LEN;
    set_signature(job, r, s);
    BIGNUM *all[] = {q, k, r, digest, s};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        BN_free(all[i]);
}

/* (k * G).x lies between the order and the prime, so that r is less than it. Nobody knows k, so the
 * key is found backwards: Q = (s * R - digest * G) / r. */
static void add_wrapped_r(struct cases *cases, const struct curve *curve)
{
    struct lane_job *job = add(cases, LANE_ECDSA_P256_VERIFY, "r has wrapped");
    uint8_t encoded[P256_POINT_LEN];
    BIGNUM *x = BN_dup(curve->order);
    BIGNUM *r = number_of(0);
    BIGNUM *s = number_of(12345);
    BIGNUM *digest = BN_bin2bn(job->verify.digest, SHA256_LEN, NULL);
    do {
        cr_assert(BN_add_word(x, 1) && BN_add_word(r, 1));
    } while (!point_at(curve, x, encoded));
    BIGNUM *over_r = BN_mod_inverse(NULL, r, curve->order, curve->scratch);
    EC_POINT *point = EC_POINT_new(curve->group);
    cr_assert(EC_POINT_oct2point(curve->group, point, encoded, P256_POINT_LEN, curve->scratch));
    cr_assert(BN_mod_mul(s, s, over_r, curve->order, curve->scratch));
    cr_assert(BN_mod_mul(digest, digest, over_r, curve->order, curve->scratch));
    cr_assert(BN_sub(digest, curve->order, digest));
    cr_assert(EC_POINT_mul(curve->group, point, digest, point, s, curve->scratch));
    cr_assert_eq(EC_POINT_point2oct(curve->group, point, POINT_CONVERSION_UNCOMPRESSED,
                                    job->verify.point, P256_POINT_LEN, curve->scratch),
                 P256_POINT_LEN);
    BIGNUM *s_itself = number_of(12345);
    set_signature(job, r, s_itself);
    BIGNUM *all[] = {x, r, s, digest, over_r, s_itself};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        BN_free(all[i]);
    EC_POINT_free(point);
}

/* [fips186-4#6.4.2] The sum of two points that are equal is no ordinary sum. An engine may refuse
 * that signature, but nothing else, and spoil no other lane. */
Test(hazard_23, a_signature_with_equal_halves_spoils_no_other, .timeout = 120)
{
    static struct cases cases;
    struct curve curve;
    curve_init(&curve);
    cases_init(&cases);
    (void)add(&cases, LANE_ECDSA_P256_VERIFY, "good");
    for (size_t i = 0; i < LANES_WIDE; i++)
        add_meeting_halves(&cases, &curve, false);
    expect_verdict(&cases, "halves that are equal", true);
    for (size_t at = 0; at < LANES_WIDE; at++) {
        struct lane_job jobs[LANES_WIDE];
        for (size_t i = 0; i < LANES_WIDE; i++)
            copy_job(&jobs[i], &cases.jobs[i == at ? 1 + at : 0]);
        run_all(&cases.fixture, jobs, LANES_WIDE, 0);
        for (size_t i = 0; i < LANES_WIDE; i++)
            cr_expect(jobs[i].ok || i == at);
    }
    fixture_free(&cases.fixture);
    curve_free(&curve);
}

Test(hazard_23, signatures_that_meet_the_exceptions_of_the_arithmetic, .timeout = 120)
{
    static struct cases cases;
    struct curve curve;
    curve_init(&curve);
    cases_init(&cases);
    (void)add(&cases, LANE_ECDSA_P256_VERIFY, "good");
    for (size_t i = 0; i < LANES_WIDE; i++)
        add_meeting_halves(&cases, &curve, true);
    add_wrapped_r(&cases, &curve);
    expect_verdict(&cases, "halves that cancel", false);
    expect_verdict(&cases, "r has wrapped", true);
    run_cases(&cases);
    curve_free(&curve);
}

static void add_digest_to_sign(struct cases *cases, const char *name, struct bytes digest)
{
    struct lane_job *job = add(cases, LANE_ECDSA_P256_SIGN, name);
    memset(job->sign.input, 0, sizeof(job->sign.input));
    bytes_copy(job->sign.input, digest);
    job->sign.input_len = digest.len;
}

Test(hazard_23, extreme_digests_are_signed, .timeout = 120)
{
    static struct cases cases;
    static const uint8_t zeros[SHA384_LEN];
    uint8_t ones[SHA384_LEN];
    uint8_t order[P256_NUMBER_LEN];
    struct curve curve;
    curve_init(&curve);
    cases_init(&cases);
    memset(ones, 0xff, sizeof(ones));
    store(curve.order, order);
    (void)add(&cases, LANE_ECDSA_P256_SIGN, "good");
    add_digest_to_sign(&cases, "zeros", bytes_of(zeros, SHA256_LEN));
    add_digest_to_sign(&cases, "ones", bytes_of(ones, SHA256_LEN));
    add_digest_to_sign(&cases, "more ones", bytes_of(ones, SHA384_LEN));
    add_digest_to_sign(&cases, "20 bytes", bytes_of(ones, 20));
    add_digest_to_sign(&cases, "nothing", bytes_of(zeros, 0));
    add_digest_to_sign(&cases, "the order", bytes_of(order, sizeof(order)));
    add(&cases, LANE_ECDSA_P256_SIGN, "too long")->sign.input_len = DIGEST_LEN_MAX + 1;
    run_cases(&cases);
    curve_free(&curve);
}

/* What a peer sends by chance rather than by design: bits flipped anywhere in a signature. */
Test(hazard_23, signatures_with_a_bit_flipped, .timeout = 300)
{
    struct fixture fixture;
    struct lane_job jobs[LANES_WIDE];
    struct lane_job asked[LANES_WIDE];
    struct lane_job good;
    fixture_init(&fixture, engine_here());
    fill(&fixture, &good, LANE_ECDSA_P256_VERIFY, 2);
    for (size_t byte = 0; byte < good.verify.signature_len; byte++) {
        for (size_t bit = 0; bit < LANES_WIDE; bit++) {
            copy_job(&jobs[bit], &good);
            jobs[bit].verify.signature[byte] ^= (uint8_t)(1u << bit);
            copy_job(&asked[bit], &jobs[bit]);
        }
        run_all(&fixture, jobs, LANES_WIDE, 0);
        for (size_t bit = 0; bit < LANES_WIDE; bit++)
            expect_as_libcrypto(&fixture, &jobs[bit], &asked[bit], "a flipped bit");
    }
    fixture_free(&fixture);
}
