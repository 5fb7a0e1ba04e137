/* DTLS 1.3: sessions that are taken up again, always with (EC)DHE (RFC 8446 sections 2.2, 4.2.11),
 * and the tickets that they come from (section 4.6.1). */
#include "base/secret.h"
#include "handshake/messages_13.h"
#include "wire/session_ticket_13.h"

#include <assert.h>

enum {
    IDENTITIES_MAX = 4, /* of a client's that are looked at: each may cost a decryption */
};

/* A ClientHello up to its binders. */
struct covered_hello {
    struct bytes covered;
    size_t whole_len;
};

/* [rfc8446#4.2.11.2] "Each entry in the binders list is computed as an HMAC over a transcript hash
 * ... containing a partial ClientHello up to and including the PreSharedKeyExtension.identities
 * field." "The length fields for the message ... are all set as if binders of the correct lengths
 * were present." before: of a hello that follows a HelloRetryRequest, message_hash and that. */
static void make_binder(const struct key_schedule_13 *schedule, const struct transcript *before,
                        const struct covered_hello *hello, uint8_t binder[DIGEST_LEN_MAX])
{
    struct transcript transcript = *before;
    struct handshake_header header = {
        .type = MESSAGE_CLIENT_HELLO,
        .length = (uint32_t)hello->whole_len,
    };
    uint8_t hash[DIGEST_LEN_MAX];
    transcript_add(&transcript, &header, hello->covered);
    size_t hash_len = transcript_hash(&transcript, schedule->hash, hash);
    key_schedule_13_binder(schedule, bytes_of(hash, hash_len), binder);
}

/* That a ticket is as old as its client says is asked for early data (RFC 8446 section 4.2.10),
 * which there is none of; nothing else assumes that a ClientHello is fresh, so what the client says
 * of the age changes nothing. How old a session is, is known without it. */
static bool is_acceptable(const struct handshake *handshake, const struct client_hello *hello,
                          const struct session *session, const struct suite *suite)
{
    const struct suite *of_session = suite_find(session->suite);
    uint64_t clock_ms = environment_clock_ms(handshake->environment, handshake->now_ns);
    /* [rfc8446#4.2.11] "The server MUST ensure that it selects a compatible PSK (if any) and cipher
     * suite." */
    return session->version == VERSION_DTLS_1_3 && of_session->hash == suite->hash &&
           session_is_usable(session, handshake->environment->policy, RDTLS_SERVER,
                             hello->server_name, clock_ms);
}

/* The first identity that is a ticket of ours, and at which place it is. */
static bool find_session(const struct handshake *handshake, const struct client_hello *hello,
                         const struct suite *suite, struct session *session,
                         struct psk_identity *identity, uint16_t *place)
{
    struct ticket_box box = ticket_box_of(handshake->environment);
    struct psk_walk walk = psk_walk_begin(&hello->offer_13.psk);
    uint64_t clock_ms = environment_clock_ms(handshake->environment, handshake->now_ns);
    for (*place = 0; *place < IDENTITIES_MAX && psk_walk_next(&walk, identity); ++*place)
        if (ticket_open(&box, identity->ticket, clock_ms, session) &&
            is_acceptable(handshake, hello, session, suite))
            return true;
    return false;
}

static enum rdtls_status check_binder(const struct handshake *handshake,
                                      const struct client_hello *hello, struct bytes binder)
{
    const struct key_schedule_13 *schedule = &handshake->v13.schedule;
    size_t binders_len = BINDERS_LENGTH_LEN + hello->offer_13.psk.binders.len;
    struct covered_hello covered = {
        .covered = hello->before_binders,
        .whole_len = hello->before_binders.len + binders_len,
    };
    uint8_t expected[DIGEST_LEN_MAX];
    make_binder(schedule, &handshake->transcript, &covered, expected);
    /* [rfc8446#4.2.11] "Prior to accepting PSK key establishment, the server MUST validate the
     * corresponding binder value" "If this value is not present or does not validate, the server
     * MUST abort the handshake." [rfc8446#4.4.4] As for a Finished, with a "decrypt_error". */
    bool is_good = binder.len == digest_len(schedule->hash) &&
                   secret_is_equal(expected, binder.data, binder.len);
    return is_good ? RDTLS_OK : RDTLS_ALERT_DECRYPT_ERROR;
}

enum rdtls_status choose_session_13(struct handshake *handshake, const struct client_hello *hello,
                                    struct choice *choice)
{
    const struct psk_offer *offer = &hello->offer_13.psk;
    const struct suite *suite = choice->suite;
    struct session session;
    struct psk_identity identity;
    uint16_t place;
    enum rdtls_status status = RDTLS_OK;
    /* [rfc8446#4.2.9] "servers MUST NOT select a key exchange mode that is not listed by the
     * client." Without one of ours there is no use in a ticket either. [rfc8446#4.1.1] "it MUST
     * also select a key establishment mode from the set indicated by the client's
     * "psk_key_exchange_modes" extension" */
    choice->takes_tickets =
        psk_offer_allows_dhe(offer) && policy_resumes(handshake->environment->policy, RDTLS_SERVER);
    if (choice->takes_tickets && offer->present &&
        find_session(handshake, hello, suite, &session, &identity, &place)) {
        key_schedule_13_begin(&handshake->v13.schedule, suite->hash,
                              bytes_of(session.secret, session.secret_len));
        status = check_binder(handshake, hello, identity.binder);
        if (status == RDTLS_OK)
            note_resumed(handshake, &session);
        choice->psk_selected = place;
        secret_wipe(&session, sizeof(session));
        return status;
    }
    key_schedule_13_begin(&handshake->v13.schedule, suite->hash, bytes_of(NULL, 0));
    return choose_credential_13(handshake->environment->policy, hello, choice);
}

/* The session that a ticket stands for, but for what the ticket says. */
static void fill_session(const struct association *association, const uint8_t *resumption_secret,
                         struct bytes nonce, struct session *session)
{
    const struct suite *suite = association_suite(association);
    *session = (struct session){
        .version = VERSION_DTLS_1_3,
        .suite = suite->code_point,
        .secret_len = (uint8_t)digest_len(suite->hash),
        .peer_certificate = association->peer_certificate,
    };
    ticket_psk_13(resumption_secret, suite->hash, nonce, session->secret);
    memcpy(session->peer_fingerprint, association->peer_fingerprint, SHA256_LEN);
}

/* There is one ticket to a handshake. */
static struct bytes only_nonce(void)
{
    static const uint8_t nonce = 0;
    return bytes_of(&nonce, sizeof(nonce));
}

bool handshake_grants_ticket(const struct handshake *handshake, struct session *session)
{
    /* Then it fits one record. */
    enum { RECORD_MIN = HANDSHAKE_HEADER_LEN + SESSION_TICKET_13_OVERHEAD + 1 + TICKET_OURS_MAX };
    const struct association *association = handshake->association;
    const struct policy *policy = handshake->environment->policy;
    size_t limit = association->record_size_limit;
    memset(session, 0, sizeof(*session));
    if (!association_is_13(association) || association->role != RDTLS_SERVER ||
        !handshake->choice.takes_tickets || (limit != 0 && limit < RECORD_MIN))
        return false;
    fill_session(association, handshake->v13.schedule.secret, only_nonce(), session);
    memcpy(session->name_hash, handshake->v13.name_hash, SESSION_NAME_HASH_LEN);
    memcpy(session->policy_digest, policy->verify_digest, POLICY_DIGEST_LEN);
    session->authenticated_ms = handshake->authenticated_ms;
    session->issued_ms = environment_clock_ms(handshake->environment, handshake->now_ns);
    session->lifetime_s = session_time_left_s(session, policy, session->issued_ms);
    return session->lifetime_s > 0;
}

/* The ticket is sealed once, and what is said again is what lies in the flight. */
enum rdtls_status build_session_ticket_13(struct handshake *handshake, struct writer *body)
{
    struct ticket_box box = ticket_box_of(handshake->environment);
    struct session session = *handshake->v13.granted;
    uint8_t random[TICKET_SALT_LEN + sizeof(session.age_add)];
    uint8_t ticket_bytes[TICKET_OURS_MAX];
    struct writer ticket = writer_of(ticket_bytes, sizeof(ticket_bytes));
    random_fill(&handshake->environment->random, random, sizeof(random));
    /* [rfc8446#4.6.1] "The server MUST generate a fresh value for each ticket it sends." */
    session.age_add = load_u32(random + TICKET_SALT_LEN);
    bool is_sealed = ticket_seal(&box, &session, random, &ticket);
    struct session_ticket_13 message = {
        .lifetime_s = session.lifetime_s,
        .age_add = session.age_add,
        .nonce = only_nonce(),
        .ticket = bytes_of(ticket_bytes, ticket.len),
    };
    session_ticket_13_write(body, &message);
    secret_wipe(&session, sizeof(session));
    return is_sealed ? RDTLS_OK : RDTLS_ALERT_INTERNAL_ERROR;
}

/* A client does not keep which name it has asked for, nor how it has judged who answered: only
 * whether its configuration would still do the same. */
static void check_of(const struct policy *policy, uint8_t check[POLICY_CHECK_LEN])
{
    uint8_t whole[SHA256_LEN];
    struct digest digest;
    digest_init(&digest, DIGEST_SHA256);
    digest_update(&digest, bytes_of(policy->verify_digest, POLICY_DIGEST_LEN));
    digest_update(&digest, policy_server_name(policy));
    digest_finish(&digest, whole);
    memcpy(check, whole, POLICY_CHECK_LEN);
}

void keep_for_tickets_13(struct handshake *handshake)
{
    struct association_13 *kept = &handshake->association->v13;
    memcpy(kept->resumption_secret, handshake->v13.schedule.secret, DIGEST_LEN_MAX);
    kept->authenticated_ms = handshake->authenticated_ms;
    check_of(handshake->environment->policy, kept->policy_check);
}

bool session_of_ticket_13(const struct handshake_environment *environment,
                          const struct association *association,
                          const struct session_ticket_13 *message, uint64_t now_ns,
                          struct saved_session *saved)
{
    const struct association_13 *kept = &association->v13;
    const struct policy *policy = environment->policy;
    struct session *session = &saved->session;
    uint8_t check[POLICY_CHECK_LEN];
    check_of(policy, check);
    /* A KeyUpdate has needed the room since. */
    bool has_forgotten = association->read.epoch != EPOCH_APPLICATION || association->read_moves;
    if (!policy_resumes(policy, RDTLS_CLIENT) || has_forgotten ||
        memcmp(check, kept->policy_check, POLICY_CHECK_LEN) != 0)
        return false;
    fill_session(association, kept->resumption_secret, message->nonce, session);
    /* [rfc8446#4.6.1] "Clients MUST only resume if the new SNI value is valid for the server
     * certificate presented in the original session" */
    session_hash_name(policy_server_name(policy), session->name_hash);
    memcpy(session->policy_digest, policy->verify_digest, POLICY_DIGEST_LEN);
    session->authenticated_ms = kept->authenticated_ms;
    session->issued_ms = environment_clock_ms(environment, now_ns);
    session->lifetime_s = message->lifetime_s;
    session->age_add = message->age_add;
    saved->ticket_len = (uint16_t)message->ticket.len;
    bytes_copy(saved->ticket, message->ticket);
    return true;
}

static struct saved_session *offered_13(const struct handshake *handshake)
{
    struct saved_session *saved = environment_session(handshake->environment, handshake->offered);
    return saved != NULL && saved->session.version == VERSION_DTLS_1_3 ? saved : NULL;
}

bool offered_identity_13(const struct handshake *handshake, struct psk_identity *identity)
{
    const struct saved_session *saved = offered_13(handshake);
    if (saved == NULL)
        return false;
    *identity = (struct psk_identity){
        .ticket = bytes_of(saved->ticket, saved->ticket_len),
        .obfuscated_age = saved->obfuscated_age,
        .binder = bytes_of(saved->binder, saved->session.secret_len),
    };
    return true;
}

/* [rfc8446#4.2.11.1] "The "obfuscated_ticket_age" field of each PskIdentity contains an obfuscated
 * version of the ticket age formed by taking the age in milliseconds and adding the
 * "ticket_age_add" value that was included with the ticket ... modulo 2^32." */
void begin_offer_13(const struct handshake *handshake)
{
    struct saved_session *saved = offered_13(handshake);
    if (saved == NULL)
        return;
    uint64_t clock_ms = environment_clock_ms(handshake->environment, handshake->now_ns);
    uint64_t age_ms = clock_ms > saved->session.issued_ms ? clock_ms - saved->session.issued_ms : 0;
    saved->obfuscated_age = (uint32_t)age_ms + saved->session.age_add;
}

void finish_offer_13(const struct handshake *handshake, struct writer *hello)
{
    struct saved_session *saved = offered_13(handshake);
    if (saved == NULL || hello->failed)
        return;
    const struct session *session = &saved->session;
    enum digest_kind hash = suite_find(session->suite)->hash;
    struct key_schedule_13 schedule;
    struct transcript before = handshake->transcript;
    struct covered_hello covered = {
        .covered = bytes_of(hello->start, psk_covered_len(hello->len, session->secret_len)),
        .whole_len = hello->len,
    };
    if ((handshake->facts & FACT_RETRY) == 0)
        transcript_start_13(&before, hash);
    key_schedule_13_begin(&schedule, hash, bytes_of(session->secret, session->secret_len));
    make_binder(&schedule, &before, &covered, saved->binder);
    memcpy(hello->start + hello->len - session->secret_len, saved->binder, session->secret_len);
    secret_wipe(&schedule, sizeof(schedule));
}

/* [rfc8446#4.1.4] "the client SHOULD NOT offer any pre-shared keys associated with a hash other
 * than that of the selected cipher suite." */
void keep_offer_for_suite_13(struct handshake *handshake, const struct suite *suite)
{
    const struct saved_session *saved = offered_13(handshake);
    if (saved != NULL && suite_find(saved->session.suite)->hash != suite->hash)
        environment_drop_session(handshake->environment, &handshake->offered);
}

/* [rfc8446#4.2.11] "Clients MUST verify that the server's selected_identity is within the range
 * supplied by the client, that the server selected a cipher suite indicating a Hash associated with
 * the PSK, and that a server "key_share" extension is present if required by the ClientHello
 * "psk_key_exchange_modes" extension. If these values are not consistent, the client MUST abort the
 * handshake with an "illegal_parameter" alert." */
enum rdtls_status check_selected_13(const struct handshake *handshake,
                                    const struct server_answer_13 *answer,
                                    const struct suite *suite)
{
    const struct saved_session *saved = offered_13(handshake);
    if (!answer->psk_present)
        return answer->key.len > 0 ? RDTLS_OK : RDTLS_ALERT_MISSING_EXTENSION;
    if (saved == NULL)
        return RDTLS_ALERT_UNSUPPORTED_EXTENSION;
    bool is_consistent = answer->psk_selected == 0 && answer->key.len > 0 &&
                         suite_find(saved->session.suite)->hash == suite->hash;
    return is_consistent ? RDTLS_OK : RDTLS_ALERT_ILLEGAL_PARAMETER;
}

void accept_selected_13(struct handshake *handshake, const struct server_answer_13 *answer,
                        const struct suite *suite)
{
    const struct saved_session *saved = answer->psk_present ? offered_13(handshake) : NULL;
    struct bytes psk = {NULL, 0};
    if (saved != NULL) {
        note_resumed(handshake, &saved->session);
        psk = bytes_of(saved->session.secret, saved->session.secret_len);
    }
    key_schedule_13_begin(&handshake->v13.schedule, suite->hash, psk);
}
