#include "crypto/key_exchange.h"

#include "crypto_support.h"

static struct key_pair pair_of(enum key_exchange_kind kind, const char *private_key,
                               const char *public_key)
{
    struct vector secret = vector_of(private_key);
    struct vector point = vector_of(public_key);
    struct key_pair pair = {.kind = kind};
    cr_assert_leq(secret.len, sizeof(pair.private_key));
    cr_assert_eq(point.len, key_exchange_public_len(kind));
    memcpy(pair.private_key, secret.data, secret.len);
    memcpy(pair.public_key, point.data, point.len);
    return pair;
}

static void expect_shared(struct key_exchange_engine *engine, const struct key_pair *ours,
                          const char *peer, const char *expected)
{
    struct vector point = vector_of(peer);
    uint8_t shared[KEY_EXCHANGE_SHARED_MAX] = {0};
    cr_assert(key_exchange_derive(engine, ours, point.data, shared));
    expect_hex(shared, key_exchange_shared_len(ours->kind), expected, "shared secret");
}

static void expect_refused(struct key_exchange_engine *engine, const struct key_pair *ours,
                           const struct vector *peer)
{
    uint8_t shared[KEY_EXCHANGE_SHARED_MAX] = {0};
    memset(shared, 0xee, sizeof(shared));
    cr_expect_not(key_exchange_derive(engine, ours, peer->data, shared));
    cr_expect(all_zero(shared, sizeof(shared)), "a refused key leaves a secret");
    expect_no_libcrypto_error("a refused key");
}

/* RFC 7748 section 5.2: scalar, u-coordinate, result. The scalars' own public keys are not given
 * there, and have no part in the result. */
Test(key_exchange, x25519_gives_the_vectors_of_rfc_7748_section_5)
{
    static const char *const rows[][3] = {
        {"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
         "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
         "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
        {"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
         "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
         "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
    };
    static const char any_public_key[] =
        "0900000000000000000000000000000000000000000000000000000000000000";
    struct key_exchange_engine *engine = key_exchange_engine_new();
    cr_assert_not_null(engine);
    for (size_t i = 0; i < 2; i++) {
        struct key_pair ours = pair_of(KEY_EXCHANGE_X25519, rows[i][0], any_public_key);
        expect_shared(engine, &ours, rows[i][1], rows[i][2]);
    }
    key_exchange_engine_free(engine);
}

/* RFC 7748 section 6.1: Alice, Bob, and what they share. */
Test(key_exchange, x25519_gives_the_vectors_of_rfc_7748_section_6)
{
    static const char alice_public[] =
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    static const char bob_public[] =
        "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
    static const char shared[] = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    struct key_pair alice =
        pair_of(KEY_EXCHANGE_X25519,
                "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", alice_public);
    struct key_pair bob =
        pair_of(KEY_EXCHANGE_X25519,
                "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", bob_public);
    struct key_exchange_engine *engine = key_exchange_engine_new();
    cr_assert_not_null(engine);
    expect_shared(engine, &alice, bob_public, shared);
    expect_shared(engine, &bob, alice_public, shared);
    key_exchange_engine_free(engine);
}

/* [rfc8422#5.11] "a receiving party MUST check whether the computed premaster secret is the
 * all-zero value and abort the handshake if so". The points whose order divides 8, and their other
 * encodings, as in D. J. Bernstein's list at https://cr.yp.to/ecdh.html#validate. */
Test(key_exchange, x25519_refuses_points_of_low_order)
{
    static const char *const low_order[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    struct key_exchange_engine *engine = key_exchange_engine_new();
    struct key_pair ours;
    cr_assert_not_null(engine);
    cr_assert(key_pair_generate(engine, KEY_EXCHANGE_X25519, &ours));
    for (size_t i = 0; i < sizeof(low_order) / sizeof(low_order[0]); i++) {
        struct vector peer = vector_of(low_order[i]);
        expect_refused(engine, &ours, &peer);
        /* [rfc7748#5] "implementations of X25519 (but not X448) MUST mask the most significant bit
         * in the final byte." */
        peer.data[X25519_LEN - 1] |= 0x80;
        expect_refused(engine, &ours, &peer);
    }
    key_exchange_engine_free(engine);
}

#define RFC_5903_INITIATOR                                                \
    "04 dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180" \
    "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3"
#define RFC_5903_RESPONDER                                                \
    "04 d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63" \
    "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"

/* RFC 5903 section 8.1 (the 256-bit random ECP group is P-256). [rfc8446#7.4.2] "leading zeros
 * found in this octet string MUST NOT be truncated." */
Test(key_exchange, p256_gives_the_vectors_of_rfc_5903)
{
    static const char shared[] = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";
    struct key_pair initiator = pair_of(
        KEY_EXCHANGE_P256, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
        RFC_5903_INITIATOR);
    struct key_pair responder = pair_of(
        KEY_EXCHANGE_P256, "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
        RFC_5903_RESPONDER);
    struct key_exchange_engine *engine = key_exchange_engine_new();
    cr_assert_not_null(engine);
    expect_shared(engine, &initiator, RFC_5903_RESPONDER, shared);
    expect_shared(engine, &responder, RFC_5903_INITIATOR, shared);
    key_exchange_engine_free(engine);
}

/* [rfc8422#5.11] "A receiving party MUST check that the x and y parameters from the peer's public
 * value satisfy the curve equation" [rfc8446#4.2.8.2] "For the curves secp256r1, secp384r1, and
 * secp521r1, peers MUST validate each other's public value Q by ensuring that the point is a valid
 * point on the elliptic curve." */
Test(key_exchange, p256_refuses_what_is_no_point)
{
    struct key_exchange_engine *engine = key_exchange_engine_new();
    struct key_pair ours;
    cr_assert_not_null(engine);
    cr_assert(key_pair_generate(engine, KEY_EXCHANGE_P256, &ours));
    struct vector good = vector_of(RFC_5903_RESPONDER);
    for (size_t at = 1; at < P256_POINT_LEN; at++) {
        struct vector off_curve = good;
        off_curve.data[at] ^= 1;
        expect_refused(engine, &ours, &off_curve);
    }
    /* Only the uncompressed form: neither infinity nor compressed, hybrid with either sign, or of
     * no meaning. */
    for (unsigned form = 0; form <= UINT8_MAX; form++) {
        struct vector other = good;
        other.data[0] = (uint8_t)form;
        if (form != 4)
            expect_refused(engine, &ours, &other);
    }
    /* A coordinate must be below p; this is p, which stands for zero nowhere. */
    struct vector too_large = good;
    struct vector p = vector_of("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    memcpy(too_large.data + 1, p.data, p.len);
    expect_refused(engine, &ours, &too_large);
    struct vector zero = {.data = {4}, .len = P256_POINT_LEN};
    expect_refused(engine, &ours, &zero);

    /* The engine still serves the next peer. */
    uint8_t shared[KEY_EXCHANGE_SHARED_MAX] = {0};
    cr_expect(key_exchange_derive(engine, &ours, good.data, shared));
    key_exchange_engine_free(engine);
}

Test(key_exchange, both_ends_derive_the_same)
{
    struct key_exchange_engine *engine = key_exchange_engine_new();
    cr_assert_not_null(engine);
    for (int kind = 0; kind < KEY_EXCHANGE_KIND_COUNT; kind++) {
        for (int i = 0; i < 50; i++) {
            struct key_pair a;
            struct key_pair b;
            uint8_t at_a[KEY_EXCHANGE_SHARED_MAX] = {0};
            uint8_t at_b[KEY_EXCHANGE_SHARED_MAX] = {0};
            cr_assert(key_pair_generate(engine, (enum key_exchange_kind)kind, &a));
            cr_assert(key_pair_generate(engine, (enum key_exchange_kind)kind, &b));
            cr_expect_neq(memcmp(a.private_key, b.private_key, sizeof(a.private_key)), 0);
            cr_assert(key_exchange_derive(engine, &a, b.public_key, at_a));
            cr_assert(key_exchange_derive(engine, &b, a.public_key, at_b));
            cr_expect_arr_eq(at_a, at_b, sizeof(at_a));
            cr_expect_not(all_zero(at_a, sizeof(at_a)));
        }
    }
    key_exchange_engine_free(engine);
}
