/* DTLS 1.3: a NewSessionTicket that does not fit one record (RFC 9147 section 5.5). */
#include "endpoint/config.h"
#include "resume_support.h"

enum { SMALL_MTU = 110, LAST = 1000, RESEND_NS = 1100000000 };

/* Both have connected, and the server's ticket goes out in small records from now on. */
static void begin(struct resuming *both)
{
    static const uint16_t version_13[] = {0xfefc};
    struct rdtls_config_options options = ticket_options();
    options.versions = version_13;
    options.version_count = 1;
    resuming_init(both, &options, &options);
    cr_assert_eq(rdtls_conn_new(both->client, RDTLS_CLIENT, 0, 0, &both->ends[0]), RDTLS_OK);
    cr_assert_eq(rdtls_conn_new(both->server, RDTLS_SERVER, 0, 0, &both->ends[1]), RDTLS_OK);
    while (!both->connected[1])
        cr_assert(resuming_carry(both, 0) || resuming_carry(both, 1));
    cr_assert(both->connected[0]);
    both->server->policy.mtu = SMALL_MTU;
    both->server->policy.fragment_min = 1;
}

/* All that the server has to say, of which the n-th datagram is lost. How many there were. */
static size_t say_ticket(struct resuming *both, size_t lost)
{
    size_t before = both->datagrams[1];
    both->lose = before + lost;
    while (resuming_carry(both, 1))
        continue;
    both->lose = 0;
    return both->datagrams[1] - before;
}

static void finish(struct resuming *both, bool is_resumed)
{
    cr_expect(!both->closed[0] && !both->closed[1]);
    resuming_hang_up(both);
    resuming_talk(both);
    cr_expect(both->connected[0] && both->connected[1]);
    cr_expect_eq(both->client_info.resumed, is_resumed);
    cr_expect_eq(both->server_info.resumed, is_resumed);
    resuming_hang_up(both);
    resuming_free(both);
}

Test(ticket_pieces, a_ticket_in_several_records_resumes)
{
    struct resuming both;
    begin(&both);
    cr_assert_geq(say_ticket(&both, LAST), 3, "an acknowledgement and two pieces");
    cr_expect_eq(both.kept.tickets, 1);
    finish(&both, true);
}

Test(ticket_pieces, the_last_piece_may_come_again)
{
    struct resuming both;
    begin(&both);
    size_t count = say_ticket(&both, LAST);
    resuming_hang_up(&both);
    resuming_free(&both);
    begin(&both);
    (void)say_ticket(&both, count);
    cr_expect_eq(both.kept.tickets, 0, "its end is missing");
    both.now_ns += RESEND_NS;
    resuming_tick(&both);
    (void)say_ticket(&both, LAST);
    cr_expect_eq(both.kept.tickets, 1);
    finish(&both, true);
}

/* What is put together has no gap: then there is no session, and nothing else is wrong. */
Test(ticket_pieces, a_gap_costs_the_ticket_alone)
{
    struct resuming both;
    begin(&both);
    (void)say_ticket(&both, 2);
    cr_expect_eq(both.kept.tickets, 0);
    finish(&both, false);
}
