/* Diffie-Hellman on P-256 in eight lanes. */
#include <crypto_mb/ec_nistp256.h>

#include "crypto/multibuffer.h"

/* With a scalar a few below the order the last addition doubles a point, and the library does not
 * always notice; scalars like that go to libcrypto. */
unsigned multibuffer_derive_p256(const struct lane_batch *batch)
{
    unsigned left = 0;
    struct numbers ours;
    struct points peers;
    struct strings shared = {0};
    bool is_sound[LANES_WIDE] = {false};
    points_init(&peers);
    for (size_t i = 0; i < LANES_WIDE; i++)
        set_number(&ours, i, &p256_one);
    for (size_t i = 0; i < batch->count; i++) {
        const struct lane_job *job = batch->jobs[i];
        struct p256_number scalar = p256_number_of(job->derive.ours->private_key);
        set_number(&ours, i, &scalar);
        is_sound[i] = p256_number_is_scalar(&scalar) && points_set(&peers, i, job->derive.peer);
        if (p256_number_is_extreme(&scalar))
            left |= 1u << i;
        secret_wipe(&scalar, sizeof(scalar));
    }
    mbx_status status =
        mbx_nistp256_ecdh_mb8(strings_out(&shared).at, numbers_in(&ours).at,
                              numbers_in(&peers.x).at, numbers_in(&peers.y).at, NULL, NULL);
    for (size_t i = 0; i < batch->count; i++)
        finish_derive(batch->jobs[i], is_sound[i] && lane_is_good(status, i), shared.of[i]);
    secret_wipe(&ours, sizeof(ours));
    secret_wipe(&shared, sizeof(shared));
    return left;
}

bool multibuffer_complete_p256(struct key_pair *pairs)
{
    struct numbers ours;
    struct points points;
    for (size_t i = 0; i < LANES_WIDE; i++) {
        struct p256_number scalar = p256_number_of(pairs[i].private_key);
        set_number(&ours, i, &scalar);
        secret_wipe(&scalar, sizeof(scalar));
    }
    struct number_outputs x = numbers_out(&points.x);
    struct number_outputs y = numbers_out(&points.y);
    mbx_status status = mbx_nistp256_ecpublic_key_mb8(x.at, y.at, NULL, numbers_in(&ours).at, NULL);
    secret_wipe(&ours, sizeof(ours));
    if (status != MBX_STATUS_OK)
        return false;
    for (size_t i = 0; i < LANES_WIDE; i++) {
        struct p256_number point_x = get_number(&points.x, i);
        struct p256_number point_y = get_number(&points.y, i);
        pairs[i].public_key[0] = POINT_FORM_UNCOMPRESSED;
        p256_number_store(&point_x, pairs[i].public_key + POINT_X);
        p256_number_store(&point_y, pairs[i].public_key + POINT_Y);
    }
    return true;
}
