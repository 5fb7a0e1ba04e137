/* ML-KEM by libcrypto, or by what stands in for it. */
#include <openssl/err.h>

#include "crypto/ml_kem.h"
#include "crypto_support.h"
#include "stand_in_ml_kem.h"

static struct ml_kem *loaded_kem(void)
{
    cr_assert(stand_in_ml_kem_load());
    struct ml_kem *kem = ml_kem_new();
    cr_assert_not_null(kem);
    return kem;
}

Test(ml_kem, is_available_where_there_is_one)
{
    bool has_own = libcrypto_has_ml_kem();
    struct ml_kem *kem = ml_kem_new();
    cr_expect_eq(ml_kem_is_available(), has_own);
    cr_expect_eq(kem != NULL, has_own);
    cr_expect_eq(ERR_peek_error(), 0, "that there is none is no error of anybody's");
    ml_kem_free(kem);
    cr_assert(stand_in_ml_kem_load());
    cr_expect(ml_kem_is_available());
}

Test(ml_kem, both_ends_get_the_same_secret)
{
    struct ml_kem *kem = loaded_kem();
    uint8_t last[ML_KEM_SHARED_LEN] = {0};
    for (int i = 0; i < 4; i++) {
        uint8_t seed[ML_KEM_SEED_LEN];
        uint8_t public_key[ML_KEM_PUBLIC_LEN];
        uint8_t again[ML_KEM_PUBLIC_LEN];
        uint8_t ciphertext[ML_KEM_CIPHERTEXT_LEN];
        uint8_t at_server[ML_KEM_SHARED_LEN];
        uint8_t at_client[ML_KEM_SHARED_LEN];
        cr_assert(ml_kem_generate(kem, seed, public_key));
        cr_assert(ml_kem_expand(kem, seed, again));
        cr_expect_arr_eq(again, public_key, sizeof(again), "the seed is all there is to keep");
        cr_assert(ml_kem_encapsulate(kem, public_key, ciphertext, at_server));
        cr_assert(ml_kem_decapsulate(kem, seed, ciphertext, at_client));
        cr_expect_arr_eq(at_server, at_client, sizeof(at_client));
        cr_expect_arr_neq(at_client, last, sizeof(last), "another one each time");
        memcpy(last, at_client, sizeof(last));
    }
    ml_kem_free(kem);
}

/* FIPS 203 section 7.2: each coefficient is below 3329, which is 0xd01 of the twelve bits that it
 * has. */
Test(ml_kem, refuses_a_key_with_a_coefficient_that_is_none)
{
    enum { COEFFICIENTS = 768 };
    struct ml_kem *kem = loaded_kem();
    uint8_t seed[ML_KEM_SEED_LEN];
    uint8_t sound[ML_KEM_PUBLIC_LEN];
    uint8_t ciphertext[ML_KEM_CIPHERTEXT_LEN];
    uint8_t shared[ML_KEM_SHARED_LEN];
    cr_assert(ml_kem_generate(kem, seed, sound));
    for (size_t i = 0; i < COEFFICIENTS; i += 59) {
        for (unsigned value = 0xd00; value <= 0xd01; value++) {
            uint8_t key[ML_KEM_PUBLIC_LEN];
            memcpy(key, sound, sizeof(key));
            uint8_t *three = key + i / 2 * 3;
            three[0] = (uint8_t)(i % 2 == 0 ? value & 0xff : three[0]);
            three[1] = (uint8_t)(i % 2 == 0 ? (three[1] & 0xf0) | value >> 8
                                            : (three[1] & 0x0f) | (value & 0x0f) << 4);
            three[2] = (uint8_t)(i % 2 == 0 ? three[2] : value >> 4);
            memset(shared, 0x5a, sizeof(shared));
            cr_expect_eq(ml_kem_encapsulate(kem, key, ciphertext, shared), value == 0xd00,
                         "%#x as coefficient %zu", value, i);
        }
        static const uint8_t zero[ML_KEM_SHARED_LEN];
        cr_expect_arr_eq(shared, zero, sizeof(shared), "of a wrong key no secret is left");
    }
    cr_expect_eq(ERR_peek_error(), 0, "a peer's mistake leaves nothing in the host's queue");
    ml_kem_free(kem);
}

Test(ml_kem, a_changed_ciphertext_gives_a_secret_that_nobody_has)
{
    struct ml_kem *kem = loaded_kem();
    uint8_t seed[ML_KEM_SEED_LEN];
    uint8_t public_key[ML_KEM_PUBLIC_LEN];
    uint8_t ciphertext[ML_KEM_CIPHERTEXT_LEN];
    uint8_t theirs[ML_KEM_SHARED_LEN];
    uint8_t ours[ML_KEM_SHARED_LEN];
    uint8_t again[ML_KEM_SHARED_LEN];
    cr_assert(ml_kem_generate(kem, seed, public_key));
    cr_assert(ml_kem_encapsulate(kem, public_key, ciphertext, theirs));
    for (size_t i = 0; i < sizeof(ciphertext); i += 151) {
        ciphertext[i] ^= 1;
        cr_assert(ml_kem_decapsulate(kem, seed, ciphertext, ours));
        cr_assert(ml_kem_decapsulate(kem, seed, ciphertext, again));
        cr_expect_arr_neq(ours, theirs, sizeof(ours), "byte %zu", i);
        cr_expect_arr_eq(ours, again, sizeof(ours), "always the same one");
        ciphertext[i] ^= 1;
    }
    ml_kem_free(kem);
}
