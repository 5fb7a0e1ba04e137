/*
 * Tickets without state (RFC 5077 section 4, RFC 8446 section 4.6.1): the session itself, sealed by
 * whoever will open it, kept by the client.
 *
 *     name 8 | salt 16 | AES-256-GCM(session) | tag 16
 *
 * The name says under which secret and in which window of time the ticket was sealed, so that what
 * is none of ours costs a comparison and no AEAD. Key and nonce are each ticket's own, derived from
 * the secret, the window and the salt: no counter is kept, and a fleet that shares the secret has
 * no common limit but 2^48 tickets a window. Windows follow from the clock; those of the longest
 * lifetime overlap.
 */
#ifndef HANDSHAKE_TICKET_H
#define HANDSHAKE_TICKET_H

#include "crypto/aead.h"
#include "handshake/session.h"
#include "handshake/ticket_secrets.h"

enum {
    TICKET_NAME_LEN = 8,
    TICKET_SALT_LEN = 16,
    TICKET_OVERHEAD = TICKET_NAME_LEN + TICKET_SALT_LEN + AEAD_TAG_LEN,
    TICKET_OURS_MAX = TICKET_OVERHEAD + SESSION_ENCODED_MAX,
};

#define TICKET_WINDOW_MS UINT64_C(86400000)

/* With what tickets are sealed and opened. */
struct ticket_box {
    const struct ticket_secrets *secrets; /* the first seals, each opens */
    struct aead_engine *aead;
    uint32_t lifetime_s; /* of the oldest session that is opened */
};

/* At most TICKET_OURS_MAX bytes, in the window of session->issued_ms. No two tickets of different
 * content have the same salt. false: no room, or libcrypto failed. */
MUST_CHECK bool ticket_seal(const struct ticket_box *box, const struct session *session,
                            const uint8_t salt[TICKET_SALT_LEN], struct writer *out);

/* A salt that belongs to this association alone and can be made again, for a ticket whose
 * repetition has to be the same. */
void ticket_salt(const struct ticket_box *box, struct bytes client_random,
                 struct bytes server_random, uint8_t salt[TICKET_SALT_LEN]);

/* false: none of ours, or sealed longer ago than a session lives, or in the future; *session is
 * wiped then. Whether it is usable session_is_usable says. */
MUST_CHECK bool ticket_open(const struct ticket_box *box, struct bytes ticket, uint64_t clock_ms,
                            struct session *session);

#endif
