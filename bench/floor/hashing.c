#include <stdio.h>

#include "crypto/aead.h"
#include "crypto/prf.h"
#include "floor.h"

enum {
    HANDSHAKES = 256,
    MESSAGE_MAX = 2048,
    COOKIE_INPUT_LEN = 160, /* path, random, suites */
    SIGNED_LEN = 100,       /* two randoms, curve and key: RFC 4492 section 5.4 */
    CERTIFICATE_LEN = 400,
    MASTER_SECRET_LEN = 48,
    KEY_BLOCK_LEN = 40, /* two keys and two salts of AES-128-GCM */
    VERIFY_DATA_LEN = 12,
    FINISHED_LEN = 24, /* with its header: RFC 6347 section 4.2.2 */
    AAD_LEN = 13,      /* RFC 5246 section 6.2.3.3 */
};

struct hasher {
    const struct floor_wire *wire;
    bool client_certificate;
    struct hmac_key cookie_key;
    struct aead_engine *engine;
    uint8_t message[MESSAGE_MAX];
    uint8_t master[MASTER_SECRET_LEN];
    uint8_t keys[KEY_BLOCK_LEN];
};

/* Made for the HelloVerifyRequest, and again to compare. */
static void cookies(struct hasher *hasher)
{
    uint8_t cookie[SHA256_LEN];
    for (int i = 0; i < 2; i++) {
        struct hmac hmac;
        hmac_begin(&hmac, &hasher->cookie_key);
        hmac_update(&hmac, bytes_of(hasher->message, COOKIE_INPUT_LEN));
        hmac_finish(&hmac, cookie);
    }
    hasher->message[0] ^= cookie[0];
}

static void derive(const struct hasher *hasher, struct bytes secret, const char *label,
                   uint8_t *out, size_t out_len)
{
    const struct prf_input input = {.hash = DIGEST_SHA256,
                                    .secret = secret,
                                    .label = label,
                                    .seed = bytes_of(hasher->message, SHA256_LEN)};
    prf_12(&input, out, out_len);
}

/* The transcript, looked at wherever the protocol does, and what is derived from it. */
static void schedule(struct hasher *hasher)
{
    struct digest transcript;
    uint8_t verify_data[VERIFY_DATA_LEN];
    const struct bytes master = bytes_of(hasher->master, MASTER_SECRET_LEN);
    digest_init(&transcript, DIGEST_SHA256);
    digest_update(&transcript, bytes_of(hasher->message, hasher->wire->exchanges[1].in_len));
    digest_of(DIGEST_SHA256, bytes_of(hasher->message, SIGNED_LEN), hasher->message);
    digest_update(&transcript, bytes_of(hasher->message, hasher->wire->exchanges[1].out_len));
    digest_update(&transcript, bytes_of(hasher->message, hasher->wire->exchanges[2].in_len));
    digest_peek(&transcript, hasher->message);
    derive(hasher, bytes_of(hasher->message, SHA256_LEN), "extended master secret", hasher->master,
           MASTER_SECRET_LEN);
    derive(hasher, master, "key expansion", hasher->keys, KEY_BLOCK_LEN);
    if (hasher->client_certificate) {
        digest_of(DIGEST_SHA256, bytes_of(hasher->message, CERTIFICATE_LEN), hasher->message);
        digest_peek(&transcript, hasher->message);
    }
    digest_peek(&transcript, hasher->message);
    derive(hasher, master, "client finished", verify_data, VERIFY_DATA_LEN);
    digest_peek(&transcript, hasher->message);
    derive(hasher, master, "server finished", verify_data, VERIFY_DATA_LEN);
}

/* Both Finished, each under the keys of its direction. Opening is the same work as sealing. */
static bool records(struct hasher *hasher)
{
    bool good = true;
    for (size_t direction = 0; direction < 2; direction++) {
        uint8_t sealed[FINISHED_LEN + AEAD_TAG_LEN] = {0};
        const struct aead_operation operation = {
            .kind = AEAD_AES_128_GCM,
            .key = hasher->keys + 16 * direction,
            .aad = bytes_of(hasher->message, AAD_LEN),
            .in = hasher->message,
            .in_len = FINISHED_LEN,
            .out = sealed,
        };
        good = good && aead_seal(hasher->engine, &operation);
        hasher->message[1] ^= sealed[0];
    }
    return good;
}

bool floor_hashing(const struct floor_wire *wire, bool client_certificate, double *ns)
{
    struct hasher hasher = {
        .wire = wire, .client_certificate = client_certificate, .engine = aead_engine_new()};
    bool good = hasher.engine != NULL;
    for (size_t i = 0; i < wire->count; i++)
        good = good && wire->exchanges[i].in_len <= MESSAGE_MAX &&
               wire->exchanges[i].out_len <= MESSAGE_MAX;
    hmac_key_init(&hasher.cookie_key, DIGEST_SHA256, bytes_of(hasher.message, SHA256_LEN));
    uint64_t before = floor_cpu_ns();
    for (int i = 0; good && i < HANDSHAKES; i++) {
        cookies(&hasher);
        schedule(&hasher);
        good = records(&hasher);
    }
    *ns = (double)(floor_cpu_ns() - before) / HANDSHAKES;
    aead_engine_free(hasher.engine);
    if (!good)
        fputs("floor: hashing failed\n", stderr);
    return good;
}
