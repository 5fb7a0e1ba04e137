#include "app/sctp_assembly.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 16384 };

static struct sctp_assembly *find(struct sctp_assemblies *assemblies,
                                  const struct sctp_message *message)
{
    for (size_t i = 0; i < SCTP_ASSEMBLIES_MAX; i++) {
        struct sctp_assembly *at = &assemblies->place[i];
        if (at->used && at->stream == message->stream &&
            at->unordered == message->reliability.unordered) {
            return at;
        }
    }
    return NULL;
}

static struct sctp_assembly *begin(struct sctp_assemblies *assemblies,
                                   const struct sctp_message *message)
{
    for (size_t i = 0; i < SCTP_ASSEMBLIES_MAX; i++) {
        struct sctp_assembly *at = &assemblies->place[i];
        if (!at->used) {
            *at = (struct sctp_assembly){.used = true,
                                         .stream = message->stream,
                                         .unordered = message->reliability.unordered};
            return at;
        }
    }
    return NULL;
}

static bool make_room(struct sctp_assembly *assembly, size_t needed)
{
    size_t capacity = assembly->capacity != 0 ? assembly->capacity : CAPACITY_FIRST;
    while (capacity < needed) {
        capacity *= 2;
    }
    uint8_t *grown =
        capacity != assembly->capacity ? realloc(assembly->bytes, capacity) : assembly->bytes;
    if (grown == NULL) {
        return false;
    }
    assembly->bytes = grown;
    assembly->capacity = capacity;
    return true;
}

static enum sctp_assembled append(struct sctp_assembly *assembly, const struct sctp_part *part,
                                  struct sctp_message *message)
{
    const size_t len = assembly->len + part->message.len;
    if (len > SCTP_MESSAGE_MAX) {
        free(assembly->bytes);
        assembly->bytes = NULL;
        assembly->capacity = 0;
        assembly->too_long = true;
        return SCTP_ASSEMBLED_TOO_LONG;
    }
    if (!make_room(assembly, len)) {
        return SCTP_ASSEMBLED_NO_ROOM;
    }
    memcpy(assembly->bytes + assembly->len, part->message.bytes, part->message.len);
    assembly->len = len;
    if (!part->last) {
        return SCTP_ASSEMBLED_PART;
    }
    *message = part->message;
    message->bytes = assembly->bytes;
    message->len = assembly->len;
    return SCTP_ASSEMBLED_WHOLE;
}

/* The message that was given out last has been looked at. */
static void free_given_out(struct sctp_assemblies *assemblies)
{
    for (size_t i = 0; i < SCTP_ASSEMBLIES_MAX; i++) {
        struct sctp_assembly *at = &assemblies->place[i];
        if (!at->used && at->bytes != NULL) {
            free(at->bytes);
            *at = (struct sctp_assembly){0};
        }
    }
}

enum sctp_assembled sctp_assemblies_add(struct sctp_assemblies *assemblies,
                                        const struct sctp_part *part, struct sctp_message *message)
{
    free_given_out(assemblies);
    struct sctp_assembly *assembly = find(assemblies, &part->message);
    if (assembly == NULL && part->last && part->message.len <= SCTP_MESSAGE_MAX) {
        *message = part->message; /* whole as it came, as nearly all are */
        return SCTP_ASSEMBLED_WHOLE;
    }
    if (assembly == NULL) {
        assembly = begin(assemblies, &part->message);
    }
    if (assembly == NULL) {
        return SCTP_ASSEMBLED_NO_ROOM;
    }
    const enum sctp_assembled assembled =
        assembly->too_long ? SCTP_ASSEMBLED_PART : append(assembly, part, message);
    if (part->last) {
        assembly->used = false;
    }
    return assembled;
}

void sctp_assemblies_drop(struct sctp_assemblies *assemblies, uint16_t stream)
{
    for (size_t i = 0; i < SCTP_ASSEMBLIES_MAX; i++) {
        struct sctp_assembly *at = &assemblies->place[i];
        if (at->used && at->stream == stream) {
            free(at->bytes);
            *at = (struct sctp_assembly){0};
        }
    }
}

void sctp_assemblies_clear(struct sctp_assemblies *assemblies)
{
    for (size_t i = 0; i < SCTP_ASSEMBLIES_MAX; i++) {
        free(assemblies->place[i].bytes);
    }
    *assemblies = (struct sctp_assemblies){0};
}
