#include "handshake/key_schedule_12.h"

#include "base/secret.h"
#include "crypto/prf.h"

enum { KEY_BLOCK_MAX = 2 * (AEAD_KEY_MAX + AEAD_NONCE_LEN) };

static void install_traffic_keys(struct association *association, const struct suite *suite)
{
    uint8_t key_block[KEY_BLOCK_MAX];
    size_t key_len = aead_key_len(suite->aead);
    size_t iv_len = epoch_iv_len(suite->aead);
    struct prf_input expansion = {
        .hash = suite->hash,
        .secret = bytes_of(association->v12.master_secret, MASTER_SECRET_LEN),
        .label = "key expansion",
        .seed = bytes_of(association->v12.server_random, RANDOM_LEN),
        .more_seed = bytes_of(association->client_random, RANDOM_LEN),
    };
    prf_12(&expansion, key_block, 2 * (key_len + iv_len));

    /* [rfc5246#6.3] client_write_key, server_write_key, client_write_IV, server_write_IV; AEAD
     * suites have no MAC keys. */
    bool is_client = association->role == RDTLS_CLIENT;
    struct traffic_keys *client =
        is_client ? &association->v12.write_keys : &association->v12.read_keys;
    struct traffic_keys *server =
        is_client ? &association->v12.read_keys : &association->v12.write_keys;
    memcpy(client->key, key_block, key_len);
    memcpy(server->key, key_block + key_len, key_len);
    memcpy(client->iv, key_block + 2 * key_len, iv_len);
    memcpy(server->iv, key_block + 2 * key_len + iv_len, iv_len);
    secret_wipe(key_block, sizeof(key_block));
}

void key_schedule_12_install(struct association *association, const struct suite *suite,
                             struct bytes shared, struct bytes session_hash)
{
    /* [rfc7627#5.1] "both client and server MUST use the extended master secret derivation
     * algorithm, as defined in Section 4." [rfc7627#4] "master_secret = PRF(pre_master_secret,
     * "extended master secret", session_hash) [0..47];" */
    struct prf_input extended_master_secret = {
        .hash = suite->hash,
        .secret = shared,
        .label = "extended master secret",
        .seed = session_hash,
    };
    prf_12(&extended_master_secret, association->v12.master_secret, MASTER_SECRET_LEN);
    install_traffic_keys(association, suite);
}

void key_schedule_12_resume(struct association *association, const struct suite *suite,
                            const uint8_t *master_secret)
{
    memcpy(association->v12.master_secret, master_secret, MASTER_SECRET_LEN);
    install_traffic_keys(association, suite);
}

void key_schedule_12_verify_data(const struct association *association, const struct suite *suite,
                                 enum rdtls_role sender, struct bytes transcript_hash,
                                 uint8_t verify_data[VERIFY_DATA_LEN])
{
    struct prf_input finished = {
        .hash = suite->hash,
        .secret = bytes_of(association->v12.master_secret, MASTER_SECRET_LEN),
        .label = sender == RDTLS_CLIENT ? "client finished" : "server finished",
        .seed = transcript_hash,
    };
    prf_12(&finished, verify_data, VERIFY_DATA_LEN);
}

void key_schedule_12_export(const struct association *association, const struct suite *suite,
                            const struct exporter_input *input, uint8_t *out, size_t out_len)
{
    /* [rfc5705#4] "If no context is provided, it then computes:
     * PRF(SecurityParameters.master_secret, label, SecurityParameters.client_random +
     * SecurityParameters.server_random )[length]", and with one "SecurityParameters.client_random +
     * SecurityParameters.server_random + context_value_length + context_value". */
    enum { CONTEXT_LENGTH_LEN = 2 };
    uint8_t seed[2 * RANDOM_LEN + CONTEXT_LENGTH_LEN];
    memcpy(seed, association->client_random, RANDOM_LEN);
    memcpy(seed + RANDOM_LEN, association->v12.server_random, RANDOM_LEN);
    store_u16(seed + 2 * RANDOM_LEN, (uint16_t)input->context.len);
    struct prf_input expansion = {
        .hash = suite->hash,
        .secret = bytes_of(association->v12.master_secret, MASTER_SECRET_LEN),
        .label = input->label,
        .seed = bytes_of(seed, input->has_context ? sizeof(seed) : (size_t)2 * RANDOM_LEN),
        .more_seed = input->has_context ? input->context : bytes_of(NULL, 0),
    };
    prf_12(&expansion, out, out_len);
}
