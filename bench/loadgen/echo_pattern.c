#include "loadgen/echo_pattern.h"

#include <stdbool.h>

enum { ECHO_OLD_MAX = 8 }; /* so far back an answer may be late */

/* splitmix64: every bit of the state shows in every byte. */
static uint64_t next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

static uint64_t first_state(struct echo_pattern pattern)
{
    uint64_t attempt = pattern.attempt;
    return next(&attempt) + pattern.sequence;
}

void echo_pattern_fill(struct echo_pattern pattern, uint8_t *bytes, size_t len)
{
    uint64_t state = first_state(pattern);
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++) {
        word = i % sizeof(word) == 0 ? next(&state) : word >> 8;
        bytes[i] = (uint8_t)word;
    }
}

static bool is_pattern(struct echo_pattern pattern, const uint8_t *bytes, size_t len)
{
    uint64_t state = first_state(pattern);
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++) {
        word = i % sizeof(word) == 0 ? next(&state) : word >> 8;
        if (bytes[i] != (uint8_t)word) {
            return false;
        }
    }
    return true;
}

enum echo_verdict echo_pattern_judge(struct echo_pattern pattern, size_t expected_len,
                                     const uint8_t *bytes, size_t len)
{
    if (len != expected_len) {
        return ECHO_WRONG;
    }
    if (is_pattern(pattern, bytes, len)) {
        return ECHO_MATCHES;
    }
    for (uint32_t back = 1; back <= ECHO_OLD_MAX && back <= pattern.sequence; back++) {
        const struct echo_pattern older = {pattern.attempt, pattern.sequence - back};
        if (is_pattern(older, bytes, len)) {
            return ECHO_OLD;
        }
    }
    return ECHO_WRONG;
}
