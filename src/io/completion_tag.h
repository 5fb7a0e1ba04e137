/*
 * What rides in a request's user_data and comes back in its completion, as a declared layout:
 *
 *     [ kind: 32 ][ index: 32 ]     index: the socket of a RECEIVE, the slot of a SEND, otherwise 0
 */
#ifndef IO_COMPLETION_TAG_H
#define IO_COMPLETION_TAG_H

#include <assert.h>
#include <stdint.h>

enum completion_kind {
    COMPLETION_IGNORED, /* of a request whose result changes nothing */
    COMPLETION_RECEIVE, /* a datagram, or the end of a multishot receive */
    COMPLETION_SEND,    /* a send that failed: those that worked post nothing */
    COMPLETION_TIMER,
    COMPLETION_DOORBELL,
};

struct completion_tag {
    uint32_t kind; /* enum completion_kind */
    uint32_t index;
};

union completion_word {
    struct completion_tag tag;
    uint64_t user_data;
};

static_assert(sizeof(union completion_word) == sizeof(uint64_t), "a tag fills user_data");

static inline uint64_t completion_tag(enum completion_kind kind, uint32_t index)
{
    union completion_word word = {.tag = {(uint32_t)kind, index}};
    return word.user_data;
}

static inline struct completion_tag completion_tag_of(uint64_t user_data)
{
    union completion_word word = {.user_data = user_data};
    return word.tag;
}

#endif
