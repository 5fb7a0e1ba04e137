#include "app/rooms.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct room {
    struct room *next; /* of the bucket */
    struct room_member *first;
    struct room_member **last_link; /* where the next to join is linked in */
    size_t count;
    char name[];
};

/* FNV-1a. Whoever crowds a bucket with names of his making has to have a session in each. */
static struct room **bucket_of(struct rooms *rooms, const char *name)
{
    uint32_t hash = 2166136261U;
    for (const char *at = name; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * 16777619U;
    }
    return &rooms->bucket[hash % ROOMS_BUCKETS];
}

static struct room *find_or_make(struct rooms *rooms, const char *name)
{
    struct room **bucket = bucket_of(rooms, name);
    for (struct room *room = *bucket; room != NULL; room = room->next) {
        if (strcmp(room->name, name) == 0) {
            return room;
        }
    }
    const size_t name_size = strlen(name) + 1;
    struct room *made = malloc(sizeof(*made) + name_size);
    if (made == NULL) {
        return NULL;
    }
    *made = (struct room){.next = *bucket, .last_link = &made->first};
    memcpy(made->name, name, name_size);
    *bucket = made;
    return made;
}

static void unmake(struct rooms *rooms, struct room *room)
{
    struct room **link = bucket_of(rooms, room->name);
    while (*link != room) {
        link = &(*link)->next;
    }
    *link = room->next;
    free(room);
}

bool rooms_join(struct rooms *rooms, const char *name, struct room_member *member)
{
    rooms_leave(rooms, member);
    struct room *room = find_or_make(rooms, name);
    if (room == NULL || room->count == ROOM_MEMBERS_MAX) {
        return false;
    }
    *member = (struct room_member){.room = room, .link = room->last_link};
    *room->last_link = member;
    room->last_link = &member->next;
    room->count++;
    return true;
}

void rooms_leave(struct rooms *rooms, struct room_member *member)
{
    struct room *room = member->room;
    if (room == NULL) {
        return;
    }
    *member->link = member->next;
    if (member->next != NULL) {
        member->next->link = member->link;
    } else {
        room->last_link = member->link;
    }
    *member = (struct room_member){0};
    room->count--;
    if (room->count == 0) {
        unmake(rooms, room);
    }
}

struct room_member *room_first(const struct room_member *member)
{
    return member->room != NULL ? member->room->first : NULL;
}

size_t room_count(const struct room_member *member)
{
    return member->room != NULL ? member->room->count : 0;
}
