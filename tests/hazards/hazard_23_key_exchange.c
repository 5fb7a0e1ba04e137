/* Hazard 23: key exchange in every lane against libcrypto's, over what a peer could send to make
 * them differ. */
#include "lane_cases.h"

static void add_x25519_peer(struct cases *cases, const char *name, const char *hex)
{
    struct vector peer = vector_of(hex);
    cr_assert_eq(peer.len, X25519_LEN);
    struct lane_job *job = add(cases, LANE_X25519_DERIVE, name);
    memcpy(job->derive.peer, peer.data, X25519_LEN);
    /* The same with the bit that is to be ignored. */
    job = add(cases, LANE_X25519_DERIVE, name);
    memcpy(job->derive.peer, peer.data, X25519_LEN);
    job->derive.peer[X25519_LEN - 1] ^= 0x80;
}

Test(hazard_23, x25519_peers_of_low_order_and_odd_encodings, .timeout = 120)
{
    static struct cases cases;
    cases_init(&cases);
    (void)add(&cases, LANE_X25519_DERIVE, "good");
    add_x25519_peer(&cases, "0",
                    "0000000000000000000000000000000000000000000000000000000000000000");
    add_x25519_peer(&cases, "1",
                    "0100000000000000000000000000000000000000000000000000000000000000");
    add_x25519_peer(&cases, "order 8",
                    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
    add_x25519_peer(&cases, "order 8, the other",
                    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157");
    add_x25519_peer(&cases, "p - 1",
                    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    add_x25519_peer(&cases, "p",
                    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    add_x25519_peer(&cases, "p + 1",
                    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    add_x25519_peer(&cases, "p + 9, not in its shortest form",
                    "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    add_x25519_peer(&cases, "p - 237",
                    "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    add_x25519_peer(&cases, "1 / 2",
                    "f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff3f");
    add_x25519_peer(&cases, "2^92 - 1",
                    "ffffffffffffffffffffff0f0000000000000000000000000000000000000000");
    add_x25519_peer(&cases, "2^255 - 1",
                    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    add_x25519_peer(&cases, "2, on the twist",
                    "0200000000000000000000000000000000000000000000000000000000000000");
    memset(add(&cases, LANE_X25519_DERIVE, "scalar of zeros")->derive.ours->private_key, 0,
           X25519_LEN);
    memset(add(&cases, LANE_X25519_DERIVE, "scalar of ones")->derive.ours->private_key, 0xff,
           X25519_LEN);
    expect_verdict(&cases, "0", false);
    expect_verdict(&cases, "p + 1", false);
    expect_verdict(&cases, "order 8", false);
    expect_verdict(&cases, "p + 9, not in its shortest form", true);
    expect_verdict(&cases, "scalar of zeros", true);
    run_cases(&cases);
}

static void add_p256_forms(struct cases *cases)
{
    static const uint8_t forms[] = {0, 1, 2, 3, 5, 6, 7, 0xff};
    static const char *const names[] = {"form 0", "form 1", "form 2", "form 3",
                                        "form 5", "form 6", "form 7", "form 255"};
    for (size_t i = 0; i < sizeof(forms); i++)
        add(cases, LANE_P256_DERIVE, names[i])->derive.peer[0] = forms[i];
    memset(add(cases, LANE_P256_DERIVE, "0, 0")->derive.peer + 1, 0, 64);
    memset(add(cases, LANE_P256_DERIVE, "all ones")->derive.peer + 1, 0xff, 64);
    add(cases, LANE_P256_DERIVE, "x off by one bit")->derive.peer[20] ^= 4;
    add(cases, LANE_P256_DERIVE, "y off by one bit")->derive.peer[64] ^= 1;
}

/* Right modulo the prime, but not below it. */
static void add_p256_coordinates(struct cases *cases, const struct curve *curve)
{
    struct lane_job *job = add(cases, LANE_P256_DERIVE, "x is 0");
    BIGNUM *x = number_of(0);
    cr_assert(point_at(curve, x, job->derive.peer));
    job = add(cases, LANE_P256_DERIVE, "x is the prime");
    cr_assert(point_at(curve, x, job->derive.peer));
    store(curve->prime, job->derive.peer + 1);
    job = add(cases, LANE_P256_DERIVE, "x is the prime and a little");
    for (uint64_t small = 1; !point_at(curve, x, job->derive.peer) || small == 1; small++)
        cr_assert(BN_set_word(x, small));
    cr_assert(BN_add(x, x, curve->prime));
    store(x, job->derive.peer + 1);
    BN_free(x);
}

static void add_p256_scalars(struct cases *cases, const struct curve *curve)
{
    BIGNUM *scalar = number_of(0);
    static const uint64_t small[] = {0, 1, 2, 3, 16};
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        cr_assert(BN_set_word(scalar, small[i]));
        store(scalar, add(cases, LANE_P256_DERIVE, "small scalar")->derive.ours->private_key);
        cr_assert(BN_sub(scalar, curve->order, scalar));
        store(scalar, add(cases, LANE_P256_DERIVE, "maximal scalar")->derive.ours->private_key);
    }
    /* The same with the generator for a peer: tables are made of it. */
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        struct lane_job *job = add(cases, LANE_P256_DERIVE, "small scalar, generator");
        cr_assert(BN_set_word(scalar, small[i]));
        store(scalar, job->derive.ours->private_key);
        p256_number_store(&p256_generator_x, job->derive.peer + 1);
        p256_number_store(&p256_generator_y, job->derive.peer + 33);
    }
    BN_free(scalar);
}

Test(hazard_23, p256_peers_off_the_curve_and_extreme_scalars, .timeout = 120)
{
    static struct cases cases;
    struct curve curve;
    curve_init(&curve);
    cases_init(&cases);
    (void)add(&cases, LANE_P256_DERIVE, "good");
    add_p256_forms(&cases);
    add_p256_coordinates(&cases, &curve);
    add_p256_scalars(&cases, &curve);
    expect_verdict(&cases, "x is 0", true);
    expect_verdict(&cases, "x is the prime", false);
    expect_verdict(&cases, "x is the prime and a little", false);
    expect_verdict(&cases, "small scalar, generator", false);
    expect_verdict(&cases, "maximal scalar", false);
    run_cases(&cases);
    curve_free(&curve);
}
