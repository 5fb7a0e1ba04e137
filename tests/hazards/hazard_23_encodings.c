#define OPENSSL_SUPPRESS_DEPRECATED /* EC_KEY makes a key of any number */

/* Hazard 23: the kinds of input that Project Wycheproof collects for ECDSA and ECDH on P-256, each
 * in every lane of batches of every size, against libcrypto: encodings of signatures that are
 * almost DER, numbers beyond the order, points and scalars at the edges, and keys that sign at the
 * edges. */
#include "crypto/ecdsa_der.h"
#include "crypto/private_key.h"
#include "lane_cases.h"

enum { RAW_MAX = 80 };

/* r and s of a good signature, as DER has them: with a zero in front where the sign bit is set. */
struct halves {
    uint8_t r[P256_NUMBER_LEN + 1];
    uint8_t s[P256_NUMBER_LEN + 1];
    size_t r_len;
    size_t s_len;
};

static struct halves halves_of(const struct lane_job *job)
{
    const uint8_t *der = job->verify.signature;
    struct halves halves = {.r_len = der[3]};
    memcpy(halves.r, der + 4, halves.r_len);
    halves.s_len = der[5 + halves.r_len];
    memcpy(halves.s, der + 6 + halves.r_len, halves.s_len);
    cr_assert_eq(6 + halves.r_len + halves.s_len, job->verify.signature_len);
    return halves;
}

/* A case whose signature is these bytes, as far as they fit a job; a handshake refuses longer ones
 * before. */
static void add_raw(struct cases *cases, const char *name, const uint8_t *bytes, size_t len)
{
    if (len > ECDSA_P256_SIGNATURE_MAX)
        return;
    struct lane_job *job = add(cases, LANE_ECDSA_P256_VERIFY, name);
    const struct lane_job *good = &cases->jobs[0];
    memcpy(job->verify.digest, good->verify.digest, sizeof(job->verify.digest));
    job->verify.digest_len = good->verify.digest_len;
    memset(job->verify.signature, 0, sizeof(job->verify.signature));
    memcpy(job->verify.signature, bytes, len);
    job->verify.signature_len = len;
}

/* Two integers with their headers, in a sequence; the first one's tag and a prefix can be odd. */
struct odd_der {
    const char *name;
    uint8_t sequence_tag;
    uint8_t integer_tag;
    uint8_t pad_r; /* zeros in front of r */
    uint8_t pad_s;
    uint8_t trailing; /* bytes behind s, in the sequence */
    uint8_t behind;   /* bytes behind the sequence */
    bool long_form;   /* the sequence's length in two bytes */
    bool indefinite;  /* 0x80, and two zeros at the end */
    int8_t length_off;
};

static size_t write_odd(const struct halves *halves, const struct odd_der *odd,
                        uint8_t out[RAW_MAX])
{
    size_t r_len = halves->r_len + odd->pad_r;
    size_t s_len = halves->s_len + odd->pad_s;
    size_t at = 0;
    memset(out, 0, RAW_MAX);
    out[at++] = odd->sequence_tag;
    if (odd->long_form)
        out[at++] = 0x81;
    out[at++] = odd->indefinite
                    ? 0x80
                    : (uint8_t)((int)(4 + r_len + s_len + odd->trailing) + odd->length_off);
    out[at++] = odd->integer_tag;
    out[at++] = (uint8_t)r_len;
    memcpy(out + at + odd->pad_r, halves->r, halves->r_len);
    at += r_len;
    out[at++] = 2;
    out[at++] = (uint8_t)s_len;
    memcpy(out + at + odd->pad_s, halves->s, halves->s_len);
    return at + s_len + odd->trailing + odd->behind + (odd->indefinite ? 2 : 0);
}

static void add_odd_der(struct cases *cases)
{
    static const struct odd_der kinds[] = {
        {"as it should be", 0x30, 2, 0, 0, 0, 0, false, false, 0},
        {"a length in long form", 0x30, 2, 0, 0, 0, 0, true, false, 0},
        {"an indefinite length", 0x30, 2, 0, 0, 0, 0, false, true, 0},
        {"a zero in front of r", 0x30, 2, 1, 0, 0, 0, false, false, 0},
        {"a zero in front of s", 0x30, 2, 0, 1, 0, 0, false, false, 0},
        {"a zero in front of both", 0x30, 2, 1, 1, 0, 0, false, false, 0},
        {"a set for a sequence", 0x31, 2, 0, 0, 0, 0, false, false, 0},
        {"no sequence", 0, 2, 0, 0, 0, 0, false, false, 0},
        {"a bit string for r", 0x30, 3, 0, 0, 0, 0, false, false, 0},
        {"a null for r", 0x30, 5, 0, 0, 0, 0, false, false, 0},
        {"a byte more in the sequence", 0x30, 2, 0, 0, 1, 0, false, false, 0},
        {"a byte more behind it", 0x30, 2, 0, 0, 0, 1, false, false, 0},
        {"a length too long", 0x30, 2, 0, 0, 0, 0, false, false, 1},
        {"a length too short", 0x30, 2, 0, 0, 0, 0, false, false, -1},
    };
    /* Short numbers, so that what is added still fits. */
    struct halves halves = halves_of(&cases->jobs[0]);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint8_t raw[RAW_MAX];
        add_raw(cases, kinds[i].name, raw, write_odd(&halves, &kinds[i], raw));
    }
    add_raw(cases, "nothing", halves.r, 0);
    add_raw(cases, "an empty sequence", (const uint8_t *)"\x30\x00", 2);
    add_raw(cases, "one number", (const uint8_t *)"\x30\x03\x02\x01\x01", 5);
    add_raw(cases, "empty numbers", (const uint8_t *)"\x30\x04\x02\x00\x02\x00", 6);
    add_raw(cases, "-1 and -1", (const uint8_t *)"\x30\x06\x02\x01\xff\x02\x01\xff", 8);
    add_raw(cases, "a length of 127", (const uint8_t *)"\x30\x7f\x02\x01\x01\x02\x01\x01", 8);
}

static void add_pair(struct cases *cases, const char *name, const BIGNUM *r, const BIGNUM *s)
{
    uint8_t r_bytes[P256_NUMBER_LEN];
    uint8_t s_bytes[P256_NUMBER_LEN];
    uint8_t der[ECDSA_P256_SIGNATURE_MAX];
    if (BN_num_bytes(r) > P256_NUMBER_LEN || BN_num_bytes(s) > P256_NUMBER_LEN)
        return;
    store(r, r_bytes);
    store(s, s_bytes);
    add_raw(cases, name, der, ecdsa_der_write(r_bytes, s_bytes, der));
}

/* The same numbers, or what is the same modulo the order but not below it. */
static void add_shifted_numbers(struct cases *cases, const struct curve *curve)
{
    struct p256_number r_number;
    struct p256_number s_number;
    uint8_t bytes[P256_NUMBER_LEN];
    const struct lane_job *good = &cases->jobs[0];
    cr_assert(ecdsa_der_read(bytes_of(good->verify.signature, good->verify.signature_len),
                             &r_number, &s_number));
    p256_number_store(&r_number, bytes);
    BIGNUM *r = BN_bin2bn(bytes, sizeof(bytes), NULL);
    p256_number_store(&s_number, bytes);
    BIGNUM *s = BN_bin2bn(bytes, sizeof(bytes), NULL);
    BIGNUM *other = BN_new();
    cr_assert(BN_sub(other, curve->order, s));
    add_pair(cases, "the order less s", r, other);
    cr_assert(BN_sub(other, curve->order, r));
    add_pair(cases, "the order less r", other, s);
    cr_assert(BN_add(other, curve->order, r));
    add_pair(cases, "r and the order", other, s);
    cr_assert(BN_add(other, curve->order, s));
    add_pair(cases, "s and the order", r, other);
    add_pair(cases, "r and s exchanged", s, r);
    add_pair(cases, "r twice", r, r);
    cr_assert(BN_mod_inverse(other, s, curve->order, curve->scratch) != NULL);
    add_pair(cases, "s inverted", r, other);
    BN_free(r);
    BN_free(s);
    BN_free(other);
}

Test(hazard_23, signatures_that_are_almost_der, .timeout = 120)
{
    static struct cases cases;
    struct curve curve;
    curve_init(&curve);
    cases_init(&cases);
    /* A signature that leaves room for what is added to it. */
    do {
        cases.count = 0;
        (void)add(&cases, LANE_ECDSA_P256_VERIFY, "good");
    } while (cases.jobs[0].verify.signature_len > ECDSA_P256_SIGNATURE_MAX - 2);
    add_odd_der(&cases);
    add_shifted_numbers(&cases, &curve);
    expect_verdict(&cases, "as it should be", true);
    expect_verdict(&cases, "the order less s", true);
    expect_verdict(&cases, "a length in long form", false);
    expect_verdict(&cases, "a zero in front of r", false);
    run_cases(&cases);
    curve_free(&curve);
}

/* The first point at x or beyond it. */
static void add_point_near(struct cases *cases, const struct curve *curve, const char *name,
                           const BIGNUM *from)
{
    struct lane_job *job = add(cases, LANE_P256_DERIVE, name);
    BIGNUM *x = BN_dup(from);
    while (!point_at(curve, x, job->derive.peer))
        cr_assert(BN_add_word(x, 1));
    BN_free(x);
}

static void add_edge_points(struct cases *cases, const struct curve *curve)
{
    static const int bits[] = {1, 16, 32, 64, 96, 128, 160, 192, 224, 240, 254, 255};
    BIGNUM *x = BN_new();
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        cr_assert(BN_one(x) && BN_lshift(x, x, bits[i]));
        add_point_near(cases, curve, "x near a power of two", x);
        cr_assert(BN_sub_word(x, 3));
        add_point_near(cases, curve, "x below a power of two", x);
    }
    cr_assert(BN_sub(x, curve->prime, BN_value_one()) && BN_sub_word(x, 40));
    add_point_near(cases, curve, "x near the prime", x);
    BN_free(x);
}

static void negate(const struct curve *curve, uint8_t point[P256_POINT_LEN])
{
    BIGNUM *y = BN_bin2bn(point + 1 + P256_NUMBER_LEN, P256_NUMBER_LEN, NULL);
    cr_assert(BN_sub(y, curve->prime, y));
    store(y, point + 1 + P256_NUMBER_LEN);
    BN_free(y);
}

/* Ours and the peer's are related: what is added up on the way meets itself. */
static void add_related_points(struct cases *cases, const struct curve *curve)
{
    struct lane_job *job = add(cases, LANE_P256_DERIVE, "our own point");
    memcpy(job->derive.peer, job->derive.ours->public_key, P256_POINT_LEN);
    job = add(cases, LANE_P256_DERIVE, "our own point, negative");
    memcpy(job->derive.peer, job->derive.ours->public_key, P256_POINT_LEN);
    negate(curve, job->derive.peer);
    job = add(cases, LANE_P256_DERIVE, "the generator");
    p256_number_store(&p256_generator_x, job->derive.peer + 1);
    p256_number_store(&p256_generator_y, job->derive.peer + 1 + P256_NUMBER_LEN);
    const struct lane_job generator = *job;
    job = add(cases, LANE_P256_DERIVE, "the generator, negative");
    memcpy(job->derive.peer, generator.derive.peer, P256_POINT_LEN);
    negate(curve, job->derive.peer);
    job = add(cases, LANE_P256_DERIVE, "a point of the curve with another b");
    memcpy(job->derive.peer, generator.derive.peer, P256_POINT_LEN);
    memset(job->derive.peer + 1 + P256_NUMBER_LEN, 0, P256_NUMBER_LEN); /* y = 0 */
}

static void add_edge_scalars(struct cases *cases, const struct curve *curve)
{
    static const int bits[] = {0, 1, 31, 32, 63, 64, 127, 128, 191, 192, 254, 255};
    BIGNUM *scalar = BN_new();
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        cr_assert(BN_one(scalar) && BN_lshift(scalar, scalar, bits[i]));
        store(scalar, add(cases, LANE_P256_DERIVE, "a power of two")->derive.ours->private_key);
        cr_assert(BN_sub(scalar, curve->order, scalar));
        store(scalar, add(cases, LANE_P256_DERIVE, "the order less a power of two")
                          ->derive.ours->private_key);
    }
    BN_free(scalar);
}

Test(hazard_23, p256_points_and_scalars_at_the_edges, .timeout = 120)
{
    static struct cases cases;
    struct curve curve;
    curve_init(&curve);
    cases_init(&cases);
    (void)add(&cases, LANE_P256_DERIVE, "good");
    add_edge_points(&cases, &curve);
    add_related_points(&cases, &curve);
    add_edge_scalars(&cases, &curve);
    expect_verdict(&cases, "x near the prime", true);
    expect_verdict(&cases, "our own point, negative", true);
    expect_verdict(&cases, "a point of the curve with another b", false);
    run_cases(&cases);
    curve_free(&curve);
}

/* A private key that is this number, and its point. */
static EVP_PKEY *key_of(const struct curve *curve, const BIGNUM *number,
                        uint8_t encoded[P256_POINT_LEN])
{
    EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(curve->group);
    EVP_PKEY *pkey = EVP_PKEY_new();
    cr_assert(EC_POINT_mul(curve->group, point, number, NULL, NULL, curve->scratch));
    cr_assert(EC_KEY_set_private_key(key, number) && EC_KEY_set_public_key(key, point));
    cr_assert(EVP_PKEY_assign_EC_KEY(pkey, key));
    cr_assert_eq(EC_POINT_point2oct(curve->group, point, POINT_CONVERSION_UNCOMPRESSED, encoded,
                                    P256_POINT_LEN, curve->scratch),
                 P256_POINT_LEN);
    EC_POINT_free(point);
    return pkey;
}

/* As many at once as there are lanes, and fewer; libcrypto verifies each. */
static void expect_signs(const struct private_key *key, const uint8_t point[P256_POINT_LEN])
{
    struct fixture fixture;
    fixture_init(&fixture, engine_here());
    lane_keys_free(fixture.keys);
    fixture.keys = lane_keys_of(key, fixture.options.engine);
    memcpy(fixture.point, point, P256_POINT_LEN);
    for (size_t count = 1; count <= LANES_WIDE; count++) {
        struct lane_job jobs[LANES_WIDE];
        for (size_t i = 0; i < count; i++)
            fill(&fixture, &jobs[i], LANE_ECDSA_P256_SIGN, (uint8_t)(count + i));
        run_all(&fixture, jobs, count, 0);
        for (size_t i = 0; i < count; i++) {
            cr_expect(jobs[i].ok);
            expect_as_libcrypto(&fixture, &jobs[i], &jobs[i], "an extreme key");
        }
    }
    fixture_free(&fixture);
}

Test(hazard_23, keys_at_the_edges_sign, .timeout = 120)
{
    struct curve curve;
    curve_init(&curve);
    BIGNUM *number = BN_new();
    for (uint64_t i = 0; i < 8; i++) {
        uint8_t point[P256_POINT_LEN];
        cr_assert(BN_set_word(number, 1 + i / 2));
        if (i % 2 == 1)
            cr_assert(BN_sub(number, curve.order, number));
        struct private_key key = {key_of(&curve, number, point)};
        expect_signs(&key, point);
        EVP_PKEY_free(key.pkey);
    }
    BN_free(number);
    curve_free(&curve);
    expect_no_libcrypto_error("extreme keys");
}
