/* Views of bytes, and integers in network byte order. Nothing here owns memory. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns. Empty: len 0, data anything. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

static inline struct bytes bytes_of(const void *data, size_t len)
{
    return (struct bytes){(const uint8_t *)data, len};
}

static inline bool bytes_are_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* memmove that may be given an empty view: what lies already where it is to go may stay. */
static inline void bytes_copy(uint8_t *to, struct bytes from)
{
    if (from.len > 0)
        memmove(to, from.data, from.len);
}

/* To network byte order, and back. */
enum { BYTES_ARE_REVERSED = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

static inline uint16_t network_u16(uint16_t value)
{
    return BYTES_ARE_REVERSED ? __builtin_bswap16(value) : value;
}

static inline uint32_t network_u32(uint32_t value)
{
    return BYTES_ARE_REVERSED ? __builtin_bswap32(value) : value;
}

static inline uint64_t network_u64(uint64_t value)
{
    return BYTES_ARE_REVERSED ? __builtin_bswap64(value) : value;
}

static inline uint16_t load_u16(const uint8_t *p)
{
    uint16_t value;
    memcpy(&value, p, sizeof(value));
    return network_u16(value);
}

static inline uint32_t load_u24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | load_u16(p + 1);
}

static inline uint32_t load_u32(const uint8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof(value));
    return network_u32(value);
}

static inline uint64_t load_u48(const uint8_t *p)
{
    return (uint64_t)load_u16(p) << 32 | load_u32(p + 2);
}

static inline uint64_t load_u64(const uint8_t *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof(value));
    return network_u64(value);
}

static inline void store_u16(uint8_t *p, uint16_t value)
{
    value = network_u16(value);
    memcpy(p, &value, sizeof(value));
}

static inline void store_u24(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 16);
    store_u16(p + 1, (uint16_t)value);
}

static inline void store_u32(uint8_t *p, uint32_t value)
{
    value = network_u32(value);
    memcpy(p, &value, sizeof(value));
}

static inline void store_u48(uint8_t *p, uint64_t value)
{
    store_u16(p, (uint16_t)(value >> 32));
    store_u32(p + 2, (uint32_t)value);
}

static inline void store_u64(uint8_t *p, uint64_t value)
{
    value = network_u64(value);
    memcpy(p, &value, sizeof(value));
}

#endif
