/*
 * Somebody else's TLS library as a client or a server for one association, to talk to ours. Each
 * library defines the functions below, in a file of its own; what the peer says and hears is the
 * same program (peer.c). Nothing blocks: the socket is connected and gives what there is.
 */
#ifndef INTEROP_PEER_H
#define INTEROP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_EXPORTER_LABEL "EXTRACTOR-dtls_srtp"

enum { PEER_EXPORTED_LEN = 88, PEER_DATA_MAX = 16384, PEER_GROUPS_MAX = 3 };

enum peer_ask { PEER_ASK_NONE, PEER_ASK_REQUEST, PEER_ASK_REQUIRE };

struct peer_options {
    int is_server;
    char *suite;       /* as OpenSSL names it */
    char *groups;      /* of X25519, P-256, P-384, commas between; the preferred one first */
    char *certificate; /* PEM files; NULL: none */
    char *key;
    char *trusted; /* client: whose certificate the server must have, or be signed by */
    enum peer_ask ask;
    int mtu; /* bytes of a datagram; 0: as the library likes */
};

enum peer_progress {
    PEER_WAITS, /* for a datagram, or for its timer */
    PEER_DONE,
    PEER_CLOSED, /* by the other side, with close_notify */
    PEER_FAILED, /* session_failure tells why */
};

/* A library's own number for a name in a list. */
struct peer_number {
    const char *name;
    int number;
};

/* The numbers of the names with commas between, in their order. Returns how many; 0: one of them is
 * not in the table, or there are more than fit. */
size_t peer_numbers(const char *list, const struct peer_number *table, size_t table_count,
                    int *numbers, size_t numbers_max);

/* Of a clock that only goes on. */
int64_t peer_now_ms(void);

struct session;

/* NULL when the library wants no such thing, which it has said on stderr. */
struct session *session_open(const struct peer_options *options, int socket);
void session_free(struct session *session);

enum peer_progress session_handshake(struct session *session);
/* The socket has been silent for a while: repeat the flight when its time is over. */
enum peer_progress session_tick(struct session *session);
enum peer_progress session_read(struct session *session, uint8_t *data, size_t *len);
bool session_write(struct session *session, const uint8_t *data, size_t len);
void session_say_close(struct session *session);

const char *session_failure(struct session *session);
const char *session_suite(struct session *session);
const char *session_version(struct session *session);
/* RFC 5705, without a context. False when the library cannot. */
bool session_export(struct session *session, uint8_t out[PEER_EXPORTED_LEN]);
const char *library_version(void);

#endif
