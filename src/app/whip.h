/*
 * WebRTC-HTTP Ingestion Protocol (RFC 9725), for whoever wants a session, with media or without: an
 * offer is posted, its answer comes back with the session's address, and a DELETE there ends it.
 *
 *     POST /whip or /offer ?room=NAME   application/sdp -> 201, the answer, Location:
 * /whip/RESOURCE DELETE /whip/RESOURCE             200
 *
 * What is refused is refused by a status that fits and one line of text that says what to do.
 */
#ifndef APP_WHIP_H
#define APP_WHIP_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "app/complaint.h"
#include "app/http_exchange.h"

/* Where WebRTC's sessions live. */
struct sessions;

enum {
    WHIP_RESOURCE_MAX = 64, /* with its NUL */
    WHIP_ROOM_MAX = 33,     /* likewise */
    WHIP_RETRY_AFTER_S = 5,
};

#define WHIP_ROOM_DEFAULT "lobby"

struct whip_answer {
    int status; /* 201; or 4xx; or 503: there is no room now */
    char *sdp;  /* of a 201: malloc'd, freed by whoever asked */
    /* Of a 201: letters, digits, '-' and '_'. It cannot be guessed, since whoever knows it may end
     * the session; so it stands in no statistics. */
    char resource[WHIP_RESOURCE_MAX];
    struct complaint complaint; /* of all others: what is wrong with the offer, in one line */
};

/* What is asked of the sessions, from the one thread that speaks HTTP; each within some
 * milliseconds, since everybody waits. */
struct whip_sessions {
    struct sessions *sessions;
    /* len bytes of an offer, none of them NUL, and a NUL behind them; answer is all zero. */
    void (*offer)(struct sessions *sessions, const char *offer, size_t len, const char *room,
                  struct whip_answer *answer);
    /* false: there is no such session (any more). */
    bool (*end)(struct sessions *sessions, const char *resource);
    /* An object {"sessions": [...], "totals": {...}}; NULL: out of memory. */
    cJSON *(*stats)(struct sessions *sessions);
};

/* Is this WHIP's? */
bool whip_is_path(const char *path);

/* Answer it; reply is all zero. */
void whip_respond(const struct whip_sessions *sessions, const struct http_request *request,
                  struct http_reply *reply);

#endif
