/* ECDSA over P-256 (FIPS 186-4 section 6) in eight lanes. */
#include <crypto_mb/ec_nistp256.h>

#include "crypto/ecdsa_der.h"
#include "crypto/multibuffer.h"

/* Signatures, what they are of, and by whom; valid numbers that mean nothing until a lane is set.
 */
struct verifications {
    struct points keys;
    struct strings digests;
    struct strings r;
    struct strings s;
};

static void verifications_init(struct verifications *all)
{
    points_init(&all->keys);
    for (size_t i = 0; i < LANES_WIDE; i++) {
        set_string(&all->digests, i, &p256_one);
        set_string(&all->r, i, &p256_one);
        set_string(&all->s, i, &p256_one);
    }
}

enum verdict {
    VERDICT_WRONG,         /* without a look at the curve */
    VERDICT_COMPUTED_HERE, /* in its lane */
    VERDICT_LEFT,          /* to libcrypto */
};

static enum verdict verifications_set(struct verifications *all, size_t lane,
                                      const struct lane_job *job)
{
    struct p256_number r;
    struct p256_number s;
    struct bytes der = {job->verify.signature, job->verify.signature_len};
    if (job->verify.digest_len > DIGEST_LEN_MAX || !ecdsa_der_read(der, &r, &s) ||
        !points_set(&all->keys, lane, job->verify.point))
        return VERDICT_WRONG;
    struct p256_number digest =
        p256_number_of_digest(bytes_of(job->verify.digest, job->verify.digest_len));
    if (p256_number_is_zero(&digest))
        return VERDICT_LEFT;
    set_string(&all->digests, lane, &digest);
    set_string(&all->r, lane, &r);
    set_string(&all->s, lane, &s);
    return VERDICT_COMPUTED_HERE;
}

unsigned multibuffer_verify_ecdsa(const struct lane_batch *batch)
{
    struct verifications all;
    enum verdict verdicts[LANES_WIDE];
    unsigned left = 0;
    verifications_init(&all);
    for (size_t i = 0; i < batch->count; i++) {
        verdicts[i] = verifications_set(&all, i, batch->jobs[i]);
        if (verdicts[i] == VERDICT_LEFT)
            left |= 1u << i;
    }
    mbx_status status = mbx_nistp256_ecdsa_verify_mb8(
        strings_in(&all.r).at, strings_in(&all.s).at, strings_in(&all.digests).at,
        numbers_in(&all.keys.x).at, numbers_in(&all.keys.y).at, NULL, NULL);
    for (size_t i = 0; i < batch->count; i++)
        batch->jobs[i]->ok = verdicts[i] == VERDICT_COMPUTED_HERE && lane_is_good(status, i);
    return left;
}

/* What becomes signatures. */
struct signings {
    struct numbers keys;
    struct numbers inverses;
    struct numbers nonce_r;
    struct strings digests;
    struct strings r;
    struct strings s;
};

static void signings_set(struct signings *all, size_t lane, const struct p256_number *key,
                         const struct ecdsa_nonce *nonce, const struct p256_number *digest)
{
    set_number(&all->keys, lane, key);
    set_number(&all->inverses, lane, &nonce->inverse);
    set_number(&all->nonce_r, lane, &nonce->r);
    set_string(&all->digests, lane, digest);
}

unsigned multibuffer_sign_ecdsa(const struct lane_batch *batch, const struct p256_number *key,
                                const struct ecdsa_nonce *nonces)
{
    struct ecdsa_nonce no_nonce = {p256_one, p256_one};
    struct signings all = {0};
    unsigned left = 0;
    for (size_t i = 0; i < LANES_WIDE; i++)
        signings_set(&all, i, &p256_one, &no_nonce, &p256_one);
    for (size_t i = 0; i < batch->count; i++) {
        const struct lane_job *job = batch->jobs[i];
        size_t len = job->sign.input_len <= DIGEST_LEN_MAX ? job->sign.input_len : 0;
        struct p256_number digest = p256_number_of_digest(bytes_of(job->sign.input, len));
        if (p256_number_is_zero(&digest) || job->sign.signature_max < ECDSA_P256_SIGNATURE_MAX)
            left |= 1u << i;
        else
            signings_set(&all, i, key, &nonces[i], &digest);
    }
    mbx_status status = mbx_nistp256_ecdsa_sign_complete_mb8(
        strings_out(&all.r).at, strings_out(&all.s).at, strings_in(&all.digests).at,
        numbers_in(&all.nonce_r).at, numbers_in(&all.inverses).at, numbers_in(&all.keys).at, NULL);
    for (size_t i = 0; i < batch->count; i++) {
        struct lane_job *job = batch->jobs[i];
        if (!lane_is_good(status, i))
            left |= 1u << i; /* r or s is zero: once in 2^255 */
        job->ok = (left & 1u << i) == 0;
        if (job->ok)
            job->sign.signature_len =
                ecdsa_der_write(all.r.of[i], all.s.of[i], job->sign.signature);
    }
    secret_wipe(&all, sizeof(all));
    return left;
}

bool multibuffer_prepare_nonces(const struct p256_number *secrets, struct ecdsa_nonce *nonces)
{
    struct numbers scalars;
    struct numbers inverses;
    struct numbers r;
    for (size_t i = 0; i < LANES_WIDE; i++)
        set_number(&scalars, i, &secrets[i]);
    struct number_outputs inverses_out = numbers_out(&inverses);
    struct number_outputs r_out = numbers_out(&r);
    mbx_status status =
        mbx_nistp256_ecdsa_sign_setup_mb8(inverses_out.at, r_out.at, numbers_in(&scalars).at, NULL);
    for (size_t i = 0; status == MBX_STATUS_OK && i < LANES_WIDE; i++)
        nonces[i] = (struct ecdsa_nonce){get_number(&inverses, i), get_number(&r, i)};
    secret_wipe(&scalars, sizeof(scalars));
    secret_wipe(&inverses, sizeof(inverses));
    return status == MBX_STATUS_OK;
}
