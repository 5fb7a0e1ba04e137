#include "srtp_check.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum {
    LABEL_CIPHER = 0,
    LABEL_AUTHENTICATION = 1,
    LABEL_SALT = 2,
    AES_BLOCK = 16,
    LABEL_AT = 7, /* in front of a 48-bit index, which is 0: RFC 3711 section 4.3.1 */
    SALT_MAX = 14,
    SHA1_KEY_LEN = 20,
    SHA1_LEN = 20,
    SHA1_80_TAG_LEN = 10,
    GCM_TAG_LEN = 16,
    GCM_NONCE_LEN = 12,
    RTP_HEADER_LEN = 12,
    ROLLOVER_LEN = 4,
    PACKET_MAX = 2048,
};

bool srtp_is_rtp(const uint8_t *packet, size_t len)
{
    enum { RTCP_FIRST = 64, RTCP_LAST = 95 };
    return len > RTP_HEADER_LEN &&
           ((packet[1] & 0x7f) < RTCP_FIRST || (packet[1] & 0x7f) > RTCP_LAST);
}

/* The key stream of AES in counter mode under the master key (RFC 3711 section 4.3.3). */
static bool derive(const struct rdtls_srtp_keys *keys, uint8_t label, uint8_t *out, size_t len)
{
    static const uint8_t zeros[AES_BLOCK * 2];
    uint8_t counter[AES_BLOCK] = {0};
    int written = 0;
    memcpy(counter, keys->remote_salt, keys->salt_len);
    counter[LABEL_AT] ^= label;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool good =
        context != NULL && len <= sizeof(zeros) &&
        EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), NULL, keys->remote_key, counter) == 1 &&
        EVP_EncryptUpdate(context, out, &written, zeros, (int)len) == 1;
    EVP_CIPHER_CTX_free(context);
    return good;
}

/* HMAC-SHA-1 over the packet and the rollover counter, 80 bits of it (RFC 3711 section 4.2). */
static bool hmac_is_right(const struct rdtls_srtp_keys *keys, const uint8_t *packet, size_t len)
{
    uint8_t key[SHA1_KEY_LEN];
    uint8_t text[PACKET_MAX + ROLLOVER_LEN] = {0};
    uint8_t tag[SHA1_LEN];
    if (len <= RTP_HEADER_LEN + SHA1_80_TAG_LEN || len > PACKET_MAX ||
        !derive(keys, LABEL_AUTHENTICATION, key, sizeof(key)))
        return false;
    size_t covered = len - SHA1_80_TAG_LEN;
    memcpy(text, packet, covered);
    memset(text + covered, 0, ROLLOVER_LEN);
    return HMAC(EVP_sha1(), key, sizeof(key), text, covered + ROLLOVER_LEN, tag, NULL) != NULL &&
           CRYPTO_memcmp(tag, packet + covered, SHA1_80_TAG_LEN) == 0;
}

/* With its contributing sources and its extension (RFC 3550 sections 5.1, 5.3.1). */
static size_t rtp_header_len(const uint8_t *packet, size_t len)
{
    size_t at = RTP_HEADER_LEN + 4 * (size_t)(packet[0] & 0x0f);
    if ((packet[0] & 0x10) == 0)
        return at;
    return at + 4 > len ? len : at + 4 + 4 * ((size_t)packet[at + 2] << 8 | packet[at + 3]);
}

/* The nonce is the salt, with SSRC, rollover counter and sequence number on it (RFC 7714 section
 * 8.1). */
static void gcm_nonce(const uint8_t *packet, uint8_t nonce[GCM_NONCE_LEN])
{
    for (size_t i = 0; i < 4; i++)
        nonce[2 + i] ^= packet[8 + i];
    for (size_t i = 0; i < 2; i++)
        nonce[10 + i] ^= packet[2 + i];
}

static bool gcm_opens(const struct rdtls_srtp_keys *keys, const uint8_t *packet, size_t len)
{
    uint8_t key[AES_BLOCK];
    uint8_t nonce[GCM_NONCE_LEN];
    uint8_t opened[PACKET_MAX];
    size_t header = rtp_header_len(packet, len);
    if (len > PACKET_MAX || header + GCM_TAG_LEN > len ||
        !derive(keys, LABEL_CIPHER, key, sizeof(key)) ||
        !derive(keys, LABEL_SALT, nonce, sizeof(nonce)))
        return false;
    gcm_nonce(packet, nonce);
    uint8_t tag[GCM_TAG_LEN];
    memcpy(tag, packet + len - GCM_TAG_LEN, GCM_TAG_LEN);
    int written;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool good = context != NULL &&
                EVP_DecryptInit_ex(context, EVP_aes_128_gcm(), NULL, key, nonce) == 1 &&
                EVP_DecryptUpdate(context, NULL, &written, packet, (int)header) == 1 &&
                EVP_DecryptUpdate(context, opened, &written, packet + header,
                                  (int)(len - header - GCM_TAG_LEN)) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_LEN, tag) == 1 &&
                EVP_DecryptFinal_ex(context, opened + written, &written) == 1;
    EVP_CIPHER_CTX_free(context);
    return good;
}

bool srtp_is_authentic(const struct rdtls_srtp_keys *keys, const uint8_t *packet, size_t len)
{
    switch ((enum rdtls_srtp_profile)keys->profile) {
    case RDTLS_SRTP_AES128_CM_SHA1_80:
        return hmac_is_right(keys, packet, len);
    case RDTLS_SRTP_AEAD_AES_128_GCM:
        return gcm_opens(keys, packet, len);
    case RDTLS_SRTP_AES128_CM_SHA1_32:
    case RDTLS_SRTP_AEAD_AES_256_GCM:
        break;
    }
    return false;
}
