/* DTLS 1.2: what a client sends, and what it makes of a server's messages. */
#include "handshake/client_hello.h"
#include "handshake/key_schedule_12.h"
#include "handshake/messages_12.h"
#include "handshake/messages_13.h"
#include "handshake/tables.h"
#include "wire/certificate_messages.h"
#include "wire/key_exchange_messages.h"

/* [rfc6347#4.2.1] "The client MUST retransmit the ClientHello with the cookie added." "When
 * responding to a HelloVerifyRequest, the client MUST use the same parameter values (version,
 * random, session_id, cipher_suites, compression_method) as it did in the original ClientHello."
 * Between the two nothing changes but the cookie. */
enum rdtls_status build_client_hello(struct handshake *handshake, struct writer *body)
{
    begin_offer_13(handshake);
    make_client_hello(handshake, bytes_of(handshake->flight.buffer, handshake->cookie_len), body);
    finish_offer_13(handshake, body);
    return RDTLS_OK;
}

/* The cookie is written to where the next flight, which is one ClientHello, keeps it. The flight
 * that it overwrites has been answered. */
enum rdtls_status consume_hello_verify_request(struct handshake *handshake, struct bytes body)
{
    struct bytes cookie;
    TRY(hello_verify_request_read(body, &cookie));
    /* [rfc9147#5.2] "A dual-stack DTLS 1.2 / DTLS 1.3 client MUST, however, be prepared to interact
     * with a DTLS 1.2 server." In 1.3 it is a HelloRetryRequest: whoever sends this knows older
     * versions alone. */
    if (!handshake->environment->policy->speaks_12)
        return RDTLS_ALERT_PROTOCOL_VERSION;
    if ((handshake->facts & FACT_RETRY) != 0)
        return RDTLS_ALERT_UNEXPECTED_MESSAGE;
    handshake->facts |= FACT_SECOND_HELLO;
    handshake->denied |= FACT_RETRY;
    bytes_copy(handshake->flight.buffer, cookie);
    handshake->cookie_len = (uint8_t)cookie.len;
    return RDTLS_OK;
}

static bool policy_offers_suite(const struct policy *policy, uint16_t code_point)
{
    for (size_t i = 0; i < policy->suite_count; i++)
        if (policy->suites[i] == code_point)
            return !suite_is_13(suite_find(code_point));
    return false;
}

static enum rdtls_status check_server_hello(const struct handshake *handshake,
                                            const struct server_hello *hello)
{
    const struct policy *policy = handshake->environment->policy;
    /* [rfc6347#4.2.1 !] "Upon receipt of the ServerHello, the client MUST verify that the server
     * version values match.": that of a HelloVerifyRequest is about formatting alone, and 1.0 where
     * servers do as they should. It is this one that counts. */
    if (hello->version != VERSION_DTLS_1_2 || !policy->speaks_12)
        return RDTLS_ALERT_PROTOCOL_VERSION;
    /* What 1.3 alone has is not asked for by a server of 1.2. [rfc8446#4.1.4] "The value of
     * selected_version in the HelloRetryRequest "supported_versions" extension MUST be retained in
     * the ServerHello, and a client MUST abort the handshake with an "illegal_parameter" alert if
     * the value changes." */
    if (hello->is_retry || hello->answer_13.key.len > 0 || (handshake->facts & FACT_RETRY) != 0)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    /* [rfc8446#4.1.3] "TLS 1.3 clients receiving a ServerHello indicating TLS 1.2 or below MUST
     * check that the last 8 bytes are not equal to either of these values. ... If a match is found,
     * the client MUST abort the handshake with an "illegal_parameter" alert." */
    if (policy->speaks_13 && random_shows_downgrade(hello->random))
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    if (!policy_offers_suite(handshake->environment->policy, hello->cipher_suite) ||
        hello->compression_method != COMPRESSION_NULL)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    /* [rfc7627#5.2] "If a client receives a ServerHello without the extension, it SHOULD abort the
     * handshake if it does not wish to interoperate with legacy servers." */
    if (!hello->extended_master_secret)
        return RDTLS_ALERT_HANDSHAKE_FAILURE;
    /* [rfc5746#3.4] "The client MUST then verify that the length of the "renegotiated_connection"
     * field is zero, and if it is not, MUST abort the handshake" */
    if (hello->renegotiated_connection.len != 0)
        return RDTLS_ALERT_HANDSHAKE_FAILURE;
    return RDTLS_OK;
}

/* The transcript begins with the ClientHello that was answered: the one in the flight.
 * [rfc6347#4.2.6] "in cases where the cookie exchange is used, the initial ClientHello and
 * HelloVerifyRequest MUST NOT be included in the CertificateVerify or Finished MAC computations."
 */
static void start_transcript(struct handshake *handshake)
{
    const struct flight_message *hello = &handshake->flight.messages[0];
    struct handshake_header header = {
        .type = hello->type,
        .message_seq = hello->message_seq,
        .length = hello->length,
    };
    /* Not in scratch: the ServerHello that is being read may lie there. */
    uint8_t body_bytes[CLIENT_HELLO_MAX];
    struct writer body = writer_of(body_bytes, sizeof(body_bytes));
    make_client_hello(handshake, flight_cookie(&handshake->flight, hello), &body);
    transcript_start(&handshake->transcript, handshake->choice.suite->hash, true);
    transcript_add(&handshake->transcript, &header, bytes_of(body.start, body.len));
}

enum rdtls_status consume_server_hello(struct handshake *handshake, struct bytes body)
{
    struct server_hello hello;
    struct choice choice = {0};
    TRY(server_hello_read(body, &hello));
    /* [rfc8446#4.2.1] "Clients MUST check for this extension prior to processing the rest of the
     * ServerHello" */
    if (hello.answer_13.selected_version != 0)
        return take_server_hello_13(handshake, &hello);
    TRY(check_server_hello(handshake, &hello));
    struct server_extras answer = {&hello.extras, hello.server_name, true};
    const struct policy *policy = handshake->environment->policy;
    TRY(accept_extras(policy, &answer, &choice));
    *(choice.ticket_12 ? &handshake->facts : &handshake->denied) |= FACT_TICKET;
    commit_extras(handshake, &choice);
    handshake->choice.suite = suite_find(hello.cipher_suite);
    handshake->rows = handshake_12_full;
    handshake->association->version = VERSION_12;
    association_choose_suite(handshake->association, handshake->choice.suite);
    bytes_copy(handshake->association->v12.server_random, hello.random);
    handshake->record_version = VERSION_DTLS_1_2;
    session_hash_name(policy_server_name(policy), handshake->association->v12.name_hash);
    start_transcript(handshake);
    /* [rfc5246#7.4.1.3] "Clients MUST be prepared to do a full negotiation -- including negotiating
     * new cipher suites -- during any handshake." */
    return accept_resumed_12(handshake, &hello);
}

enum rdtls_status consume_server_certificate(struct handshake *handshake, struct bytes body)
{
    struct certificate_message message;
    TRY(certificate_read(body, &message));
    /* [rfc5246#7.4.2] "The sender's certificate MUST come first in the list": a server's is there.
     */
    if (message.leaf.len == 0)
        return RDTLS_ALERT_DECODE_ERROR;
    TRY(accept_peer_certificate(handshake, &message));
    /* [rfc5246#7.4.2] "The end entity certificate's public key (and associated restrictions) MUST
     * be compatible with the selected key exchange algorithm." */
    return key_authentication((enum key_kind)handshake->certified.kind) ==
                   handshake->choice.suite->authentication
               ? RDTLS_OK
               : RDTLS_ALERT_UNSUPPORTED_CERTIFICATE;
}

enum rdtls_status consume_server_key_exchange(struct handshake *handshake, struct bytes body)
{
    struct server_key_exchange message;
    TRY(server_key_exchange_read(body, &message));
    const struct group *group = group_find(message.group);
    const struct scheme *scheme = scheme_find(message.scheme);
    /* [rfc8422#4] "respecting the choice of curves specified by the client"; [rfc5246#7.4.3] "the
     * signature algorithm and hash algorithm MUST be a pair listed in that extension." "the hash
     * and signature algorithms MUST be compatible with the key in the server's end-entity
     * certificate." */
    if (!policy_lists_group(handshake->environment->policy, message.group) || group == NULL ||
        group->has_kem || !policy_verifies(handshake->environment->policy, message.scheme) ||
        !scheme_is_for(scheme, (enum key_kind)handshake->certified.kind) ||
        message.public_key.len != key_exchange_public_len(group->exchange))
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    uint8_t signed_bytes[SIGN_INPUT_MAX];
    uint8_t digest[DIGEST_LEN_MAX];
    struct bytes signed_message = signed_key_exchange(handshake, message.params, signed_bytes);
    handshake->choice.group = message.group;
    bytes_copy(handshake->v13.peer_key_12, message.public_key);
    return submit_verify(handshake, scheme, scheme_input(scheme, signed_message, digest),
                         message.signature);
}

enum rdtls_status complete_server_key_exchange(struct handshake *handshake)
{
    struct association *association = handshake->association;
    if (association->role == RDTLS_SERVER)
        return RDTLS_OK; /* it was ours */
    TRY(complete_verify(handshake));
    association->group = handshake->choice.group;
    association->peer_certificate = true;
    return RDTLS_OK;
}

enum rdtls_status consume_certificate_request(struct handshake *handshake, struct bytes body)
{
    struct certificate_request request;
    TRY(certificate_request_read(body, &request));
    /* [rfc5246#7.4.6] "If no suitable certificate is available, the client MUST send a certificate
     * message containing no certificates." [rfc5246#7.4.4] "The end-entity certificate provided by
     * the client MUST contain a key that is compatible with certificate_types." "If the key is a
     * signature key, it MUST be usable with some hash/signature algorithm pair in
     * supported_signature_algorithms." [rfc5246#7.4.4 !] "Any certificates provided by the client
     * MUST be signed using a hash/signature algorithm pair found in
     * supported_signature_algorithms.": there is one chain, and a server that does not take it can
     * say so. */
    if (choose_client_credential(handshake->environment->policy, &request, &handshake->choice))
        handshake->facts |= FACT_CERTIFICATE_SENT;
    return RDTLS_OK;
}

enum rdtls_status consume_server_hello_done(struct handshake *handshake, struct bytes body)
{
    (void)handshake;
    return body.len == 0 ? RDTLS_OK : RDTLS_ALERT_DECODE_ERROR;
}

enum rdtls_status build_client_certificate(struct handshake *handshake, struct writer *body)
{
    const struct credential *credential = handshake_credential(handshake);
    bool have_one = (handshake->facts & FACT_CERTIFICATE_SENT) != 0;
    certificate_write(body, credential->chain, have_one ? credential->chain_count : 0);
    return RDTLS_OK;
}

enum rdtls_status prepare_client_key_exchange(struct handshake *handshake)
{
    const enum key_exchange_kind kind = group_find(handshake->choice.group)->exchange;
    take_peer_key(handshake, bytes_of(handshake->v13.peer_key_12, key_exchange_public_len(kind)));
    return lanes_key_pair(handshake->environment->lanes, kind, &handshake->key_pair)
               ? submit_derive(handshake)
               : RDTLS_ALERT_INTERNAL_ERROR;
}

enum rdtls_status build_client_key_exchange(struct handshake *handshake, struct writer *body)
{
    const struct key_pair *ours = &handshake->key_pair;
    client_key_exchange_write(body,
                              bytes_of(ours->public_key, key_exchange_public_len(ours->kind)));
    return RDTLS_OK;
}

enum rdtls_status prepare_certificate_verify(struct handshake *handshake)
{
    const struct scheme *scheme = scheme_find(handshake->choice.scheme);
    if (scheme == NULL)
        return RDTLS_ALERT_INTERNAL_ERROR;
    uint8_t digest[DIGEST_LEN_MAX];
    size_t len = transcript_hash(&handshake->transcript, scheme->hash, digest);
    return submit_sign(handshake, scheme, bytes_of(digest, len), SIGNATURE_HEAD_LEN);
}
