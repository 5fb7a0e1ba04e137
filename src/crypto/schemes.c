#include "crypto/schemes.h"

#include <stddef.h>

/* IANA TLS SignatureScheme. */
static const struct scheme schemes[] = {
    {0x0403, AUTHENTICATION_ECDSA, DIGEST_SHA256, false}, /* ecdsa_secp256r1_sha256 */
    {0x0503, AUTHENTICATION_ECDSA, DIGEST_SHA384,
     false}, /* in 1.2: ECDSA with SHA-384, whatever the curve */
    {0x0804, AUTHENTICATION_RSA, DIGEST_SHA256, true},  /* rsa_pss_rsae_sha256 */
    {0x0805, AUTHENTICATION_RSA, DIGEST_SHA384, true},  /* rsa_pss_rsae_sha384 */
    {0x0401, AUTHENTICATION_RSA, DIGEST_SHA256, false}, /* rsa_pkcs1_sha256 */
    {0x0501, AUTHENTICATION_RSA, DIGEST_SHA384, false}, /* rsa_pkcs1_sha384 */
};

const struct scheme *scheme_find(uint16_t code_point)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (schemes[i].code_point == code_point)
            return &schemes[i];
    return NULL;
}

enum authentication key_authentication(enum key_kind kind)
{
    return kind == KEY_RSA ? AUTHENTICATION_RSA : AUTHENTICATION_ECDSA;
}
