/*
 * Reads a peer's bytes. A reader never goes past its end: the first read that would sets `failed`,
 * and from then on every read yields zero or an empty view. So a parser reads everything in order
 * and asks once, at its end, whether it was all there.
 */
#ifndef BASE_READER_H
#define BASE_READER_H

#include "base/bytes.h"

struct reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

static inline struct reader reader_of(struct bytes bytes)
{
    return (struct reader){bytes.data, bytes.len, false};
}

static inline struct bytes reader_bytes(struct reader *reader, size_t len)
{
    if (reader->failed || len > reader->left) {
        reader->failed = true;
        reader->left = 0;
        return (struct bytes){NULL, 0};
    }
    if (len == 0)
        return (struct bytes){reader->at, 0}; /* which may be NULL: no arithmetic on that */
    struct bytes bytes = {reader->at, len};
    reader->at += len;
    reader->left -= len;
    return bytes;
}

static inline uint8_t reader_u8(struct reader *reader)
{
    struct bytes b = reader_bytes(reader, 1);
    return b.len == 1 ? b.data[0] : 0;
}

static inline uint16_t reader_u16(struct reader *reader)
{
    struct bytes b = reader_bytes(reader, 2);
    return b.len == 2 ? load_u16(b.data) : 0;
}

static inline uint32_t reader_u24(struct reader *reader)
{
    struct bytes b = reader_bytes(reader, 3);
    return b.len == 3 ? load_u24(b.data) : 0;
}

static inline uint32_t reader_u32(struct reader *reader)
{
    struct bytes b = reader_bytes(reader, 4);
    return b.len == 4 ? load_u32(b.data) : 0;
}

static inline uint64_t reader_u48(struct reader *reader)
{
    struct bytes b = reader_bytes(reader, 6);
    return b.len == 6 ? load_u48(b.data) : 0;
}

/* A vector with a length prefix of 1, 2 or 3 bytes (RFC 5246 section 4.3). */
static inline struct bytes reader_vector_u8(struct reader *reader)
{
    return reader_bytes(reader, reader_u8(reader));
}

static inline struct bytes reader_vector_u16(struct reader *reader)
{
    return reader_bytes(reader, reader_u16(reader));
}

static inline struct bytes reader_vector_u24(struct reader *reader)
{
    return reader_bytes(reader, reader_u24(reader));
}

/* Everything was there and nothing is left over. */
static inline bool reader_is_complete(const struct reader *reader)
{
    return !reader->failed && reader->left == 0;
}

#endif
