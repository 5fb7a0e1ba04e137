/*
 * Writes into a fixed buffer. A writer never goes past its end: the first write that would sets
 * `failed` and from then on nothing is written. Ask once, at the end.
 */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include "base/bytes.h"

struct writer {
    uint8_t *start;
    size_t len; /* written so far */
    size_t capacity;
    bool failed;
};

static inline struct writer writer_of(uint8_t *start, size_t capacity)
{
    return (struct writer){start, 0, capacity, false};
}

/* Room for len bytes, to be filled by the caller; NULL when there is none. */
static inline uint8_t *writer_room(struct writer *writer, size_t len)
{
    if (writer->failed || len > writer->capacity - writer->len) {
        writer->failed = true;
        return NULL;
    }
    uint8_t *room = writer->start + writer->len;
    writer->len += len;
    return room;
}

static inline void writer_bytes(struct writer *writer, struct bytes bytes)
{
    uint8_t *room = writer_room(writer, bytes.len);
    if (room != NULL)
        bytes_copy(room, bytes);
}

static inline void writer_u8(struct writer *writer, uint8_t value)
{
    uint8_t *room = writer_room(writer, 1);
    if (room != NULL)
        room[0] = value;
}

static inline void writer_u16(struct writer *writer, uint16_t value)
{
    uint8_t *room = writer_room(writer, 2);
    if (room != NULL)
        store_u16(room, value);
}

static inline void writer_u24(struct writer *writer, uint32_t value)
{
    uint8_t *room = writer_room(writer, 3);
    if (room != NULL)
        store_u24(room, value);
}

static inline void writer_u32(struct writer *writer, uint32_t value)
{
    uint8_t *room = writer_room(writer, 4);
    if (room != NULL)
        store_u32(room, value);
}

static inline void writer_u48(struct writer *writer, uint64_t value)
{
    uint8_t *room = writer_room(writer, 6);
    if (room != NULL)
        store_u48(room, value);
}

/* Open a vector with a length prefix of prefix_len bytes (1, 2 or 3); close it with what this
 * returned. */
static inline size_t writer_open_vector(struct writer *writer, size_t prefix_len)
{
    size_t mark = writer->len;
    (void)writer_room(writer, prefix_len);
    return mark;
}

static inline void writer_close_vector(struct writer *writer, size_t mark, size_t prefix_len)
{
    if (writer->failed)
        return;
    size_t len = writer->len - mark - prefix_len;
    if (len >> (8 * prefix_len) != 0) {
        writer->failed = true;
        return;
    }
    for (size_t i = 0; i < prefix_len; i++)
        writer->start[mark + i] = (uint8_t)(len >> (8 * (prefix_len - 1 - i)));
}

#endif
