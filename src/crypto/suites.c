#include "crypto/suites.h"

#include <stddef.h>

/* IANA TLS Cipher Suites; RFC 5289 section 3.2, RFC 7905 section 3. */
static const struct suite suites[] = {
    {0xC02B, AEAD_AES_128_GCM, DIGEST_SHA256, AUTHENTICATION_ECDSA,
     "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
    {0xC02C, AEAD_AES_256_GCM, DIGEST_SHA384, AUTHENTICATION_ECDSA,
     "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
    {0xC02F, AEAD_AES_128_GCM, DIGEST_SHA256, AUTHENTICATION_RSA,
     "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0xC030, AEAD_AES_256_GCM, DIGEST_SHA384, AUTHENTICATION_RSA,
     "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0xCCA9, AEAD_CHACHA20_POLY1305, DIGEST_SHA256, AUTHENTICATION_ECDSA,
     "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xCCA8, AEAD_CHACHA20_POLY1305, DIGEST_SHA256, AUTHENTICATION_RSA,
     "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
};

const struct suite *suite_find(uint16_t code_point)
{
    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
        if (suites[i].code_point == code_point)
            return &suites[i];
    return NULL;
}
