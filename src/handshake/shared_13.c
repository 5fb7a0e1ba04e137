/* DTLS 1.3: what both roles do in the same way. */
#include "handshake/messages_13.h"

#include <assert.h>

#include "base/secret.h"
#include "handshake/messages.h"
#include "wire/certificate_messages_13.h"

enum { SIGNED_PAD_LEN = 64, SIGNED_PAD = 0x20 };

static bool is_client(const struct handshake *handshake)
{
    return handshake->association->role == RDTLS_CLIENT;
}

static struct bytes transcript_now(const struct handshake *handshake, uint8_t hash[DIGEST_LEN_MAX])
{
    return bytes_of(hash,
                    transcript_hash(&handshake->transcript, handshake->choice.suite->hash, hash));
}

static void install_handshake_epoch(struct handshake *handshake)
{
    struct handshake_epoch *epoch = &handshake->v13.epoch;
    const struct suite *suite = handshake->choice.suite;
    const struct traffic_secrets *secrets = &handshake->v13.secrets;
    bool ours = is_client(handshake);
    traffic_keys_13_of(ours ? secrets->client : secrets->server, suite, &epoch->write_keys);
    traffic_keys_13_of(ours ? secrets->server : secrets->client, suite, &epoch->read_keys);
    epoch->write = (struct write_epoch){.epoch = EPOCH_HANDSHAKE};
    epoch->window = (struct replay_window){0};
    epoch->keys_ready = true;
}

/* The result of the lane job, behind ML-KEM's where the group has it. [rfc8446#6] "Peers which
 * receive a message which is syntactically correct but semantically invalid" "MUST terminate the
 * connection with an "illegal_parameter" alert." */
enum rdtls_status complete_shared(struct handshake *handshake)
{
    const struct lane_job *job = &handshake->job;
    const struct group *group = group_find(handshake->choice.group);
    /* [rfc8446#7.4.2] "implementations MUST check whether the computed Diffie-Hellman shared secret
     * is the all-zero value and abort if so" */
    if (job->state != LANE_DONE || !job->ok)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    memcpy(handshake->v13.shared + group_shared_kem_len(group), job->derive.shared,
           key_exchange_shared_len(group->exchange));
    return RDTLS_OK;
}

/* What an attacker who gets at this memory later could open this handshake with. Not the public
 * halves: a client whose server's flight is not whole says its hello again. */
static void wipe_private_halves(struct handshake *handshake)
{
    secret_wipe(handshake->v13.shared, sizeof(handshake->v13.shared));
    secret_wipe(handshake->key_pair.private_key, sizeof(handshake->key_pair.private_key));
    if (is_client(handshake) && long_share_is_kept(&handshake->kem))
        long_share_wipe_behind(&handshake->kem, handshake->environment->blocks, ML_KEM_PUBLIC_LEN);
}

enum rdtls_status complete_server_hello_13(struct handshake *handshake)
{
    struct lane_job *job = &handshake->job;
    struct handshake_13 *v13 = &handshake->v13;
    uint8_t hash[DIGEST_LEN_MAX];
    if (is_client(handshake))
        TRY(complete_shared(handshake));
    const size_t shared_len = group_shared_len(group_find(handshake->choice.group));
    key_schedule_13_handshake(&v13->schedule, bytes_of(v13->shared, shared_len),
                              transcript_now(handshake, hash), &v13->secrets);
    install_handshake_epoch(handshake);
    wipe_private_halves(handshake);
    lane_job_wipe(job);
    return RDTLS_OK;
}

enum rdtls_status build_certificate_13(struct handshake *handshake, struct writer *body)
{
    const struct policy *policy = handshake->environment->policy;
    const struct credential *credential = handshake_credential(handshake);
    bool have_one =
        !is_client(handshake) || (policy->offers_certificate && handshake->choice.scheme != 0);
    if (have_one && is_client(handshake))
        handshake->facts |= FACT_CERTIFICATE_SENT;
    /* [rfc8446#4.4.2] "If the server requests client authentication but no suitable certificate is
     * available, the client MUST send a Certificate message containing no certificates" "The
     * server's certificate_list MUST always be non-empty." */
    certificate_13_write(body, credential->chain, have_one ? credential->chain_count : 0);
    return RDTLS_OK;
}

enum rdtls_status consume_certificate_13(struct handshake *handshake, struct bytes body)
{
    struct certificate_message message;
    TRY(certificate_13_read(body, &message));
    if (message.leaf.len > 0) {
        TRY(accept_peer_certificate(handshake, &message));
        if (!is_client(handshake))
            handshake->facts |= FACT_CERTIFICATE_SENT;
        return RDTLS_OK;
    }
    /* [rfc8446#4.4.2.4] "If the server supplies an empty Certificate message, the client MUST abort
     * the handshake with a "decode_error" alert." */
    if (is_client(handshake))
        return RDTLS_ALERT_DECODE_ERROR;
    /* [rfc8446#4.4.2.4] "If the client does not send any certificates ... the server MAY at its
     * discretion either continue the handshake without client authentication or abort the handshake
     * with a "certificate_required" alert." */
    return handshake->environment->policy->client_certificate == RDTLS_CLIENT_CERTIFICATE_REQUIRE
               ? RDTLS_ALERT_CERTIFICATE_REQUIRED
               : RDTLS_OK;
}

/* [rfc8446#4.4.3] "A string that consists of octet 32 (0x20) repeated 64 times; The context string;
 * A single 0 byte which serves as the separator; The content to be signed": the transcript's hash,
 * before the message itself is in it. */
static struct bytes signed_content(const struct handshake *handshake, bool by_client,
                                   uint8_t out[SIGN_INPUT_MAX])
{
    static const char client_context[] = "TLS 1.3, client CertificateVerify";
    static const char server_context[] = "TLS 1.3, server CertificateVerify";
    static_assert(sizeof(client_context) == sizeof(server_context), "one length for both");
    static_assert(SIGNED_PAD_LEN + sizeof(client_context) + DIGEST_LEN_MAX <= SIGN_INPUT_MAX,
                  "what is signed fits");
    uint8_t hash[DIGEST_LEN_MAX];
    struct writer content = writer_of(out, SIGN_INPUT_MAX);
    memset(writer_room(&content, SIGNED_PAD_LEN), SIGNED_PAD, SIGNED_PAD_LEN);
    /* With the NUL, which is the separator. */
    writer_bytes(&content,
                 bytes_of(by_client ? client_context : server_context, sizeof(client_context)));
    writer_bytes(&content, transcript_now(handshake, hash));
    return bytes_of(content.start, content.len);
}

enum rdtls_status prepare_certificate_verify_13(struct handshake *handshake)
{
    const struct scheme *scheme = scheme_find(handshake->choice.scheme);
    uint8_t content[SIGN_INPUT_MAX];
    uint8_t digest[DIGEST_LEN_MAX];
    if (scheme == NULL)
        return RDTLS_ALERT_INTERNAL_ERROR;
    struct bytes input =
        scheme_input(scheme, signed_content(handshake, is_client(handshake), content), digest);
    return submit_sign(handshake, scheme, input, SIGNATURE_HEAD_LEN);
}

enum rdtls_status consume_certificate_verify_13(struct handshake *handshake, struct bytes body)
{
    struct certificate_verify message;
    uint8_t content[SIGN_INPUT_MAX];
    uint8_t digest[DIGEST_LEN_MAX];
    TRY(certificate_verify_read(body, &message));
    const struct scheme *scheme = scheme_find(message.scheme);
    /* [rfc8446#4.4.3] "the signature algorithm MUST be one offered in the client's
     * "signature_algorithms" extension"; and so it is for a client's. It also has to be one for the
     * key in the certificate. [rfc8446#4.2.3] "The keys found in certificates MUST also be of
     * appropriate type for the signature algorithms they are used with." [rfc8446#4.4.3] "If sent
     * by a client, the signature algorithm used in the signature MUST be one of those present in
     * the supported_signature_algorithms field of the "signature_algorithms" extension in the
     * CertificateRequest message." "In addition, the signature algorithm MUST be compatible with
     * the key in the sender's end-entity certificate." */
    if (!policy_verifies(handshake->environment->policy, message.scheme) ||
        !scheme_is_for_13(scheme, (enum key_kind)handshake->certified.kind))
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    struct bytes input =
        scheme_input(scheme, signed_content(handshake, !is_client(handshake), content), digest);
    return submit_verify(handshake, scheme, input, message.signature);
}

static bool row_was_ours(const struct handshake *handshake, enum rdtls_role sender)
{
    return handshake->association->role == sender;
}

/* The row of either sender's CertificateVerify. [rfc8446#4.4.3] "The receiver of a
 * CertificateVerify message MUST verify the signature field." */
static enum rdtls_status complete_certificate_verify_of(struct handshake *handshake,
                                                        enum rdtls_role sender)
{
    if (row_was_ours(handshake, sender))
        return RDTLS_OK;
    /* [rfc8446#4.4.3] "If the verification fails, the receiver MUST terminate the handshake with a
     * "decrypt_error" alert." */
    TRY(complete_verify(handshake));
    handshake->association->peer_certificate = true;
    return RDTLS_OK;
}

enum rdtls_status complete_server_certificate_verify_13(struct handshake *handshake)
{
    return complete_certificate_verify_of(handshake, RDTLS_SERVER);
}

enum rdtls_status complete_client_certificate_verify_13(struct handshake *handshake)
{
    return complete_certificate_verify_of(handshake, RDTLS_CLIENT);
}

static void verify_data_of(const struct handshake *handshake, bool by_client,
                           uint8_t verify_data[DIGEST_LEN_MAX])
{
    uint8_t hash[DIGEST_LEN_MAX];
    const struct traffic_secrets *secrets = &handshake->v13.secrets;
    verify_data_13(by_client ? secrets->client : secrets->server, handshake->choice.suite->hash,
                   transcript_now(handshake, hash), verify_data);
}

enum rdtls_status build_finished_13(struct handshake *handshake, struct writer *body)
{
    uint8_t verify_data[DIGEST_LEN_MAX];
    verify_data_of(handshake, is_client(handshake), verify_data);
    writer_bytes(body, bytes_of(verify_data, digest_len(handshake->choice.suite->hash)));
    return RDTLS_OK;
}

enum rdtls_status consume_finished_13(struct handshake *handshake, struct bytes body)
{
    uint8_t expected[DIGEST_LEN_MAX];
    size_t len = digest_len(handshake->choice.suite->hash);
    if (body.len != len)
        return RDTLS_ALERT_DECODE_ERROR;
    verify_data_of(handshake, !is_client(handshake), expected);
    /* [rfc8446#4.4.4] "Recipients of Finished messages MUST verify that the contents are correct
     * and if incorrect MUST terminate the connection with a "decrypt_error" alert." */
    return secret_is_equal(expected, body.data, len) ? RDTLS_OK : RDTLS_ALERT_DECRYPT_ERROR;
}

/* [rfc8446#5.3] "the first record transmitted under a particular traffic key MUST use sequence
 * number 0." */
static void write_under_application_keys(struct handshake *handshake)
{
    struct association *association = handshake->association;
    traffic_keys_13_of(association->v13.write_secret, handshake->choice.suite,
                       &association->v13.write_keys);
    association->write = (struct write_epoch){.epoch = EPOCH_APPLICATION};
}

/* The secrets of what comes after the handshake are there, but it is not over yet. */
enum rdtls_status complete_server_finished_13(struct handshake *handshake)
{
    struct association_13 *kept = &handshake->association->v13;
    struct traffic_secrets secrets;
    uint8_t hash[DIGEST_LEN_MAX];
    size_t len = digest_len(handshake->choice.suite->hash);
    key_schedule_13_master(&handshake->v13.schedule, transcript_now(handshake, hash), &secrets,
                           kept->exporter_secret);
    memcpy(kept->write_secret, is_client(handshake) ? secrets.client : secrets.server, len);
    memcpy(kept->read_secret, is_client(handshake) ? secrets.server : secrets.client, len);
    secret_wipe(&secrets, sizeof(secrets));
    /* [rfc8446#4.4.4] "Any records following a Finished message MUST be encrypted under the
     * appropriate application traffic key as described in Section 7.2. In particular, this includes
     * any alerts sent by the server in response to client Certificate and CertificateVerify
     * messages." */
    if (!is_client(handshake))
        write_under_application_keys(handshake);
    /* A server's ServerHello may still have to be said again; a client's hello is answered. */
    if (is_client(handshake))
        long_share_release(&handshake->kem, handshake->environment->blocks);
    return RDTLS_OK;
}

/* What tickets follow from, where they are given or taken. */
static void move_on_to_resumption(struct handshake *handshake)
{
    const struct handshake_environment *environment = handshake->environment;
    bool is_wanted = is_client(handshake) ? policy_resumes(environment->policy, RDTLS_CLIENT)
                                          : handshake->choice.takes_tickets;
    uint8_t hash[DIGEST_LEN_MAX];
    if (!is_wanted)
        return;
    key_schedule_13_resumption(&handshake->v13.schedule, transcript_now(handshake, hash));
    if (!handshake->association->resumed)
        handshake->authenticated_ms = environment_clock_ms(environment, handshake->now_ns);
    if (is_client(handshake))
        keep_for_tickets_13(handshake);
}

enum rdtls_status complete_client_finished_13(struct handshake *handshake)
{
    struct association *association = handshake->association;
    struct association_13 *kept = &association->v13;
    const struct suite *suite = handshake->choice.suite;
    traffic_keys_13_of(kept->read_secret, suite, &kept->read_keys);
    /* [rfc9147#4.5.1] "The received record counter for an epoch MUST be initialized to zero when
     * that epoch is first used." */
    association->read = (struct read_epoch){.epoch = EPOCH_APPLICATION};
    association->keys_ready = true;
    if (is_client(handshake)) {
        write_under_application_keys(handshake);
    } else {
        memcpy(kept->final_secret, handshake->v13.secrets.client, digest_len(suite->hash));
        kept->late_window = handshake->v13.taken_of_epoch_2;
    }
    move_on_to_resumption(handshake);
    return RDTLS_OK;
}

enum rdtls_status build_key_update(struct handshake *handshake, struct writer *body)
{
    (void)handshake;
    /* The peer updates its own keys when it has to. */
    writer_u8(body, KEY_UPDATE_NOT_REQUESTED);
    return RDTLS_OK;
}
