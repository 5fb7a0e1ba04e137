/* When a host says whether its peer is the one that was meant: at once, later, or by signalling. */
#include "host.h"

static const uint64_t signalling_delay_ns = SHAPE_SIGNALLING_MS * UINT64_C(1000000);
/* Behind the beginning: when a client has got its server's hello and a server has not seen its
 * client's certificate, if nothing goes wrong and a cookie is asked for. */
static const uint64_t during_ns[SIDE_COUNT] = {50000000, 10000000};

/* The host learns whom to expect; an answer that comes late finds a connection that has ended. What
 * has been verified is verified again by an offer that comes again, and nothing happens. */
void host_tell(struct world *world, struct host *host, struct end *end)
{
    end->tell_ns = 0;
    for (int again = 0; again < 2; again++) {
        enum rdtls_status status = shape_tell(host->side, host->endpoint, end->id);
        bool is_gone = end->closed || status == RDTLS_NO_SUCH_CONNECTION;
        if (status != RDTLS_OK && !is_gone)
            world_fail(world, "set_fingerprints: %s", rdtls_status_name(status));
    }
}

void host_expect_signalling(struct world *world, struct host *host, struct end *end)
{
    if (world->shape->verify == VERIFY_SIGNALLED_BEFORE)
        host_tell(world, host, end);
    if (world->shape->verify == VERIFY_SIGNALLED_DURING)
        end->tell_ns = world->now + during_ns[host->side];
}

void host_judge(struct world *world, struct host *host, struct end *end)
{
    end->accept_ns = 0;
    enum rdtls_status status = rdtls_endpoint_verify_peer(host->endpoint, end->id, true);
    if (status != RDTLS_OK && !end->closed && status != RDTLS_NO_SUCH_CONNECTION)
        world_fail(world, "verify_peer: %s", rdtls_status_name(status));
}

void host_take_question(struct world *world, struct host *host, struct end *end)
{
    if (end->connected || end->closed || end->asked)
        world_fail(world, "PEER_CERTIFICATE twice, or after CONNECTED");
    end->asked = true;
    if (world->shape->verify == VERIFY_SIGNALLED_AFTER)
        end->tell_ns = world->now + signalling_delay_ns + world->options.accept_delay_ns;
    if (shape_is_signalled(world->shape))
        return;
    if (world->options.accept_delay_ns == 0)
        host_judge(world, host, end);
    else
        end->accept_ns = world->now + world->options.accept_delay_ns;
}
