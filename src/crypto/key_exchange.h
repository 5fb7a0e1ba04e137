/* Ephemeral Diffie-Hellman key pairs: x25519 (RFC 7748), secp256r1 and secp384r1. Public keys have
 * the form that goes over the wire. */
#ifndef CRYPTO_KEY_EXCHANGE_H
#define CRYPTO_KEY_EXCHANGE_H

#include "base/bytes.h"
#include "base/status.h"

enum key_exchange_kind {
    KEY_EXCHANGE_X25519,
    KEY_EXCHANGE_P256,
    KEY_EXCHANGE_P384,
    KEY_EXCHANGE_KIND_COUNT
};

enum {
    X25519_LEN = 32,
    P256_SCALAR_LEN = 32,
    P256_POINT_LEN = 65, /* uncompressed: 4, x, y */
    P384_SCALAR_LEN = 48,
    P384_POINT_LEN = 97,
    KEY_EXCHANGE_PRIVATE_MAX = 48,
    KEY_EXCHANGE_PUBLIC_MAX = 97,
    KEY_EXCHANGE_SHARED_LEN = 32, /* of x25519 and secp256r1 */
    KEY_EXCHANGE_SHARED_MAX = 48,
};

/* Its private half is wiped by whoever is done with it. */
struct key_pair {
    enum key_exchange_kind kind;
    uint8_t private_key[KEY_EXCHANGE_PRIVATE_MAX];
    uint8_t public_key[KEY_EXCHANGE_PUBLIC_MAX];
};

size_t key_exchange_public_len(enum key_exchange_kind kind);
size_t key_exchange_shared_len(enum key_exchange_kind kind);

/* What a thread needs for these operations: libcrypto objects fetched once. */
struct key_exchange_engine;
struct key_exchange_engine *key_exchange_engine_new(void);
void key_exchange_engine_free(struct key_exchange_engine *engine);

MUST_CHECK bool key_pair_generate(struct key_exchange_engine *engine, enum key_exchange_kind kind,
                                  struct key_pair *pair);

/* false: the peer's key is no point of the curve, or of low order (the shared secret would be all
 * zero: RFC 7748 section 6.1). peer holds key_exchange_public_len bytes; key_exchange_shared_len
 * bytes are written. */
MUST_CHECK bool key_exchange_derive(struct key_exchange_engine *engine, const struct key_pair *ours,
                                    const uint8_t *peer, uint8_t shared[KEY_EXCHANGE_SHARED_MAX]);

#endif
