#include "io/send_window.h"

#include <string.h>

struct send_outcome send_window_settle(struct send_window *window, struct send_batch *batch)
{
    struct send_outcome outcome = {0};
    uint32_t count = batch->datagram_count;
    for (uint32_t i = 0; i < count; i++) {
        switch (batch->verdicts[i]) {
        case SEND_REFUSED:
            outcome.refused++;
            break;
        case SEND_SPLIT:
            outcome.split++;
            break;
        case SEND_FAILED:
            outcome.failed++;
            window->gone[i] = true;
            break;
        case SEND_LEFT:
            window->gone[i] = true;
            break;
        }
    }
    batch->slot_count = 0;
    batch->datagram_count = 0;
    batch->failure_count = 0;

    while (outcome.departed < count && window->gone[outcome.departed])
        outcome.departed++;
    uint32_t kept = SEND_BATCH_MAX - outcome.departed;
    memmove(window->gone, window->gone + outcome.departed, kept * sizeof(window->gone[0]));
    memset(window->gone + kept, 0, outcome.departed * sizeof(window->gone[0]));
    return outcome;
}
