/* The raw states of libcrypto are deprecated in favour of EVP_MD_CTX, but only they can be copied
 * as plain memory: looking at a running hash costs 0.12 µs and no malloc, where EVP_MD_CTX_copy_ex
 * allocates. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/digest.h"

#include <assert.h>
#include <openssl/sha.h>

#include "base/secret.h"

/* What lies in struct digest.state. It may alias, since the words are declared as integers and
 * libcrypto sees its own. */
union libcrypto_state {
    SHA256_CTX sha256;
    SHA512_CTX sha512; /* SHA-384 is SHA-512 with another start and end */
} __attribute__((may_alias));

static_assert(sizeof(SHA512_CTX) == DIGEST_STATE_WORDS * sizeof(uint64_t),
              "the state is as large as libcrypto's larger one");
static_assert(sizeof(SHA256_CTX) == DIGEST_SHA256_WORDS * sizeof(uint64_t), "and as its smaller");
static_assert(sizeof(union libcrypto_state) == sizeof(((struct digest *)NULL)->state),
              "every state of libcrypto fits");
static_assert(_Alignof(union libcrypto_state) <= _Alignof(uint64_t), "words align it");
static_assert(SHA256_LEN == SHA256_DIGEST_LENGTH && SHA384_LEN == SHA384_DIGEST_LENGTH &&
                  SHA512_LEN == SHA512_DIGEST_LENGTH,
              "lengths are libcrypto's");

static union libcrypto_state *state_in(uint64_t *words)
{
    return (union libcrypto_state *)(void *)words;
}

size_t digest_len(enum digest_kind kind)
{
    switch (kind) {
    case DIGEST_SHA256:
        return SHA256_LEN;
    case DIGEST_SHA384:
        return SHA384_LEN;
    }
    return 0;
}

/* What these functions of libcrypto return is always 1: they cannot fail. */
void digest_words_init(enum digest_kind kind, uint64_t *words)
{
    switch (kind) {
    case DIGEST_SHA256:
        (void)SHA256_Init(&state_in(words)->sha256);
        break;
    case DIGEST_SHA384:
        (void)SHA384_Init(&state_in(words)->sha512);
        break;
    }
}

void digest_words_update(enum digest_kind kind, uint64_t *words, struct bytes bytes)
{
    if (bytes.len == 0)
        return;
    switch (kind) {
    case DIGEST_SHA256:
        (void)SHA256_Update(&state_in(words)->sha256, bytes.data, bytes.len);
        break;
    case DIGEST_SHA384:
        (void)SHA384_Update(&state_in(words)->sha512, bytes.data, bytes.len);
        break;
    }
}

void digest_init(struct digest *digest, enum digest_kind kind)
{
    digest->kind = kind;
    digest_words_init(kind, digest->state);
}

/* SHA-256's state is half as long, and a handshake copies dozens. */
void digest_load(struct digest *digest, enum digest_kind kind, const uint64_t *words)
{
    digest->kind = kind;
    switch (kind) {
    case DIGEST_SHA256:
        memcpy(digest->state, words, sizeof(SHA256_CTX));
        break;
    case DIGEST_SHA384:
        memcpy(digest->state, words, sizeof(SHA512_CTX));
        break;
    }
}

void digest_copy(struct digest *to, const struct digest *from)
{
    digest_load(to, from->kind, from->state);
}

void digest_update(struct digest *digest, struct bytes bytes)
{
    digest_words_update(digest->kind, digest->state, bytes);
}

/* The hash may be one of HMAC, whose state is as good as its key. */
void digest_finish(struct digest *digest, uint8_t *out)
{
    switch (digest->kind) {
    case DIGEST_SHA256:
        (void)SHA256_Final(out, &state_in(digest->state)->sha256);
        secret_wipe(digest->state, sizeof(SHA256_CTX));
        break;
    case DIGEST_SHA384:
        (void)SHA384_Final(out, &state_in(digest->state)->sha512);
        secret_wipe(digest->state, sizeof(SHA512_CTX));
        break;
    }
}

void digest_peek(const struct digest *digest, uint8_t *out)
{
    struct digest copy;
    digest_copy(&copy, digest);
    digest_finish(&copy, out);
}

void digest_of(enum digest_kind kind, struct bytes bytes, uint8_t *out)
{
    struct digest digest;
    digest_init(&digest, kind);
    digest_update(&digest, bytes);
    digest_finish(&digest, out);
}

void digest_sha512_of(struct bytes bytes, uint8_t out[SHA512_LEN])
{
    SHA512_CTX state;
    (void)SHA512_Init(&state);
    if (bytes.len > 0)
        (void)SHA512_Update(&state, bytes.data, bytes.len);
    (void)SHA512_Final(out, &state);
}
