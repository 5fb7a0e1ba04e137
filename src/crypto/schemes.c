#include "crypto/schemes.h"

#include <assert.h>
#include <stddef.h>

/* IANA TLS SignatureScheme. [rfc8446#4.2.3] "They MUST NOT be offered or negotiated by any
 * implementation." "In particular, MD5 [SLOTH], SHA-224, and DSA MUST NOT be used." "If TLS 1.2 is
 * negotiated, implementations MUST be prepared to accept a signature that uses any curve that they
 * advertised in the "supported_groups" extension." "Implementations that advertise support for
 * RSASSA-PSS (which is mandatory in TLS 1.3) MUST be prepared to accept a signature using that
 * scheme even when TLS 1.2 is negotiated." [rfc8446#4.4.3] "The SHA-1 algorithm MUST NOT be used in
 * any signatures of CertificateVerify messages." */
static const struct scheme schemes[] = {
    {0x0403, SIGNATURE_ECDSA, DIGEST_SHA256, false}, /* ecdsa_secp256r1_sha256 */
    {0x0503, SIGNATURE_ECDSA, DIGEST_SHA384,
     false}, /* in 1.2: ECDSA with SHA-384, whatever the curve */
    {0x0804, SIGNATURE_RSA, DIGEST_SHA256, true},      /* rsa_pss_rsae_sha256 */
    {0x0805, SIGNATURE_RSA, DIGEST_SHA384, true},      /* rsa_pss_rsae_sha384 */
    {0x0401, SIGNATURE_RSA, DIGEST_SHA256, false},     /* rsa_pkcs1_sha256 */
    {0x0501, SIGNATURE_RSA, DIGEST_SHA384, false},     /* rsa_pkcs1_sha384 */
    {0x0807, SIGNATURE_ED25519, DIGEST_SHA256, false}, /* ed25519; no hash of ours */
};

static_assert(sizeof(schemes) / sizeof(schemes[0]) == SCHEMES_MAX, "a list of all has room");

const struct scheme *scheme_find(uint16_t code_point)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (schemes[i].code_point == code_point)
            return &schemes[i];
    return NULL;
}

enum authentication key_authentication(enum key_kind kind)
{
    /* [rfc8422#2.1] "In ECDHE_ECDSA, the server's certificate MUST contain an ECDSA- or
     * EdDSA-capable public key." */
    return kind == KEY_RSA ? AUTHENTICATION_RSA : AUTHENTICATION_ECDSA;
}

enum signature_algorithm key_algorithm(enum key_kind kind)
{
    switch (kind) {
    case KEY_P256:
    case KEY_P384:
        return SIGNATURE_ECDSA;
    case KEY_ED25519:
        return SIGNATURE_ED25519;
    case KEY_RSA:
    case KEY_KIND_COUNT:
        break;
    }
    return SIGNATURE_RSA;
}

struct bytes scheme_input(const struct scheme *scheme, struct bytes message,
                          uint8_t digest[DIGEST_LEN_MAX])
{
    if (scheme_takes_message(scheme))
        return message;
    digest_of(scheme->hash, message, digest);
    return bytes_of(digest, digest_len(scheme->hash));
}
