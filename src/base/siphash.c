#include "base/siphash.h"

enum { ROUNDS_PER_WORD = 1, ROUNDS_AT_END = 3 };

struct sip_state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate_left(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void sip_round(struct sip_state *s)
{
    s->v0 += s->v1;
    s->v1 = rotate_left(s->v1, 13) ^ s->v0;
    s->v0 = rotate_left(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate_left(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate_left(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate_left(s->v1, 17) ^ s->v2;
    s->v2 = rotate_left(s->v2, 32);
}

static void sip_absorb(struct sip_state *s, uint64_t word)
{
    s->v3 ^= word;
    for (int i = 0; i < ROUNDS_PER_WORD; i++)
        sip_round(s);
    s->v0 ^= word;
}

/* SipHash reads its input little-endian. Byte by byte, compilers make eight loads of it. */
static uint64_t load_word(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? word : __builtin_bswap64(word);
}

/* Up to seven bytes: four, two and one of them, as far as they are there. */
static uint64_t load_tail(const uint8_t *p, size_t len)
{
    uint64_t word = 0;
    unsigned shift = 0;
    if ((len & 4) != 0) {
        word = p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;
        p += 4;
        shift = 32;
    }
    if ((len & 2) != 0) {
        word |= (uint64_t)(p[0] | p[1] << 8) << shift;
        p += 2;
        shift += 16;
    }
    if ((len & 1) != 0)
        word |= (uint64_t)p[0] << shift;
    return word;
}

uint64_t siphash(const struct siphash_key *key, struct bytes message)
{
    struct sip_state s = {
        key->k0 ^ 0x736f6d6570736575u,
        key->k1 ^ 0x646f72616e646f6du,
        key->k0 ^ 0x6c7967656e657261u,
        key->k1 ^ 0x7465646279746573u,
    };
    size_t whole = message.len / 8 * 8;
    for (size_t i = 0; i < whole; i += 8)
        sip_absorb(&s, load_word(message.data + i));
    uint64_t tail = load_tail(message.data + whole, message.len - whole);
    sip_absorb(&s, tail | (uint64_t)message.len << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < ROUNDS_AT_END; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
