/* Built with a library that computes eight at a time; whether this CPU can is asked when the
 * program runs. */
#include <crypto_mb/cpu_features.h>

#include "crypto/multibuffer.h"

static const struct lane_engine engine = {
    .name = "crypto_mb",
    .derive_x25519 = multibuffer_derive_x25519,
    .derive_p256 = multibuffer_derive_p256,
    .verify_ecdsa = multibuffer_verify_ecdsa,
    .sign_ecdsa = multibuffer_sign_ecdsa,
    .open_rsa = multibuffer_open_rsa,
    .close_rsa = multibuffer_close_rsa,
    .sign_rsa = multibuffer_sign_rsa,
    .complete_x25519 = multibuffer_complete_x25519,
    .complete_p256 = multibuffer_complete_p256,
    .prepare_nonces = multibuffer_prepare_nonces,
};

static bool cpu_can(enum MBX_ALGO algorithm)
{
    return (mbx_get_algo_info(algorithm) & MBX_WIDTH_MB8) != 0;
}

const struct lane_engine *lane_engine_multibuffer(void)
{
    bool can = mbx_is_crypto_mb_applicable(0) != 0 && cpu_can(MBX_ALGO_X25519) &&
               cpu_can(MBX_ALGO_EC_NIST_P256);
    return can ? &engine : NULL;
}
