#include "app/protocol_words.h"

const struct value_word version_words[] = {
    {"1.2", PROTOCOL_DTLS_1_2},
    {"1.3", PROTOCOL_DTLS_1_3},
    {NULL, 0},
};

const struct value_word suite_words[] = {
    {"ECDHE-ECDSA-AES128-GCM-SHA256", 0xc02b}, {"ECDHE-ECDSA-AES256-GCM-SHA384", 0xc02c},
    {"ECDHE-RSA-AES128-GCM-SHA256", 0xc02f},   {"ECDHE-RSA-AES256-GCM-SHA384", 0xc030},
    {"ECDHE-RSA-CHACHA20-POLY1305", 0xcca8},   {"ECDHE-ECDSA-CHACHA20-POLY1305", 0xcca9},
    {"TLS_AES_128_GCM_SHA256", 0x1301},        {"TLS_AES_256_GCM_SHA384", 0x1302},
    {"TLS_CHACHA20_POLY1305_SHA256", 0x1303},  {NULL, 0},
};

const struct value_word group_words[] = {
    {"X25519", 29}, {"P-256", 23}, {"P-384", 24}, {"X25519MLKEM768", PROTOCOL_X25519MLKEM768},
    {NULL, 0},
};

const struct value_word srtp_words[] = {
    {"SRTP_AES128_CM_SHA1_80", RDTLS_SRTP_AES128_CM_SHA1_80},
    {"SRTP_AES128_CM_SHA1_32", RDTLS_SRTP_AES128_CM_SHA1_32},
    {"SRTP_AEAD_AES_128_GCM", RDTLS_SRTP_AEAD_AES_128_GCM},
    {"SRTP_AEAD_AES_256_GCM", RDTLS_SRTP_AEAD_AES_256_GCM},
    {NULL, 0},
};

uint16_t suite_version(uint16_t suite)
{
    const uint16_t first_byte_of_1_3 = 0x13; /* RFC 8446 appendix B.4 */
    return suite >> 8 == first_byte_of_1_3 ? PROTOCOL_DTLS_1_3 : PROTOCOL_DTLS_1_2;
}

const char *word_of(const struct value_word *words, int value)
{
    for (; words->word != NULL; words++) {
        if (words->value == value) {
            return words->word;
        }
    }
    return NULL;
}
