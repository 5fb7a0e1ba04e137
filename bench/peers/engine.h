/*
 * What a TLS library does for the server. Each peer defines these functions once, in a file of its
 * own, and everything else (datagrams, cookies, associations, deadlines, statistics) is the same
 * program. An engine is a thread's own: configuration, credentials and randomness, so that no two
 * threads share a lock. A session is one association in the library's hands.
 */
#ifndef PEERS_ENGINE_H
#define PEERS_ENGINE_H

#include "credentials.h"
#include "first_contact.h"
#include "wire.h"

struct engine;
struct session;

enum client_certificate {
    CLIENT_CERTIFICATE_NONE,
    CLIENT_CERTIFICATE_REQUEST,
    CLIENT_CERTIFICATE_REQUIRE
};

struct engine_options {
    const struct credentials *credentials;
    enum client_certificate client_certificate; /* whoever holds the key of his own is welcome */
    int variant;                                /* index into engine_variants */
};

enum progress {
    PROGRESS_WAITS, /* for a datagram, or for its timer */
    PROGRESS_DONE,
    PROGRESS_CLOSED, /* by the peer, with close_notify */
    PROGRESS_FAILED, /* for a reason that engine_take_failure tells */
};

/* Ways to run the library that differ in cost, the default first, NULL last. */
extern const char *const engine_variants[];
/* False when the library insists on a cookie from everyone. */
extern const bool engine_does_without_cookies;

const char *engine_version(void);

/* Once, by the main thread, before anything else. */
void engine_begin(void);

/* The options and the wire must outlive the engine. NULL when the library refuses the credentials
 * or memory is short. */
struct engine *engine_create(const struct engine_options *options, struct wire *wire);
void engine_free(struct engine *engine);

/* The thread that used the engine ends; what it holds for the thread goes. */
void engine_leave_thread(struct engine *engine);

/* Why the last call failed; the reason is forgotten then. The words stay till the next call. */
const char *engine_take_failure(struct engine *engine);

/* NULL when memory is short. */
struct session *session_create(struct engine *engine);
void session_free(struct session *session);

/* The association has ended: may the session serve another one? If not, it is to be freed. */
bool session_recycle(struct session *session);

/* A new association, whose hello lies on the wire. The proof says what its cookie was made of;
 * NULL: none was asked for. */
bool session_begin(struct session *session, const struct client_hello *hello,
                   const struct cookie_proof *proof);

/* May wait although the datagram still lies on the wire; then it is to be called again. */
enum progress session_handshake(struct session *session);

/* PROGRESS_DONE: one record's data, at most capacity bytes. May wait as session_handshake. */
enum progress session_receive(struct session *session, uint8_t *data, size_t capacity, size_t *len);

/* Is there more to receive that is no longer on the wire? */
bool session_has_pending(struct session *session);
void session_send(struct session *session, const uint8_t *data, size_t len);

/* Nothing to do till the next datagram: give back what can be given back. */
void session_rest(struct session *session);

/* During the handshake, about once a second: repeat the flight when its time is over. False when
 * the session has failed. */
bool session_run_timer(struct session *session);
void session_say_close(struct session *session);

#endif
