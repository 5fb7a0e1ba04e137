/* The table of the protocol's order: what it allows, and that nothing else is taken. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "handshake/tables.h"

enum { ORDER_MAX = 16, SOME_EPOCH = 0 };

/* The messages of one handshake in which exactly these facts hold, as their numbers. */
static size_t order_of(uint8_t facts, uint8_t order[ORDER_MAX])
{
    size_t count = 0;
    for (const struct handshake_row *row = handshake_12_full; row->flight != 0; row++)
        if (row->presence == FACT_ALWAYS || (row->presence & facts) != 0)
            order[count++] = row->message;
    return count;
}

static void expect_order(uint8_t facts, const char *expected)
{
    uint8_t order[ORDER_MAX];
    char text[4 * ORDER_MAX + 1] = "";
    size_t count = order_of(facts, order);
    for (size_t i = 0, at = 0; i < count; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, i == 0 ? "%d" : " %d", order[i]);
    cr_assert_str_eq(text, expected);
}

/* [rfc6347#4.2.4] figure 1, in every variant that there is. [rfc5246#7.4] "The handshake protocol
 * messages are presented below in the order they MUST be sent; sending handshake messages in an
 * unexpected order results in a fatal error." [rfc5246#7.4.2] "The server MUST send a Certificate
 * message whenever the agreed-upon key exchange method uses certificates for authentication"
 * [rfc5246#7.3] "If the server has sent a CertificateRequest message, the client MUST send the
 * Certificate message." [rfc5246#7.4.7] "It MUST immediately follow the client certificate message,
 * if it is sent. Otherwise, it MUST be the first message sent by the client after it receives the
 * ServerHelloDone message." [rfc5246#7.4.8] "When sent, it MUST immediately follow the client key
 * exchange message." */
Test(tables, allow_these_orders_and_no_other)
{
    enum { COOKIE = FACT_COOKIE, ASKED = FACT_CERTIFICATE_REQUESTED, SENT = FACT_CERTIFICATE_SENT };
    expect_order(0, "1 2 11 12 14 16 20 20");
    expect_order(COOKIE, "1 3 1 2 11 12 14 16 20 20");
    expect_order(ASKED, "1 2 11 12 13 14 11 16 20 20");
    expect_order(COOKIE | ASKED, "1 3 1 2 11 12 13 14 11 16 20 20");
    expect_order(ASKED | SENT, "1 2 11 12 13 14 11 16 15 20 20");
    expect_order(COOKIE | ASKED | SENT, "1 3 1 2 11 12 13 14 11 16 15 20 20");
}

Test(tables, flights_epochs_and_senders_are_consistent)
{
    const struct handshake_row *row = handshake_12_full;
    for (; row[1].flight != 0; row++) {
        bool same_flight = row[1].flight == row->flight;
        cr_assert(row[1].flight == row->flight || row[1].flight == row->flight + 1);
        cr_assert_eq(same_flight, row[1].sender == row->sender, "a flight has one sender");
        cr_assert_geq(row[1].epoch, row->epoch, "epochs only rise");
        cr_assert_not_null(row->consume);
    }
    cr_assert_eq(handshake_12_full[ROW_SERVER_FIRST].message, MESSAGE_CLIENT_HELLO);
    cr_assert_eq(handshake_12_full[ROW_CLIENT_FIRST].message, MESSAGE_CLIENT_HELLO);
}

/* Does the walk ever stand at a row? Not at one that is certainly absent. */
static bool may_stand_at(enum rdtls_role role, size_t at, uint8_t facts)
{
    const struct handshake_row *row = &handshake_12_full[at];
    return row->presence == FACT_ALWAYS || (facts & row->presence) != 0 ||
           (role == RDTLS_CLIENT && row->sender == RDTLS_SERVER);
}

/* [rfc6347#4.2.1] "Clients SHOULD handle this by sending a new ClientHello with a cookie in
 * response to the new HelloVerifyRequest." */
Test(tables, only_a_server_hello_may_be_another_question)
{
    for (size_t at = 0; handshake_12_full[at].flight != 0; at++) {
        bool is_server_hello = handshake_12_full[at].message == MESSAGE_SERVER_HELLO;
        cr_assert_eq(handshake_12_full[at].instead, is_server_hello ? ROW_HELLO_VERIFY_REQUEST : 0);
    }
}

/* May a message of this type come when the walk stands at a row? */
static bool is_allowed(enum rdtls_role role, size_t at, uint8_t facts, uint8_t type)
{
    const struct handshake_row *here = &handshake_12_full[at];
    if (here->instead != 0 && here->sender != role &&
        handshake_12_full[here->instead].message == type)
        return true;
    for (const struct handshake_row *row = here; row->flight != 0; row++) {
        bool holds = row->presence == FACT_ALWAYS || (facts & row->presence) != 0;
        bool may_come = !holds && role == RDTLS_CLIENT && row->sender == RDTLS_SERVER;
        if (row->sender != role && (holds || may_come) && row->message == type)
            return true;
        if (holds)
            return false;
    }
    return false;
}

/* At every row, with every set of facts, every message that no row allows ends the handshake.
 * [rfc5246#7.4.1.1] "This message MUST NOT be included in the message hashes that are maintained
 * throughout the handshake": a HelloRequest is one of those. */
Test(tables, nothing_that_is_not_a_row_is_taken)
{
    static struct handshake handshake;
    static struct association association;
    size_t refused = 0;
    for (int role = RDTLS_CLIENT; role <= RDTLS_SERVER; role++)
        for (size_t at = 0; handshake_12_full[at].flight != 0; at++)
            for (uint8_t facts = 0; facts < 8; facts++)
                for (unsigned type = 0; type < 256; type++) {
                    if (!may_stand_at((enum rdtls_role)role, at, facts) ||
                        is_allowed((enum rdtls_role)role, at, facts, (uint8_t)type))
                        continue;
                    memset(&handshake, 0, sizeof(handshake));
                    association.role = (uint8_t)role;
                    handshake.association = &association;
                    handshake.rows = handshake_12_full;
                    handshake.row = (uint8_t)at;
                    handshake.facts = facts;
                    struct handshake_header header = {.type = (uint8_t)type};
                    cr_assert_eq(handshake_take(&handshake, &header, bytes_of(NULL, 0), SOME_EPOCH),
                                 RDTLS_ALERT_UNEXPECTED_MESSAGE, "role %d row %zu facts %d type %u",
                                 role, at, facts, type);
                    refused++;
                }
    cr_assert_gt(refused, 40000);
}
