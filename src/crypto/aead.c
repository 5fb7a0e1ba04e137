#include "crypto/aead.h"

#include <limits.h>
#include <openssl/evp.h>

#include "base/secret.h"
#include "crypto/certificate.h"

enum direction { DIRECTION_SEAL, DIRECTION_OPEN, DIRECTION_COUNT };

/* A context of libcrypto and the key that it was set up with last. */
struct keyed_context {
    EVP_CIPHER_CTX *context;
    bool is_keyed;
    uint8_t key[AEAD_KEY_MAX];
};

struct aead_engine {
    struct keyed_context contexts[AEAD_KIND_COUNT][DIRECTION_COUNT];
};

static const struct {
    const char *name;
    size_t key_len;
} kinds[AEAD_KIND_COUNT] = {
    [AEAD_AES_128_GCM] = {"AES-128-GCM", 16},
    [AEAD_AES_256_GCM] = {"AES-256-GCM", 32},
    [AEAD_CHACHA20_POLY1305] = {"ChaCha20-Poly1305", 32},
};

size_t aead_key_len(enum aead_kind kind)
{
    return kinds[kind].key_len;
}

/* The nonce of each is 12 bytes unless another length is set. */
static bool prepare_contexts(struct aead_engine *engine, enum aead_kind kind)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, kinds[kind].name, NULL);
    if (cipher == NULL)
        return false;
    bool ok = EVP_CIPHER_get_iv_length(cipher) == AEAD_NONCE_LEN &&
              (size_t)EVP_CIPHER_get_key_length(cipher) == kinds[kind].key_len;
    for (int direction = 0; ok && direction < DIRECTION_COUNT; direction++) {
        EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
        engine->contexts[kind][direction].context = context;
        ok = context != NULL && EVP_CipherInit_ex2(context, cipher, NULL, NULL,
                                                   direction == DIRECTION_SEAL, NULL) == 1;
    }
    EVP_CIPHER_free(cipher); /* the contexts hold it */
    return ok;
}

struct aead_engine *aead_engine_new(void)
{
    struct aead_engine *engine = crypto_allocate(sizeof(*engine));
    if (engine == NULL)
        return NULL;
    for (int kind = 0; kind < AEAD_KIND_COUNT; kind++) {
        if (!prepare_contexts(engine, (enum aead_kind)kind)) {
            aead_engine_free(engine);
            return NULL;
        }
    }
    return engine;
}

void aead_engine_free(struct aead_engine *engine)
{
    if (engine == NULL)
        return;
    for (int kind = 0; kind < AEAD_KIND_COUNT; kind++)
        for (int direction = 0; direction < DIRECTION_COUNT; direction++)
            EVP_CIPHER_CTX_free(engine->contexts[kind][direction].context);
    crypto_release(engine, sizeof(*engine)); /* with the remembered keys */
}

/* The context with the operation's key and nonce; NULL when libcrypto fails. The same key again
 * costs no key set-up. */
static EVP_CIPHER_CTX *keyed_for(struct aead_engine *engine, enum direction direction,
                                 const struct aead_operation *operation)
{
    struct keyed_context *keyed = &engine->contexts[operation->kind][direction];
    size_t key_len = aead_key_len(operation->kind);
    const uint8_t *new_key = operation->key;
    if (keyed->is_keyed && secret_is_equal(keyed->key, operation->key, key_len))
        new_key = NULL;
    /* Until it has succeeded the context counts as having no key. */
    keyed->is_keyed = false;
    if (EVP_CipherInit_ex2(keyed->context, NULL, new_key, operation->nonce,
                           direction == DIRECTION_SEAL, NULL) != 1)
        return NULL;
    if (new_key != NULL)
        memcpy(keyed->key, new_key, key_len);
    keyed->is_keyed = true;
    return keyed->context;
}

/* The AAD and then the text go through the cipher; of both, nothing at all is a valid length. */
static bool run_cipher(EVP_CIPHER_CTX *context, const struct aead_operation *operation,
                       size_t text_len)
{
    int len;
    if (operation->aad.len > INT_MAX || text_len > INT_MAX)
        return false;
    if (operation->aad.len > 0 &&
        EVP_CipherUpdate(context, NULL, &len, operation->aad.data, (int)operation->aad.len) != 1)
        return false;
    if (text_len > 0 &&
        (EVP_CipherUpdate(context, operation->out, &len, operation->in, (int)text_len) != 1 ||
         (size_t)len != text_len))
        return false;
    return true;
}

bool aead_seal(struct aead_engine *engine, const struct aead_operation *operation)
{
    /* The last step writes no bytes, but wants somewhere to write them. */
    uint8_t nothing[AEAD_TAG_LEN];
    int len;
    EVP_CIPHER_CTX *context = keyed_for(engine, DIRECTION_SEAL, operation);
    bool ok = context != NULL && run_cipher(context, operation, operation->in_len) &&
              EVP_CipherFinal_ex(context, nothing, &len) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN,
                                  operation->out + operation->in_len) == 1;
    /* A nonce must not show the key stream of a text that was given up. */
    if (!ok)
        secret_wipe(operation->out, operation->in_len + AEAD_TAG_LEN);
    return ok;
}

bool aead_open(struct aead_engine *engine, const struct aead_operation *operation)
{
    if (operation->in_len < AEAD_TAG_LEN)
        return false;
    uint8_t nothing[AEAD_TAG_LEN];
    uint8_t tag[AEAD_TAG_LEN]; /* libcrypto takes it by a pointer that is not const */
    int len;
    size_t text_len = operation->in_len - AEAD_TAG_LEN;
    memcpy(tag, operation->in + text_len, AEAD_TAG_LEN);
    EVP_CIPHER_CTX *context = keyed_for(engine, DIRECTION_OPEN, operation);
    bool ok = context != NULL && run_cipher(context, operation, text_len) &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LEN, tag) == 1 &&
              EVP_CipherFinal_ex(context, nothing, &len) == 1;
    if (!ok)
        secret_wipe(operation->out, text_len);
    return ok;
}
