/*
 * HKDF (RFC 5869) and what TLS 1.3 makes of it (RFC 8446 section 7.1), with DTLS's prefix (RFC 9147
 * section 5.9). A secret is made an HMAC key once, and then expanded as often as it is needed.
 */
#ifndef CRYPTO_HKDF_H
#define CRYPTO_HKDF_H

#include "crypto/hmac.h"

/* HKDF-Extract. Writes digest_len(hash) bytes. An empty salt counts as that many zeros, and so does
 * an empty input (RFC 8446 section 7.1). */
void hkdf_extract(enum digest_kind hash, struct bytes salt, struct bytes input, uint8_t *out);

/* HKDF-Expand-Label(secret, label, context, out_len). label is NUL-terminated and goes without
 * "dtls13": at most 249 bytes; context at most 255; out_len at most 255 hashes. */
struct hkdf_label {
    const char *label;
    struct bytes context;
};
void hkdf_expand_label(const struct hmac_key *secret, const struct hkdf_label *label, uint8_t *out,
                       size_t out_len);

#endif
