/*
 * The sessions that one thread's associations have been given, and which of the next ones resume
 * one: of every hundred attempts so many, as long as there are sessions. Each is used once, as 1.3
 * wants it; a handshake that resumes brings a new one. The newest comes first.
 */
#ifndef LOADGEN_SESSIONS_H
#define LOADGEN_SESSIONS_H

#include <ringdtls/ringdtls.h>

enum { SESSIONS_MAX = 256, PERCENT_MAX = 100 };

struct kept_session {
    uint8_t data[RDTLS_SESSION_MAX];
    size_t len;
};

struct kept_sessions {
    uint32_t percent;
    uint32_t count;
    struct kept_session *kept; /* SESSIONS_MAX; NULL where percent is 0 */
};

/* false: out of memory. */
bool kept_sessions_init(struct kept_sessions *sessions, uint32_t percent);
void kept_sessions_free(struct kept_sessions *sessions);

/* One more than there is room for is forgotten. */
void kept_sessions_keep(struct kept_sessions *sessions, const struct rdtls_event *event);

/* For the attempt of this number: empty when it is a full handshake's turn, or there is none. Valid
 * until the next kept_sessions_keep. */
struct rdtls_session kept_sessions_take(struct kept_sessions *sessions, uint64_t attempt);

#endif
