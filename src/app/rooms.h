/*
 * Who hears whom: rooms by name, and their members. A room is made by the first who joins and gone
 * with the last who leaves. No lock of its own: the one around SCTP guards it.
 */
#ifndef APP_ROOMS_H
#define APP_ROOMS_H

#include <stdbool.h>
#include <stddef.h>

struct room;

/* Part of what is a member; zero, or in a room. */
struct room_member {
    struct room *room;
    struct room_member *next;
    struct room_member **link; /* what points here */
};

enum {
    ROOM_MEMBERS_MAX = 256, /* a word to all is at most as many copies */
    ROOMS_BUCKETS = 256,
};

struct rooms {
    struct room *bucket[ROOMS_BUCKETS];
};

/* At the end of the room, which is made if need be; a member of another room leaves it first.
 * False: the room is full, or out of memory: a member of none. */
bool rooms_join(struct rooms *rooms, const char *name, struct room_member *member);

/* What is no member stays none. */
void rooms_leave(struct rooms *rooms, struct room_member *member);

/* The first of those in the member's room, itself included, in the order in which they joined;
 * their next leads on. Nobody must leave or join meanwhile. */
struct room_member *room_first(const struct room_member *member);

/* How many there are in the member's room; 0: it is in none. */
size_t room_count(const struct room_member *member);

#endif
