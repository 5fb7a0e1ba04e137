/*
 * Intel Cryptography Primitives' multi-buffer library (crypto_mb), on CPUs with AVX512-IFMA: what
 * our files around it share.
 *
 * It does not look at everything that it is given, so we do: coordinates from the prime on are
 * taken for what they are modulo the prime, a digest that is zero or not below the order is
 * refused, in signing and in verifying, and there are X25519 keys that it gets wrong. Every lane is
 * always filled: with a job, or with numbers that are valid and mean nothing.
 */
#ifndef CRYPTO_MULTIBUFFER_H
#define CRYPTO_MULTIBUFFER_H

#include <assert.h>
#include <crypto_mb/status.h>

#include "base/secret.h"
#include "crypto/lane_engine.h"

enum {
    POINT_FORM_UNCOMPRESSED = 4, /* SEC 1 section 2.3.3 */
    POINT_X = 1,
    POINT_Y = POINT_X + P256_NUMBER_LEN,
    STRING_LEN = 32,
};

static_assert((int)STRING_LEN == (int)X25519_LEN && (int)STRING_LEN == (int)P256_NUMBER_LEN &&
                  (int)STRING_LEN == (int)KEY_EXCHANGE_SHARED_LEN,
              "one length for all strings");

/* 64-bit words, least significant first. */
struct numbers {
    int64u of[LANES_WIDE][P256_NUMBER_WORDS];
};

/* X25519: least significant byte first; P-256: most significant byte first. */
struct strings {
    _Alignas(64) int8u of[LANES_WIDE][STRING_LEN];
};

struct number_inputs {
    const int64u *at[LANES_WIDE];
};

struct number_outputs {
    int64u *at[LANES_WIDE];
};

struct string_inputs {
    const int8u *at[LANES_WIDE];
};

struct string_outputs {
    int8u *at[LANES_WIDE];
};

static inline struct number_inputs numbers_in(const struct numbers *numbers)
{
    struct number_inputs inputs;
    for (size_t i = 0; i < LANES_WIDE; i++)
        inputs.at[i] = numbers->of[i];
    return inputs;
}

static inline struct number_outputs numbers_out(struct numbers *numbers)
{
    struct number_outputs outputs;
    for (size_t i = 0; i < LANES_WIDE; i++)
        outputs.at[i] = numbers->of[i];
    return outputs;
}

static inline struct string_inputs strings_in(const struct strings *strings)
{
    struct string_inputs inputs;
    for (size_t i = 0; i < LANES_WIDE; i++)
        inputs.at[i] = strings->of[i];
    return inputs;
}

static inline struct string_outputs strings_out(struct strings *strings)
{
    struct string_outputs outputs;
    for (size_t i = 0; i < LANES_WIDE; i++)
        outputs.at[i] = strings->of[i];
    return outputs;
}

static inline void set_number(struct numbers *numbers, size_t lane,
                              const struct p256_number *number)
{
    for (size_t i = 0; i < P256_NUMBER_WORDS; i++)
        numbers->of[lane][i] = number->words[i];
}

static inline struct p256_number get_number(const struct numbers *numbers, size_t lane)
{
    struct p256_number number;
    for (size_t i = 0; i < P256_NUMBER_WORDS; i++)
        number.words[i] = numbers->of[lane][i];
    return number;
}

static inline void set_string(struct strings *strings, size_t lane,
                              const struct p256_number *number)
{
    p256_number_store(number, strings->of[lane]);
}

static inline bool lane_is_good(mbx_status status, size_t lane)
{
    return MBX_GET_STS(status, (int)lane) == MBX_STATUS_OK;
}

static inline void finish_derive(struct lane_job *job, bool ok, const int8u shared[STRING_LEN])
{
    job->ok = ok;
    if (ok)
        memcpy(job->derive.shared, shared, STRING_LEN);
    else
        secret_wipe(job->derive.shared, STRING_LEN);
}

/* Points in affine coordinates; all lanes hold the generator until they are given another. */
struct points {
    struct numbers x;
    struct numbers y;
};

static inline void points_init(struct points *points)
{
    for (size_t i = 0; i < LANES_WIDE; i++) {
        set_number(&points->x, i, &p256_generator_x);
        set_number(&points->y, i, &p256_generator_y);
    }
}

/* false, and the lane stays as it is: not of the form that was agreed upon, or a coordinate that is
 * none. Whether the point is on the curve, the arithmetic says. */
static inline bool points_set(struct points *points, size_t lane,
                              const uint8_t point[P256_POINT_LEN])
{
    struct p256_number x = p256_number_of(point + POINT_X);
    struct p256_number y = p256_number_of(point + POINT_Y);
    if (point[0] != POINT_FORM_UNCOMPRESSED || !p256_number_is_coordinate(&x) ||
        !p256_number_is_coordinate(&y))
        return false;
    set_number(&points->x, lane, &x);
    set_number(&points->y, lane, &y);
    return true;
}

/* What lane_engine.h wants. */
unsigned multibuffer_derive_x25519(const struct lane_batch *batch);
unsigned multibuffer_derive_p256(const struct lane_batch *batch);
unsigned multibuffer_verify_ecdsa(const struct lane_batch *batch);
unsigned multibuffer_sign_ecdsa(const struct lane_batch *batch, const struct p256_number *key,
                                const struct ecdsa_nonce *nonces);
struct rsa_lanes *multibuffer_open_rsa(const struct rsa_numbers *numbers);
void multibuffer_close_rsa(struct rsa_lanes *rsa);
unsigned multibuffer_sign_rsa(const struct lane_batch *batch, struct rsa_lanes *rsa);
bool multibuffer_complete_x25519(struct key_pair *pairs);
bool multibuffer_complete_p256(struct key_pair *pairs);
bool multibuffer_prepare_nonces(const struct p256_number *secrets, struct ecdsa_nonce *nonces);

#endif
