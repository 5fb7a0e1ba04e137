/*
 * What a session is called by others: its ICE user name fragment and password (RFC 8445 section
 * 5.3), and the path under which it is ended (RFC 9725 section 4.2). The first letters say whose it
 * is, so that whoever gets a name finds the session without searching; the rest cannot be guessed.
 *
 *     ss pppp rrrrrrrrrr     a user name fragment: shard, place, 50 random bits
 *     ss pppp r * 26         a resource: the same with 130 random bits
 *     r * 32                 a password: 160 random bits
 */
#ifndef APP_SESSION_NAME_H
#define APP_SESSION_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SESSION_UFRAG_LEN = 16,
    SESSION_PWD_LEN = 32,
    SESSION_RESOURCE_LEN = 32,
    SESSION_SHARDS_MAX = 1 << 10,
    SESSION_PLACES_MAX = 1 << 20,
};

/* Each with its NUL. */
struct session_name {
    char ufrag[SESSION_UFRAG_LEN + 1];
    char pwd[SESSION_PWD_LEN + 1];
    char resource[SESSION_RESOURCE_LEN + 1];
};

/* Of which shard a session is, and its place there. */
struct session_place {
    uint32_t shard; /* below SESSION_SHARDS_MAX */
    uint32_t place; /* below SESSION_PLACES_MAX */
};

/* false: the system has no random bytes. */
bool session_name_make(struct session_place place, struct session_name *name);

/* Where the session of this user name fragment, or resource, is if there is one; false: it is none
 * of ours. */
bool session_place_of(const char *name, size_t len, struct session_place *place);

/* Are these len bytes that name? Takes as long for every name of that length. */
bool session_name_is(const char *name, const char *bytes, size_t len);

#endif
