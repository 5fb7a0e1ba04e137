#include "handshake/session.h"

#include "base/reader.h"
#include "base/secret.h"

enum {
    FORMAT = 1, /* what was written by a release that writes otherwise is none of ours */
    FORMAT_SAVED = 0x81,
    MS_PER_S = 1000,
};

enum session_flag {
    FLAG_EXTENDED_MASTER_SECRET = 1 << 0,
    FLAG_PEER_CERTIFICATE = 1 << 1,
    FLAGS_ALL = FLAG_EXTENDED_MASTER_SECRET | FLAG_PEER_CERTIFICATE,
};

void session_hash_name(struct bytes server_name, uint8_t hash[SESSION_NAME_HASH_LEN])
{
    uint8_t whole[SHA256_LEN];
    digest_of(DIGEST_SHA256, server_name, whole);
    memcpy(hash, whole, SESSION_NAME_HASH_LEN);
}

void session_encode(struct writer *writer, const struct session *session)
{
    unsigned flags = (session->extended_master_secret ? FLAG_EXTENDED_MASTER_SECRET : 0u) |
                     (session->peer_certificate ? FLAG_PEER_CERTIFICATE : 0u);
    writer_u8(writer, FORMAT);
    writer_u16(writer, session->version);
    writer_u16(writer, session->suite);
    writer_u8(writer, (uint8_t)flags);
    size_t secret = writer_open_vector(writer, 1);
    writer_bytes(writer, bytes_of(session->secret, session->secret_len));
    writer_close_vector(writer, secret, 1);
    writer_u48(writer, session->authenticated_ms);
    writer_u48(writer, session->issued_ms);
    writer_u32(writer, session->lifetime_s);
    writer_u32(writer, session->age_add);
    writer_bytes(writer, bytes_of(session->name_hash, SESSION_NAME_HASH_LEN));
    writer_bytes(writer, bytes_of(session->policy_digest, POLICY_DIGEST_LEN));
    if (session->peer_certificate)
        writer_bytes(writer, bytes_of(session->peer_fingerprint, SHA256_LEN));
}

/* Is it one that a handshake of its version could have left? [rfc8446#4.6.1] "Clients MUST NOT
 * cache tickets for longer than 7 days, regardless of the ticket_lifetime" */
static bool is_sound(const struct session *session, unsigned flags)
{
    const struct suite *suite = suite_find(session->suite);
    if (suite == NULL || (flags & ~(unsigned)FLAGS_ALL) != 0 ||
        session->lifetime_s > SESSION_LIFETIME_MAX_S ||
        session->authenticated_ms > session->issued_ms)
        return false;
    if (session->version == VERSION_DTLS_1_2)
        return !suite_is_13(suite) && session->secret_len == SESSION_SECRET_MAX &&
               session->age_add == 0;
    return session->version == VERSION_DTLS_1_3 && suite_is_13(suite) &&
           !session->extended_master_secret && session->secret_len == digest_len(suite->hash);
}

bool session_decode(struct bytes encoded, struct session *session)
{
    struct reader reader = reader_of(encoded);
    memset(session, 0, sizeof(*session));
    uint8_t format = reader_u8(&reader);
    session->version = reader_u16(&reader);
    session->suite = reader_u16(&reader);
    unsigned flags = reader_u8(&reader);
    session->extended_master_secret = (flags & FLAG_EXTENDED_MASTER_SECRET) != 0;
    session->peer_certificate = (flags & FLAG_PEER_CERTIFICATE) != 0;
    struct bytes secret = reader_vector_u8(&reader);
    session->authenticated_ms = reader_u48(&reader);
    session->issued_ms = reader_u48(&reader);
    session->lifetime_s = reader_u32(&reader);
    session->age_add = reader_u32(&reader);
    struct bytes name = reader_bytes(&reader, SESSION_NAME_HASH_LEN);
    struct bytes policy = reader_bytes(&reader, POLICY_DIGEST_LEN);
    struct bytes fingerprint =
        reader_bytes(&reader, session->peer_certificate ? (size_t)SHA256_LEN : 0);
    if (!reader_is_complete(&reader) || format != FORMAT || secret.len > SESSION_SECRET_MAX) {
        secret_wipe(session, sizeof(*session));
        return false;
    }
    session->secret_len = (uint8_t)secret.len;
    bytes_copy(session->secret, secret);
    bytes_copy(session->name_hash, name);
    bytes_copy(session->policy_digest, policy);
    bytes_copy(session->peer_fingerprint, fingerprint);
    if (is_sound(session, flags))
        return true;
    secret_wipe(session, sizeof(*session));
    return false;
}

void saved_session_encode(struct writer *writer, const struct saved_session *saved)
{
    writer_u8(writer, FORMAT_SAVED);
    size_t session = writer_open_vector(writer, 1);
    session_encode(writer, &saved->session);
    writer_close_vector(writer, session, 1);
    size_t ticket = writer_open_vector(writer, 2);
    writer_bytes(writer, bytes_of(saved->ticket, saved->ticket_len));
    writer_close_vector(writer, ticket, 2);
}

bool saved_session_decode(struct bytes encoded, struct saved_session *saved)
{
    struct reader reader = reader_of(encoded);
    uint8_t format = reader_u8(&reader);
    struct bytes session = reader_vector_u8(&reader);
    struct bytes ticket = reader_vector_u16(&reader);
    memset(saved, 0, sizeof(*saved));
    if (!reader_is_complete(&reader) || format != FORMAT_SAVED || ticket.len == 0 ||
        ticket.len > TICKET_MAX || !session_decode(session, &saved->session))
        return false;
    saved->ticket_len = (uint16_t)ticket.len;
    bytes_copy(saved->ticket, ticket);
    return true;
}

static bool lists_suite(const struct policy *policy, uint16_t suite)
{
    for (size_t i = 0; i < policy->suite_count; i++)
        if (policy->suites[i] == suite)
            return true;
    return false;
}

/* The end of what was authenticated, whatever a ticket says of itself. */
static uint64_t end_ms(const struct session *session, const struct policy *policy)
{
    uint64_t of_ticket = session->issued_ms + (uint64_t)session->lifetime_s * MS_PER_S;
    uint64_t of_session =
        session->authenticated_ms + (uint64_t)policy->ticket_lifetime_s * MS_PER_S;
    return of_ticket < of_session ? of_ticket : of_session;
}

bool session_is_usable(const struct session *session, const struct policy *policy,
                       enum rdtls_role role, struct bytes server_name, uint64_t clock_ms)
{
    uint8_t name_hash[SESSION_NAME_HASH_LEN];
    bool is_12 = session->version == VERSION_DTLS_1_2;
    if (!policy_resumes(policy, role) || !(is_12 ? policy->speaks_12 : policy->speaks_13) ||
        /* [rfc5246#7.4.1.2] "If the session_id field is not empty (implying a session resumption
         * request), this vector MUST include at least the cipher_suite from that session.": a
         * client's hello lists what its policy does. */
        !lists_suite(policy, session->suite))
        return false;
    /* [rfc7627#5.3] "If the original session did not use the "extended_master_secret" extension but
     * the new ClientHello contains the extension, then the server MUST NOT perform the abbreviated
     * handshake.": every hello that we answer contains it. */
    if (is_12 && !session->extended_master_secret)
        return false;
    /* [rfc8446#4.2.11.1] "Clients MUST NOT attempt to use tickets which have ages greater than the
     * "ticket_lifetime" value which was provided with the ticket." */
    if (session->issued_ms > clock_ms + SESSION_CLOCK_TOLERANCE_MS ||
        clock_ms >= end_ms(session, policy))
        return false;
    /* [rfc6066#3] "A server that implements this extension MUST NOT accept the request to resume
     * the session if the server_name extension contains a different name." */
    session_hash_name(server_name, name_hash);
    return memcmp(name_hash, session->name_hash, SESSION_NAME_HASH_LEN) == 0 &&
           memcmp(policy->verify_digest, session->policy_digest, POLICY_DIGEST_LEN) == 0;
}

uint32_t session_time_left_s(const struct session *session, const struct policy *policy,
                             uint64_t clock_ms)
{
    uint64_t end = session->authenticated_ms + (uint64_t)policy->ticket_lifetime_s * MS_PER_S;
    return end > clock_ms ? (uint32_t)((end - clock_ms) / MS_PER_S) : 0;
}
