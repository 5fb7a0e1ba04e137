/* RSA signatures (RFC 8017 section 5.2.1) in eight lanes, by the Chinese remainder theorem. */
#include <crypto_mb/cpu_features.h>
#include <crypto_mb/rsa.h>

#include "crypto/multibuffer.h"

struct rsa_lanes {
    struct rsa_numbers numbers;
    const mbx_RSA_Method *private_method;
    const mbx_RSA_Method *public_method; /* the exponent is 65537 */
    size_t scratch_len;
    uint8_t *scratch;
};

enum { BITS_PER_BYTE = 8, ALL_LANES = (1 << LANES_WIDE) - 1 };

/* Big-endian, of the length of the modulus. */
struct rsa_strings {
    int8u of[LANES_WIDE][RSA_LEN_MAX];
};

static struct string_inputs rsa_strings_in(const struct rsa_strings *strings)
{
    struct string_inputs inputs;
    for (size_t i = 0; i < LANES_WIDE; i++)
        inputs.at[i] = strings->of[i];
    return inputs;
}

static struct string_outputs rsa_strings_out(struct rsa_strings *strings)
{
    struct string_outputs outputs;
    for (size_t i = 0; i < LANES_WIDE; i++)
        outputs.at[i] = strings->of[i];
    return outputs;
}

static struct number_inputs same_in_all(const uint64_t *words)
{
    struct number_inputs inputs;
    for (size_t i = 0; i < LANES_WIDE; i++)
        inputs.at[i] = (const int64u *)(const void *)words;
    return inputs;
}

static enum MBX_ALGO algorithm_of(size_t bits)
{
    return bits == 2048 ? MBX_ALGO_RSA_2K : bits == 3072 ? MBX_ALGO_RSA_3K : MBX_ALGO_RSA_4K;
}

void multibuffer_close_rsa(struct rsa_lanes *rsa)
{
    if (rsa->scratch != NULL)
        crypto_release(rsa->scratch, rsa->scratch_len);
    crypto_release(rsa, sizeof(*rsa));
}

/* Frames become their roots. */
static void compute(struct rsa_lanes *rsa, const struct rsa_strings *padded,
                    struct rsa_strings *roots)
{
    const struct rsa_numbers *numbers = &rsa->numbers;
    (void)mbx_rsa_private_crt_mb8(
        rsa_strings_in(padded).at, rsa_strings_out(roots).at, same_in_all(numbers->p).at,
        same_in_all(numbers->q).at, same_in_all(numbers->dp).at, same_in_all(numbers->dq).at,
        same_in_all(numbers->q_inverse).at, (int)numbers->bits, rsa->private_method, rsa->scratch);
    secret_wipe(rsa->scratch, rsa->scratch_len);
}

/* A root that is one modulo one prime alone, since a computation went wrong, gives the other prime
 * away to whoever sees it. So each is opened again and compared. Returns, as bits, the lanes that
 * are right. */
static unsigned check(struct rsa_lanes *rsa, const struct rsa_strings *padded,
                      const struct rsa_strings *roots)
{
    struct rsa_strings opened;
    size_t len = rsa->numbers.bits / BITS_PER_BYTE;
    unsigned right = 0;
    mbx_status status = mbx_rsa_public_mb8(
        rsa_strings_in(roots).at, rsa_strings_out(&opened).at, same_in_all(rsa->numbers.modulus).at,
        (int)rsa->numbers.bits, rsa->public_method, rsa->scratch);
    for (size_t i = 0; i < LANES_WIDE; i++)
        if (lane_is_good(status, i) && memcmp(opened.of[i], padded->of[i], len) == 0)
            right |= 1u << i;
    return right;
}

/* A key that the arithmetic does not get right is libcrypto's alone. */
static bool is_right(struct rsa_lanes *rsa)
{
    struct rsa_strings padded;
    struct rsa_strings roots;
    memset(&padded, 1, sizeof(padded));
    compute(rsa, &padded, &roots);
    return check(rsa, &padded, &roots) == ALL_LANES;
}

struct rsa_lanes *multibuffer_open_rsa(const struct rsa_numbers *numbers)
{
    int bits = (int)numbers->bits;
    const mbx_RSA_Method *private_method = mbx_RSA_private_crt_Method(bits);
    const mbx_RSA_Method *public_method = mbx_RSA_pub65537_Method(bits);
    if (private_method == NULL || public_method == NULL ||
        (mbx_get_algo_info(algorithm_of(numbers->bits)) & MBX_WIDTH_MB8) == 0)
        return NULL;
    struct rsa_lanes *rsa = crypto_allocate(sizeof(*rsa));
    if (rsa == NULL)
        return NULL;
    size_t private_len = (size_t)mbx_RSA_Method_BufSize(private_method);
    size_t public_len = (size_t)mbx_RSA_Method_BufSize(public_method);
    rsa->numbers = *numbers;
    rsa->private_method = private_method;
    rsa->public_method = public_method;
    rsa->scratch_len = private_len > public_len ? private_len : public_len;
    rsa->scratch = crypto_allocate(rsa->scratch_len);
    if (rsa->scratch == NULL || !is_right(rsa)) {
        multibuffer_close_rsa(rsa);
        return NULL;
    }
    return rsa;
}

/* Returns, as bits, the jobs that have a frame. */
static unsigned pad_all(const struct lane_batch *batch, size_t bits, struct rsa_strings *padded)
{
    unsigned filled = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct lane_job *job = batch->jobs[i];
        const struct rsa_message message = {
            .scheme = job->sign.scheme,
            .digest = bytes_of(job->sign.input, job->sign.input_len),
            .modulus_bits = bits,
        };
        if (job->sign.signature_max >= bits / BITS_PER_BYTE && rsa_pad(&message, padded->of[i]))
            filled |= 1u << i;
    }
    /* Below every modulus, and a lane like the others. */
    for (size_t i = 0; i < LANES_WIDE; i++)
        if ((filled >> i & 1) == 0)
            memset(padded->of[i], 1, sizeof(padded->of[i]));
    return filled;
}

unsigned multibuffer_sign_rsa(const struct lane_batch *batch, struct rsa_lanes *rsa)
{
    struct rsa_strings padded;
    struct rsa_strings roots;
    size_t len = rsa->numbers.bits / BITS_PER_BYTE;
    unsigned filled = pad_all(batch, rsa->numbers.bits, &padded);
    compute(rsa, &padded, &roots);
    unsigned done = filled & check(rsa, &padded, &roots);
    for (size_t i = 0; i < batch->count; i++) {
        struct lane_job *job = batch->jobs[i];
        job->ok = (done >> i & 1) != 0;
        if (job->ok) {
            memcpy(job->sign.signature, roots.of[i], len);
            job->sign.signature_len = len;
        }
    }
    secret_wipe(&roots, sizeof(roots));
    return ~done & ((1u << batch->count) - 1);
}
