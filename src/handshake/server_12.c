/* DTLS 1.2: what a server sends, and what it makes of a client's messages. */
#include "handshake/key_schedule_12.h"
#include "handshake/messages_12.h"
#include "wire/certificate_messages.h"
#include "wire/key_exchange_messages.h"

static void commit_choice(struct handshake *handshake, const struct client_hello *hello,
                          const struct choice *choice)
{
    struct association *association = handshake->association;
    handshake->choice = *choice;
    association->suite = choice->suite->code_point;
    association->group = choice->group;
    commit_extras(association, choice);
    memcpy(association->client_random, hello->prefix.random.data, RANDOM_LEN);
    random_fill(&handshake->environment->random, association->server_random, RANDOM_LEN);
    transcript_start(&handshake->transcript, choice->suite->hash,
                     (handshake->facts & FACT_CERTIFICATE_REQUESTED) != 0);
}

enum rdtls_status consume_client_hello(struct handshake *handshake, struct bytes body)
{
    struct client_hello hello;
    struct choice choice;
    TRY(client_hello_read(body, &hello));
    TRY(negotiate_12(handshake->environment->policy, &hello, &choice));
    commit_choice(handshake, &hello, &choice);
    return RDTLS_OK;
}

enum rdtls_status build_server_hello(struct handshake *handshake, struct writer *body)
{
    const struct policy *policy = handshake->environment->policy;
    const struct choice *choice = &handshake->choice;
    struct server_hello_content content = {
        .random = handshake->association->server_random,
        /* [rfc5246#7.4.1.3] "The server may return an empty session_id to indicate that the session
         * will not be cached and therefore cannot be resumed." */
        .session_id = bytes_of(NULL, 0),
        .cipher_suite = handshake->choice.suite->code_point,
        .renegotiation_info = handshake->choice.renegotiation_info,
        .point_formats = handshake->choice.point_formats,
        .server_name = choice->server_name,
        .extras =
            {
                .srtp_profiles = &choice->srtp_profile,
                .srtp_profile_count = choice->srtp_profile != 0 ? 1 : 0,
                .alpn = choice->alpn != 0 ? &policy->alpn[choice->alpn - 1] : NULL,
                .alpn_count = choice->alpn != 0 ? 1 : 0,
                .record_size_limit = choice->record_size_limit != 0 ? policy->record_size_limit : 0,
            },
    };
    server_hello_write(body, &content);
    return RDTLS_OK;
}

enum rdtls_status build_server_certificate(struct handshake *handshake, struct writer *body)
{
    const struct credential *credential = &handshake->environment->policy->credential;
    certificate_write(body, credential->chain, credential->chain_count);
    return RDTLS_OK;
}

static void write_our_params(const struct handshake *handshake, struct writer *params)
{
    size_t len = key_exchange_public_len(handshake->key_pair.kind);
    server_key_exchange_params_write(params, handshake->choice.group,
                                     bytes_of(handshake->key_pair.public_key, len));
}

enum {
    SERVER_PARAMS_MAX = 4 + KEY_EXCHANGE_PUBLIC_MAX, /* curve type, group, length, key */
};

enum rdtls_status prepare_server_key_exchange(struct handshake *handshake)
{
    enum key_exchange_kind kind;
    const struct scheme *scheme = scheme_find(handshake->choice.scheme);
    if (!group_key_exchange(handshake->choice.group, &kind) || scheme == NULL ||
        !lanes_key_pair(handshake->environment->lanes, kind, &handshake->key_pair))
        return RDTLS_ALERT_INTERNAL_ERROR;
    uint8_t params_bytes[SERVER_PARAMS_MAX];
    struct writer params = writer_of(params_bytes, sizeof(params_bytes));
    write_our_params(handshake, &params);
    uint8_t digest[DIGEST_LEN_MAX];
    key_exchange_digest(handshake, scheme->hash, bytes_of(params.start, params.len), digest);
    return submit_sign(handshake, scheme, bytes_of(digest, digest_len(scheme->hash)),
                       params.len + SIGNATURE_HEAD_LEN);
}

enum rdtls_status build_server_key_exchange(struct handshake *handshake, struct writer *body)
{
    const struct lane_job *job = &handshake->job;
    if (job->state != LANE_DONE || !job->ok)
        return RDTLS_ALERT_INTERNAL_ERROR;
    uint8_t params_bytes[SERVER_PARAMS_MAX];
    struct writer params = writer_of(params_bytes, sizeof(params_bytes));
    write_our_params(handshake, &params);
    struct server_key_exchange message = {
        .params = bytes_of(params.start, params.len),
        .scheme = handshake->choice.scheme,
        .signature = bytes_of(job->sign.signature, job->sign.signature_len),
    };
    server_key_exchange_write(body, &message);
    return RDTLS_OK;
}

enum rdtls_status build_certificate_request(struct handshake *handshake, struct writer *body)
{
    static const uint16_t schemes[] = POLICY_SCHEMES;
    (void)handshake;
    certificate_request_write(body, schemes, sizeof(schemes) / sizeof(schemes[0]));
    return RDTLS_OK;
}

enum rdtls_status build_server_hello_done(struct handshake *handshake, struct writer *body)
{
    (void)handshake;
    (void)body; /* [rfc5246#7.4.5] "struct { } ServerHelloDone;" */
    return RDTLS_OK;
}

enum rdtls_status consume_client_certificate(struct handshake *handshake, struct bytes body)
{
    struct certificate_message message;
    TRY(certificate_read(body, &message));
    if (message.leaf.len == 0)
        /* [rfc5246#7.4.6] "If the client does not send any certificates, the server MAY at its
         * discretion either continue the handshake without client authentication, or respond with
         * a fatal handshake_failure alert." */
        return handshake->environment->policy->client_certificate ==
                       RDTLS_CLIENT_CERTIFICATE_REQUIRE
                   ? RDTLS_ALERT_HANDSHAKE_FAILURE
                   : RDTLS_OK;
    TRY(accept_peer_leaf(handshake, message.leaf));
    handshake->facts |= FACT_CERTIFICATE_SENT;
    return RDTLS_OK;
}

enum rdtls_status consume_client_key_exchange(struct handshake *handshake, struct bytes body)
{
    struct bytes public_key;
    TRY(client_key_exchange_read(body, &public_key));
    if (public_key.len != key_exchange_public_len(handshake->key_pair.kind))
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    return submit_derive(handshake, &handshake->key_pair, public_key);
}

enum rdtls_status consume_certificate_verify(struct handshake *handshake, struct bytes body)
{
    struct certificate_verify message;
    TRY(certificate_verify_read(body, &message));
    /* [rfc5246#7.4.8] "The hash and signature algorithms used in the signature MUST be one of
     * those present in the supported_signature_algorithms field of the CertificateRequest
     * message." */
    const struct scheme *scheme = scheme_find(message.scheme);
    if (scheme == NULL || scheme->key != (enum key_kind)handshake->certified.kind)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    uint8_t digest[DIGEST_LEN_MAX];
    size_t len = transcript_hash(&handshake->transcript, scheme->hash, digest);
    return submit_verify(handshake, scheme, bytes_of(digest, len), message.signature);
}

enum rdtls_status complete_certificate_verify(struct handshake *handshake)
{
    if (handshake->association->role == RDTLS_CLIENT)
        return RDTLS_OK; /* it was ours */
    TRY(complete_verify(handshake));
    handshake->association->peer_certificate = true;
    return RDTLS_OK;
}
