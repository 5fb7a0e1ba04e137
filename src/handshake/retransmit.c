#include "handshake/retransmit.h"

void retransmit_start(struct retransmit *retransmit, const struct policy *policy, uint64_t now,
                      bool awaits)
{
    retransmit->timeout_ns = policy->retransmit_initial_ns;
    retransmit->sent_ns = now;
    retransmit->count = 0;
    retransmit->provoked = 0;
    retransmit->awaits = awaits;
    bool is_ours = awaits && !retransmit->by_host;
    retransmit->due_ns = is_ours ? nanoseconds_after(now, retransmit->timeout_ns) : NEVER;
}

void retransmit_stop(struct retransmit *retransmit)
{
    retransmit->awaits = false;
    retransmit->due_ns = NEVER;
}

void retransmit_leave_to_host(struct retransmit *retransmit, bool on)
{
    if (retransmit->by_host == on)
        return;
    retransmit->by_host = on;
    retransmit->due_ns = retransmit->awaits && !on ? 0 : NEVER;
}

size_t retransmit_datagram_max(const struct retransmit *retransmit, size_t mtu)
{
    size_t known = retransmit->datagram_max;
    return known != 0 && known < mtu ? known : mtu;
}

/* [rfc6347#4.1.1.1] "If repeated retransmissions do not result in a response, and the PMTU is
 * unknown, subsequent retransmissions SHOULD back off to a smaller record size, fragmenting the
 * handshake message as appropriate. This standard does not specify an exact number of retransmits
 * to attempt before backing off, but 2-3 seems appropriate." The flights that follow stay small:
 * the path is the same. */
static void back_off(struct retransmit *retransmit)
{
    enum {
        SMALLER_AFTER = 2,
        SMALLER = 548, /* what every IPv4 host takes: 576 without the headers of IP and UDP */
        SMALLEST_AFTER = 3,
    };
    size_t max = retransmit->datagram_max;
    if (retransmit->count >= SMALLER_AFTER)
        max = retransmit_datagram_max(retransmit, SMALLER);
    if (retransmit->count >= SMALLEST_AFTER)
        max = RDTLS_MTU_MIN;
    retransmit->datagram_max = (uint16_t)max;
}

enum retransmit_verdict retransmit_tick(struct retransmit *retransmit, const struct policy *policy,
                                        uint64_t now)
{
    if (now < retransmit->due_ns)
        return RETRANSMIT_WAIT;
    if (retransmit->count >= policy->retransmit_count_max)
        return RETRANSMIT_GIVE_UP;
    retransmit->count++;
    if (!policy->mtu_is_known)
        back_off(retransmit);
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
    if (retransmit->by_host ||
        now < nanoseconds_after(retransmit->sent_ns, RETRANSMIT_PROVOKED_GAP_NS) ||
        retransmit->provoked == RETRANSMIT_PROVOKED_MAX)
        return false;
    retransmit->provoked++;
    retransmit->sent_ns = now;
    return true;
}
