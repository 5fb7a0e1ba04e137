#include "handshake/retransmit.h"

void retransmit_start(struct retransmit *retransmit, const struct policy *policy, uint64_t now,
                      bool awaits)
{
    retransmit->timeout_ns = policy->retransmit_initial_ns;
    retransmit->sent_ns = now;
    retransmit->count = 0;
    retransmit->provoked = 0;
    retransmit->due_ns = awaits ? nanoseconds_after(now, retransmit->timeout_ns) : NEVER;
}

void retransmit_stop(struct retransmit *retransmit)
{
    retransmit->due_ns = NEVER;
}

enum retransmit_verdict retransmit_tick(struct retransmit *retransmit, const struct policy *policy,
                                        uint64_t now)
{
    if (now < retransmit->due_ns)
        return RETRANSMIT_WAIT;
    if (retransmit->count >= policy->retransmit_count_max)
        return RETRANSMIT_GIVE_UP;
    retransmit->count++;
    /* [rfc6347#4.2.4.1] "double the value at each retransmission, up to no less than the RFC 6298
     * maximum of 60 seconds" */
    retransmit->timeout_ns =
        nanoseconds_earlier(2 * retransmit->timeout_ns, policy->retransmit_max_ns);
    retransmit->sent_ns = now;
    retransmit->due_ns = nanoseconds_after(now, retransmit->timeout_ns);
    return RETRANSMIT_RESEND;
}

bool retransmit_is_provoked(struct retransmit *retransmit, uint64_t now)
{
    if (now < nanoseconds_after(retransmit->sent_ns, RETRANSMIT_PROVOKED_GAP_NS) ||
        retransmit->provoked == RETRANSMIT_PROVOKED_MAX)
        return false;
    retransmit->provoked++;
    retransmit->sent_ns = now;
    return true;
}
