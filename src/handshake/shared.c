/* What both roles do in the same way in both versions. */
#include "handshake/client_hello.h"
#include "handshake/messages.h"
#include "handshake/messages_12.h"
#include "wire/certificate_messages.h"

static enum lane_kind derive_kind(enum key_exchange_kind kind)
{
    switch (kind) {
    case KEY_EXCHANGE_X25519:
        return LANE_X25519_DERIVE;
    case KEY_EXCHANGE_P256:
        return LANE_P256_DERIVE;
    case KEY_EXCHANGE_P384:
    case KEY_EXCHANGE_KIND_COUNT:
        break;
    }
    return LANE_P384_DERIVE;
}

void take_peer_key(struct handshake *handshake, struct bytes peer_key)
{
    lane_job_wipe(&handshake->job);
    bytes_copy(handshake->job.derive.peer, peer_key);
}

enum rdtls_status submit_derive(struct handshake *handshake)
{
    struct lane_job *job = &handshake->job;
    job->kind = derive_kind(handshake->key_pair.kind);
    job->derive.ours = &handshake->key_pair;
    lanes_submit(handshake->environment->lanes, job);
    return RDTLS_PARKED;
}

static enum lane_kind sign_kind(enum key_kind kind)
{
    switch (kind) {
    case KEY_P256:
        return LANE_ECDSA_P256_SIGN;
    case KEY_P384:
        return LANE_ECDSA_P384_SIGN;
    case KEY_ED25519:
        return LANE_ED25519_SIGN;
    case KEY_RSA:
    case KEY_KIND_COUNT:
        break;
    }
    return LANE_RSA_SIGN;
}

/* The signature is written to where the message will have it, `before` bytes behind the flight's
 * end. Until then nothing else is written there. */
enum rdtls_status submit_sign(struct handshake *handshake, const struct scheme *scheme,
                              struct bytes input, size_t before)
{
    struct lane_job *job = &handshake->job;
    size_t capacity;
    uint8_t *room = flight_room(&handshake->flight, &capacity);
    const struct credential *credential = handshake_credential(handshake);
    size_t signature_max = credential->signature_max;
    if (before + signature_max > capacity)
        return RDTLS_ALERT_INTERNAL_ERROR;
    lane_job_wipe(job);
    job->kind = sign_kind(credential->kind);
    job->sign.keys = handshake->environment->keys;
    job->sign.key = handshake->choice.credential;
    job->sign.scheme = scheme;
    bytes_copy(job->sign.input, input);
    job->sign.input_len = input.len;
    job->sign.signature = room + before;
    job->sign.signature_max = signature_max;
    lanes_submit(handshake->environment->lanes, job);
    return RDTLS_PARKED;
}

void make_client_hello(const struct handshake *handshake, struct bytes cookie, struct writer *body)
{
    const struct client_shares shares = handshake_client_shares(handshake);
    struct psk_identity identity;
    struct client_hello_input input = {
        .policy = handshake->environment->policy,
        .association = handshake->association,
        .shares = &shares,
        .identity = offered_identity_13(handshake, &identity) ? &identity : NULL,
        .ticket = offered_ticket_12(handshake),
        .cookie = cookie,
    };
    client_hello_make(body, &input);
}

/* [rfc7301#3.2] "The protocol identified in the "application_layer_protocol_negotiation" extension
 * type in the ServerHello SHALL be definitive for the connection, until renegotiated." */
void commit_extras(struct handshake *handshake, const struct choice *choice)
{
    struct association *association = handshake->association;
    association->srtp_profile = (uint8_t)choice->srtp_profile;
    association->alpn = choice->alpn == 0 ? 0 : handshake->environment->protocols[choice->alpn - 1];
    association->record_size_limit = choice->record_size_limit;
    association->own_record_size_limit = choice->own_record_size_limit;
    /* [rfc8449#4] "The value includes the content type and padding added in TLS 1.3": one byte that
     * a payload cannot have. */
    if (association_is_13(association) && choice->record_size_limit != 0) {
        association->record_size_limit--;
        association->own_record_size_limit--;
    }
}

enum rdtls_status build_certificate_verify(struct handshake *handshake, struct writer *body)
{
    const struct lane_job *job = &handshake->job;
    if (job->state != LANE_DONE || !job->ok)
        return RDTLS_ALERT_INTERNAL_ERROR;
    struct certificate_verify message = {
        .scheme = handshake->choice.scheme,
        .signature = bytes_of(job->sign.signature, job->sign.signature_len),
    };
    certificate_verify_write(body, &message);
    return RDTLS_OK;
}

struct ticket_box ticket_box_of(const struct handshake_environment *environment)
{
    return (struct ticket_box){
        .secrets = &environment->policy->ticket_secrets,
        .aead = environment->engines.aead,
        .lifetime_s = environment->policy->ticket_lifetime_s,
    };
}

void note_resumed(struct handshake *handshake, const struct session *session)
{
    struct association *association = handshake->association;
    association->resumed = true;
    association->peer_certificate = session->peer_certificate;
    memcpy(association->peer_fingerprint, session->peer_fingerprint, SHA256_LEN);
    handshake->authenticated_ms = session->authenticated_ms;
}
