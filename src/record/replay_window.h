/*
 * Which record numbers of an epoch were seen (RFC 6347 section 4.1.2.6): a window of 64 below the
 * highest.
 *
 * Asked before a record is opened, moved only after it was authenticated: a forged record never
 * moves it.
 */
#ifndef RECORD_REPLAY_WINDOW_H
#define RECORD_REPLAY_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* [rfc6347#4.1.2.6] "A minimum window size of 32 MUST be supported, but a window size of 64 is
 * preferred and SHOULD be employed as the default." */
enum { REPLAY_WINDOW_LEN = 64 };

struct replay_window {
    uint64_t highest; /* meaningful once seen is not 0 */
    uint64_t seen;    /* bit i: highest - i was seen */
};

/* Is it newer than everything that was seen? */
static inline bool replay_window_is_newest(const struct replay_window *window, uint64_t sequence)
{
    return window->seen == 0 || sequence > window->highest;
}

bool replay_window_admits(const struct replay_window *window, uint64_t sequence);
void replay_window_mark(struct replay_window *window, uint64_t sequence);

#endif
