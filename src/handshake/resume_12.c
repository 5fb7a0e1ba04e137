/* DTLS 1.2: sessions that are taken up again, and the tickets that they come from (RFC 5077, RFC
 * 5246 section 7.3, RFC 7627 section 5.3). */
#include <assert.h>

#include "base/secret.h"
#include "handshake/client_hello.h"
#include "handshake/key_schedule_12.h"
#include "handshake/messages_12.h"
#include "handshake/tables.h"
#include "wire/session_ticket_12.h"

static_assert((int)SESSION_TICKET_12_MAX == (int)SESSION_TICKET_12_OVERHEAD + (int)TICKET_OURS_MAX,
              "the longest that we send");

/* Whose keys follow from it: the association has its randoms and its suite. */
static void take_up(struct handshake *handshake, const struct session *session)
{
    struct association *association = handshake->association;
    note_resumed(handshake, session);
    handshake->rows = handshake_12_resumed;
    key_schedule_12_resume(association, handshake->choice.suite, session->secret);
    association->keys_ready = true;
}

/* [rfc5077#3.2] "If the server fails to verify the ticket, then it falls back to performing a full
 * handshake." [rfc5077#3.4] "the server MUST NOT rely upon the Session ID having a particular value
 * when validating the ticket." */
bool find_session_12(const struct handshake *handshake, const struct client_hello *hello,
                     struct session *session)
{
    const struct handshake_environment *environment = handshake->environment;
    struct bytes ticket = hello->extras.session_ticket;
    uint64_t clock_ms = environment_clock_ms(environment, handshake->now_ns);
    struct ticket_box box = ticket_box_of(environment);
    if (ticket.len == 0 || !policy_resumes(environment->policy, RDTLS_SERVER) ||
        !ticket_open(&box, ticket, clock_ms, session))
        return false;
    bool is_good =
        session->version == VERSION_DTLS_1_2 &&
        codepoint_list_has(hello->prefix.cipher_suites, session->suite) &&
        session_is_usable(session, environment->policy, RDTLS_SERVER, hello->server_name, clock_ms);
    if (!is_good)
        secret_wipe(session, sizeof(*session));
    return is_good;
}

void answer_resumed_12(struct handshake *handshake, const struct client_hello *hello,
                       const struct session *session)
{
    struct bytes session_id = hello->prefix.session_id;
    handshake->v13.session_id_len_12 = (uint8_t)session_id.len;
    bytes_copy(handshake->v13.session_id_12, session_id);
    take_up(handshake, session);
    if (session_time_left_s(session, handshake->environment->policy,
                            environment_clock_ms(handshake->environment, handshake->now_ns)) == 0)
        handshake->choice.ticket_12 = false;
}

struct bytes offered_ticket_12(const struct handshake *handshake)
{
    const struct saved_session *saved =
        environment_session(handshake->environment, handshake->offered);
    bool is_12 = saved != NULL && saved->session.version == VERSION_DTLS_1_2;
    return is_12 ? bytes_of(saved->ticket, saved->ticket_len) : bytes_of(NULL, 0);
}

/* [rfc5077#3.4] "This allows the client to easily differentiate when the server is resuming a
 * session from when it is falling back to a full handshake.": no other server echoes the hash of
 * our ticket. */
enum rdtls_status accept_resumed_12(struct handshake *handshake, const struct server_hello *hello)
{
    uint8_t session_id[SESSION_ID_MAX];
    struct bytes ticket = offered_ticket_12(handshake);
    if (ticket.len == 0)
        return RDTLS_OK;
    ticket_session_id(ticket, session_id);
    if (!bytes_are_equal(hello->session_id, bytes_of(session_id, sizeof(session_id))))
        return RDTLS_OK;
    const struct session *session =
        &environment_session(handshake->environment, handshake->offered)->session;
    /* [rfc5246#7.4.1.3] "For resumed sessions, this field is the value from the state of the
     * session being resumed." */
    if (hello->cipher_suite != session->suite)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    take_up(handshake, session);
    return RDTLS_OK;
}

/* What both sides know when the ticket is on its way. */
static void describe(const struct handshake_environment *environment,
                     const struct association *association, struct session *session)
{
    *session = (struct session){
        .version = VERSION_DTLS_1_2,
        .suite = association_suite(association)->code_point,
        .secret_len = MASTER_SECRET_LEN,
        .extended_master_secret = true,
        .peer_certificate = association->peer_certificate,
    };
    memcpy(session->secret, association->v12.master_secret, MASTER_SECRET_LEN);
    if (session->peer_certificate)
        memcpy(session->peer_fingerprint, association->peer_fingerprint, SHA256_LEN);
    memcpy(session->name_hash, association->v12.name_hash, SESSION_NAME_HASH_LEN);
    memcpy(session->policy_digest, environment->policy->verify_digest, POLICY_DIGEST_LEN);
}

bool write_session_ticket_12(const struct handshake_environment *environment,
                             const struct association *association, const struct ticket_times *when,
                             struct writer *body)
{
    struct session session;
    uint8_t salt[TICKET_SALT_LEN];
    uint8_t ticket_bytes[TICKET_OURS_MAX];
    struct writer ticket = writer_of(ticket_bytes, sizeof(ticket_bytes));
    struct ticket_box box = ticket_box_of(environment);
    describe(environment, association, &session);
    session.authenticated_ms = when->authenticated_ms;
    session.issued_ms = when->issued_ms;
    session.lifetime_s = session_time_left_s(&session, environment->policy, when->issued_ms);
    ticket_salt(&box, bytes_of(association->client_random, RANDOM_LEN),
                bytes_of(association->v12.server_random, RANDOM_LEN), salt);
    bool is_sealed = ticket_seal(&box, &session, salt, &ticket);
    struct session_ticket_12 message = {
        .lifetime_s = session.lifetime_s,
        .ticket = bytes_of(ticket_bytes, ticket.len),
    };
    session_ticket_12_write(body, &message);
    secret_wipe(&session, sizeof(session));
    return is_sealed;
}

/* [rfc5077#3.3] "This message MUST be sent if the server included a SessionTicket extension in the
 * ServerHello." "This message MUST NOT be sent if the server did not include a SessionTicket
 * extension in the ServerHello." "In the case of a full handshake, the server MUST verify the
 * client's Finished message before sending the ticket.": the table has it behind that one. */
enum rdtls_status build_session_ticket_12(struct handshake *handshake, struct writer *body)
{
    struct association *association = handshake->association;
    uint64_t clock_ms = environment_clock_ms(handshake->environment, handshake->now_ns);
    struct ticket_times when = {
        .authenticated_ms = association->resumed ? handshake->authenticated_ms : clock_ms,
        .issued_ms = clock_ms,
    };
    /* Of a full handshake it is in the final flight, which is not kept. */
    association->ticket_issued = !association->resumed;
    return write_session_ticket_12(handshake->environment, association, &when, body)
               ? RDTLS_OK
               : RDTLS_ALERT_INTERNAL_ERROR;
}

/* [rfc5077#3.3] "The client MUST NOT treat the ticket as valid until it has verified the server's
 * Finished message." The host is told of it when the handshake is complete. [rfc5077#3.1] "The
 * client caches this ticket along with the master secret and other parameters associated with the
 * current session." */
enum rdtls_status consume_session_ticket_12(struct handshake *handshake, struct bytes body)
{
    const struct handshake_environment *environment = handshake->environment;
    const struct policy *policy = environment->policy;
    const struct association *association = handshake->association;
    struct session_ticket_12 message;
    TRY(session_ticket_12_read(body, &message));
    /* [rfc5077#3.3] "If the server determines that it does not want to include a ticket after it
     * has included the SessionTicket extension in the ServerHello, then it sends a zero-length
     * ticket". One that is too long to be kept is no better. [rfc5077#4] "Clients MUST NOT examine
     * the ticket under the assumption that it complies with this document." */
    if (message.ticket.len == 0 || message.ticket.len > TICKET_MAX)
        return RDTLS_OK;
    handshake->received = pool_lend(environment->sessions);
    struct saved_session *saved = environment_session(environment, handshake->received);
    if (saved == NULL)
        return RDTLS_OK;
    struct session *session = &saved->session;
    describe(environment, association, session);
    session->issued_ms = environment_clock_ms(environment, handshake->now_ns);
    session->authenticated_ms =
        association->resumed ? handshake->authenticated_ms : session->issued_ms;
    /* [rfc5077#3.3] "A value of zero is reserved to indicate that the lifetime of the ticket is
     * unspecified." */
    session->lifetime_s = message.lifetime_s == 0 || message.lifetime_s > policy->ticket_lifetime_s
                              ? policy->ticket_lifetime_s
                              : message.lifetime_s;
    saved->ticket_len = (uint16_t)message.ticket.len;
    bytes_copy(saved->ticket, message.ticket);
    return RDTLS_OK;
}
