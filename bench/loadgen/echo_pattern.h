/*
 * What is sent to be echoed: bytes that name association and sequence, so that an answer can be
 * told from an older one, from another association's, and from a damaged one.
 */
#ifndef LOADGEN_ECHO_PATTERN_H
#define LOADGEN_ECHO_PATTERN_H

#include <stddef.h>
#include <stdint.h>

struct echo_pattern {
    uint64_t attempt; /* unlike that of all other associations */
    uint32_t sequence;
};

enum echo_verdict {
    ECHO_MATCHES,
    ECHO_OLD,   /* of an earlier record, which was sent twice: UDP */
    ECHO_WRONG, /* of nothing that was sent here lately */
};

void echo_pattern_fill(struct echo_pattern pattern, uint8_t *bytes, size_t len);
enum echo_verdict echo_pattern_judge(struct echo_pattern pattern, size_t expected_len,
                                     const uint8_t *bytes, size_t len);

#endif
