/* ICE as a lite agent does it (RFC 8445 section 2.5): it answers checks and sends none. */
#include <string.h>

#include "app/sessions_shard.h"
#include "app/stun.h"

enum {
    STALE_S = 10, /* without a check: whoever checks its path anew may have it */
    RESPONSE_MAX = 256,
};

static const uint64_t stale_ns = (uint64_t)STALE_S * 1000000000;

struct check {
    const struct rdtls_path *path;
    const uint8_t *message;
    size_t len;
};

static struct stun_bytes key_of(const struct session *session)
{
    return (struct stun_bytes){(const uint8_t *)session->name.pwd, SESSION_PWD_LEN};
}

/* Never more bytes than came: the sender's address may be somebody else's, who would get them. A
 * check as ICE wants it (RFC 8445 section 7.1) is longer than any answer; what is not is ignored.
 * What the outbox has no room for is lost as on any wire: the peer checks again. */
static void send_response(struct rdtls_shard *shard, const struct check *check,
                          struct stun_writer *writer, struct stun_bytes key)
{
    const size_t len = stun_end(writer, key);
    if (len > 0 && len <= check->len) {
        (void)!rdtls_shard_send_datagram(shard, check->path, writer->bytes, len);
    }
}

static void answer(struct rdtls_shard *shard, const struct check *check,
                   const struct session *session)
{
    uint8_t bytes[RESPONSE_MAX];
    struct stun_writer writer = {bytes, sizeof(bytes), 0};
    stun_begin(&writer, STUN_BINDING_SUCCESS, stun_transaction(check->message));
    stun_add_mapped_address(&writer, check->path);
    send_response(shard, check, &writer, key_of(session));
}

/* Without integrity where the peer has not shown that it knows the password (RFC 8489 section
 * 9.1.3). */
static void refuse(struct rdtls_shard *shard, const struct check *check,
                   const struct session *session, enum stun_error error)
{
    uint8_t bytes[RESPONSE_MAX];
    uint16_t unknown[STUN_UNKNOWN_MAX];
    struct stun_writer writer = {bytes, sizeof(bytes), 0};
    const struct stun_bytes nobody = {NULL, 0};
    stun_begin(&writer, STUN_BINDING_ERROR, stun_transaction(check->message));
    stun_add_error(&writer, error);
    if (error == STUN_UNKNOWN_ATTRIBUTE) {
        stun_add_unknown(&writer, unknown,
                         stun_unknown_attributes(check->message, check->len, unknown));
    }
    send_response(shard, check, &writer, error == STUN_UNAUTHENTICATED ? nobody : key_of(session));
}

/* What of a session's check is not as it should be; 0: nothing. */
static enum stun_error judge(const struct check *check, const struct session *session)
{
    uint16_t unknown[STUN_UNKNOWN_MAX];
    if (!stun_integrity_is_right(check->message, check->len, key_of(session))) {
        return STUN_UNAUTHENTICATED;
    }
    if (stun_unknown_attributes(check->message, check->len, unknown) > 0) {
        return STUN_UNKNOWN_ATTRIBUTE;
    }
    /* A lite agent is controlled whatever happens (RFC 8445 section 6.1.1): who believes that of
     * itself learns otherwise (section 7.3.1.1). */
    if (stun_find(check->message, check->len, STUN_ICE_CONTROLLED).at != NULL) {
        return STUN_ROLE_CONFLICT;
    }
    return (enum stun_error)0;
}

/* The session that a path belonged to is let go when it has not been heard of for a while: its peer
 * is another process by now. A check alone, which can come from a forged address, ends nobody. */
static void make_way(struct shard_sessions *own, struct rdtls_shard *shard,
                     const struct check *check)
{
    struct session *former = session_by_path(own->table, check->path);
    if (former != NULL && rdtls_shard_now(shard) - former->figures.heard_ns > stale_ns) {
        session_end(own, shard, former, SESSION_CONSENT_LOST);
    }
}

/* Also of a path that the session has: the shard where the check arrived may have forgotten whose
 * it is, and learns it anew. */
static bool take_path(struct shard_sessions *own, struct rdtls_shard *shard,
                      const struct check *check, struct session *session)
{
    if (!session_has_path(session, check->path)) {
        make_way(own, shard, check);
    }
    return rdtls_shard_add_path(shard, session->id, check->path) == RDTLS_OK &&
           session_add_path(own->table, session, check->path);
}

static void nominate(struct rdtls_shard *shard, const struct check *check, struct session *session)
{
    struct session_figures *figures = &session->figures;
    if (figures->nominated_ns != 0 &&
        memcmp(&session->nominated, check->path, sizeof(*check->path)) == 0) {
        return;
    }
    if (rdtls_endpoint_use_path(rdtls_shard_endpoint(shard), session->id, check->path) ==
        RDTLS_OK) {
        session->nominated = *check->path;
        figures->nominated_ns = rdtls_shard_now(shard);
    }
}

/* The path goes to the connection before anything else is asked: a hello that is held is answered
 * in this pass, and the peer's nomination comes some 50 ms later. */
static void accept_check(struct shard_sessions *own, struct rdtls_shard *shard,
                         const struct check *check, struct session *session)
{
    struct session_figures *figures = &session->figures;
    if (!session->opened || !take_path(own, shard, check, session)) {
        own->totals.checks_refused++;
        return;
    }
    figures->heard_ns = rdtls_shard_now(shard);
    figures->checked_ns = figures->checked_ns == 0 ? figures->heard_ns : figures->checked_ns;
    figures->checks++;
    session_enqueue(own->table, QUEUE_ALIVE, session);
    if (stun_find(check->message, check->len, STUN_USE_CANDIDATE).at != NULL) {
        nominate(shard, check, session);
    }
    answer(shard, check, session);
    own->totals.checks_answered++;
}

/* NULL: it is another shard's, or nobody's. */
static struct session *find_session(struct shard_sessions *own, struct rdtls_shard *shard,
                                    const struct check *check)
{
    const struct stun_bytes username = stun_find(check->message, check->len, STUN_USERNAME);
    struct stun_bytes ours;
    struct stun_bytes theirs;
    struct session_place place;
    if (!stun_split_username(username, &ours, &theirs) ||
        !session_place_of((const char *)ours.at, ours.len, &place)) {
        own->totals.strangers++;
        return NULL;
    }
    if (place.shard != rdtls_shard_index(shard)) {
        const enum rdtls_status status =
            rdtls_shard_pass_on(shard, place.shard, check->path, check->message, check->len);
        own->totals.checks_passed_on += status == RDTLS_OK ? 1 : 0;
        return NULL;
    }
    struct session *session = session_at(own->table, place.place);
    if (session == NULL || !session_name_is(session->name.ufrag, (const char *)ours.at, ours.len)) {
        own->totals.strangers++;
        return NULL;
    }
    return session;
}

void session_check(struct shard_sessions *own, struct rdtls_shard *shard,
                   const struct rdtls_path *path, uint8_t *datagram, size_t len)
{
    const struct check check = {path, datagram, len};
    if (!stun_is_message(datagram, len) || stun_type_of(datagram) != STUN_BINDING_REQUEST) {
        own->totals.strangers++;
        return;
    }
    struct session *session = find_session(own, shard, &check);
    if (session == NULL) {
        return;
    }
    const enum stun_error error = judge(&check, session);
    if (error != 0) {
        own->totals.checks_refused++;
        refuse(shard, &check, session, error);
        return;
    }
    accept_check(own, shard, &check, session);
}
