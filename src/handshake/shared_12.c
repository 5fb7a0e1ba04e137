/* DTLS 1.2: what both roles do in the same way. */
#include "base/secret.h"
#include "handshake/key_schedule_12.h"
#include "handshake/messages_12.h"
#include "handshake/tables.h"

/* [rfc8422#5.4] "SHA(ClientHello.random + ServerHello.random + ServerKeyExchange.params);" with the
 * hash of the signature scheme: what goes into it. */
struct bytes signed_key_exchange(const struct handshake *handshake, struct bytes params,
                                 uint8_t out[SIGN_INPUT_MAX])
{
    struct writer message = writer_of(out, SIGN_INPUT_MAX);
    writer_bytes(&message, bytes_of(handshake->association->client_random, RANDOM_LEN));
    writer_bytes(&message, bytes_of(handshake->association->v12.server_random, RANDOM_LEN));
    writer_bytes(&message, params);
    return bytes_of(message.start, message.len);
}

enum rdtls_status complete_key_exchange(struct handshake *handshake)
{
    struct lane_job *job = &handshake->job;
    /* [rfc8422#5.11] "a receiving party MUST check whether the computed premaster secret is the
     * all-zero value and abort the handshake if so": that, and a point that is not on the curve,
     * are the peer's mistake. */
    if (job->state != LANE_DONE || !job->ok)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    /* [rfc7627#3] "all handshake messages sent or received, starting at the ClientHello up to and
     * including the ClientKeyExchange message" */
    uint8_t session_hash[DIGEST_LEN_MAX];
    const struct suite *suite = handshake->choice.suite;
    size_t hash_len = transcript_hash(&handshake->transcript, suite->hash, session_hash);
    size_t shared_len = key_exchange_shared_len(handshake->key_pair.kind);
    key_schedule_12_install(handshake->association, suite, bytes_of(job->derive.shared, shared_len),
                            bytes_of(session_hash, hash_len));
    lane_job_wipe(job);
    secret_wipe(&handshake->key_pair, sizeof(handshake->key_pair));
    handshake->association->keys_ready = true;
    return RDTLS_OK;
}

/* [rfc5246#7.4.9] "For the PRF defined in Section 5, the Hash MUST be the Hash used as the basis
 * for the PRF." */
static void verify_data_of(const struct handshake *handshake, enum rdtls_role sender,
                           uint8_t verify_data[VERIFY_DATA_LEN])
{
    uint8_t hash[DIGEST_LEN_MAX];
    const struct suite *suite = handshake->choice.suite;
    size_t hash_len = transcript_hash(&handshake->transcript, suite->hash, hash);
    key_schedule_12_verify_data(handshake->association, suite, sender, bytes_of(hash, hash_len),
                                verify_data);
}

enum rdtls_status build_finished(struct handshake *handshake, struct writer *body)
{
    struct association *association = handshake->association;
    verify_data_of(handshake, (enum rdtls_role)association->role,
                   association->v12.final_verify_data);
    writer_bytes(body, bytes_of(association->v12.final_verify_data, VERIFY_DATA_LEN));
    return RDTLS_OK;
}

enum rdtls_status consume_finished(struct handshake *handshake, struct bytes body)
{
    struct bytes received;
    TRY(finished_read(body, &received));
    uint8_t expected[VERIFY_DATA_LEN];
    enum rdtls_role peer =
        handshake->association->role == RDTLS_CLIENT ? RDTLS_SERVER : RDTLS_CLIENT;
    verify_data_of(handshake, peer, expected);
    /* [rfc5246#7.4.9] "Recipients of Finished messages MUST verify that the contents are
     * correct." */
    return secret_is_equal(expected, received.data, VERIFY_DATA_LEN) ? RDTLS_OK
                                                                     : RDTLS_ALERT_DECRYPT_ERROR;
}
