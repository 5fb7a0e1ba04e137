#include "record/replay_window.h"

/* [rfc6347#4.1.2.6] "the receiver MUST verify that the record contains a sequence number that does
 * not duplicate the sequence number of any other record received during the life of this session."
 * [rfc9147#4.5.1] "the receiver MUST verify that the record contains a sequence number that does
 * not duplicate the sequence number of any other record received in that epoch during the lifetime
 * of the association." "Records that contain sequence numbers lower than the "left" edge of the
 * window are rejected." */
bool replay_window_admits(const struct replay_window *window, uint64_t sequence)
{
    if (window->seen == 0 || sequence > window->highest)
        return true;
    uint64_t age = window->highest - sequence;
    return age < REPLAY_WINDOW_LEN && (window->seen >> age & 1) == 0;
}

/* The bits move up as the highest number does; a shift by the whole word is not defined in C, and
 * leaves nothing. */
void replay_window_mark(struct replay_window *window, uint64_t sequence)
{
    if (window->seen == 0) {
        window->highest = sequence;
        window->seen = 1;
        return;
    }
    if (sequence > window->highest) {
        uint64_t step = sequence - window->highest;
        uint64_t older = step < REPLAY_WINDOW_LEN ? window->seen << step : 0;
        window->seen = older | 1;
        window->highest = sequence;
        return;
    }
    uint64_t age = window->highest - sequence;
    if (age < REPLAY_WINDOW_LEN)
        window->seen |= UINT64_C(1) << age;
}
