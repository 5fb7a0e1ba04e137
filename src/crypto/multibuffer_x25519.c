/* X25519 (RFC 7748) in eight lanes. */
#include <crypto_mb/x25519.h>

#include "crypto/multibuffer.h"

enum { X25519_BASE_POINT = 9 };

/* The library's subtraction is one borrow short when its operands lie more than the prime apart,
 * which takes a key made of few bits: version 2021.12.1 answers wrongly for most from prime - 1
 * down to prime - 2^24, for some around half the prime, for 2^92 - 1. All that were found have 64
 * equal bits in a row, at a multiple of 32; one honest key in 2^60 has, and libcrypto has time for
 * it. Should there be others, whoever made one gets a handshake that fails, and our half of it is
 * used once. */
static bool x25519_has_few_bits(const uint8_t peer[STRING_LEN])
{
    static const uint8_t zeros[8];
    static const uint8_t ones[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t ones_at_top[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    bool found = memcmp(peer + STRING_LEN - 8, ones_at_top, 8) == 0;
    for (size_t i = 0; i + 8 <= STRING_LEN; i += 4)
        found = found || memcmp(peer + i, zeros, 8) == 0 || memcmp(peer + i, ones, 8) == 0;
    return found;
}

unsigned multibuffer_derive_x25519(const struct lane_batch *batch)
{
    static const uint8_t zero[STRING_LEN];
    unsigned left = 0;
    struct strings ours = {0};
    struct strings peers = {0};
    struct strings shared = {0};
    for (size_t i = 0; i < LANES_WIDE; i++)
        peers.of[i][0] = X25519_BASE_POINT;
    for (size_t i = 0; i < batch->count; i++) {
        const struct lane_job *job = batch->jobs[i];
        memcpy(ours.of[i], job->derive.ours->private_key, STRING_LEN);
        memcpy(peers.of[i], job->derive.peer, STRING_LEN);
        /* [rfc7748#5] "implementations of X25519 (but not X448) MUST mask the most significant
         * bit in the final byte." */
        peers.of[i][STRING_LEN - 1] &= 0x7f;
        if (x25519_has_few_bits(peers.of[i]))
            left |= 1u << i;
    }
    mbx_status status =
        mbx_x25519_mb8(strings_out(&shared).at, strings_in(&ours).at, strings_in(&peers).at);
    for (size_t i = 0; i < batch->count; i++) {
        /* [rfc8422#5.11] "a receiving party MUST check whether the computed premaster secret is
         * the all-zero value and abort the handshake if so" */
        bool is_zero = secret_is_equal(shared.of[i], zero, STRING_LEN);
        finish_derive(batch->jobs[i], lane_is_good(status, i) && !is_zero, shared.of[i]);
    }
    secret_wipe(&ours, sizeof(ours));
    secret_wipe(&shared, sizeof(shared));
    return left;
}

bool multibuffer_complete_x25519(struct key_pair *pairs)
{
    struct strings ours;
    struct strings public_keys = {0};
    for (size_t i = 0; i < LANES_WIDE; i++)
        memcpy(ours.of[i], pairs[i].private_key, STRING_LEN);
    mbx_status status =
        mbx_x25519_public_key_mb8(strings_out(&public_keys).at, strings_in(&ours).at);
    for (size_t i = 0; i < LANES_WIDE; i++)
        memcpy(pairs[i].public_key, public_keys.of[i], STRING_LEN);
    secret_wipe(&ours, sizeof(ours));
    return status == MBX_STATUS_OK;
}
