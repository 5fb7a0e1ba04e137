/* The table of the protocol's order: what it allows, and that nothing else is taken. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "handshake/tables.h"

enum { ORDER_MAX = 16, SOME_EPOCH = 0, FACTS = 64 };

static const struct handshake_row *const tables[] = {handshake_12_full, handshake_12_resumed,
                                                     handshake_13_full, handshake_13_resumed};

enum { TABLE_COUNT = sizeof(tables) / sizeof(tables[0]) };

/* The messages of one handshake in which exactly these facts hold, as their numbers. */
static size_t order_of(const struct handshake_row *rows, uint8_t facts, uint8_t order[ORDER_MAX])
{
    size_t count = 0;
    for (const struct handshake_row *row = rows; row->flight != 0; row++)
        if (row->presence == FACT_ALWAYS || (row->presence & facts) != 0)
            order[count++] = row->message;
    return count;
}

static void expect_order(const struct handshake_row *rows, uint8_t facts, const char *expected)
{
    uint8_t order[ORDER_MAX];
    char text[4 * ORDER_MAX + 1] = "";
    size_t count = order_of(rows, facts, order);
    for (size_t i = 0, at = 0; i < count; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, i == 0 ? "%d" : " %d", order[i]);
    cr_assert_str_eq(text, expected);
}

enum {
    COOKIE = FACT_COOKIE | FACT_SECOND_HELLO,
    RETRY = FACT_RETRY | FACT_SECOND_HELLO,
    ASKED = FACT_CERTIFICATE_REQUESTED,
    SENT = FACT_CERTIFICATE_SENT,
    TICKET = FACT_TICKET
};

/* [rfc6347#4.2.4] figure 1, in every variant that there is. [rfc5246#7.4] "The handshake protocol
 * messages are presented below in the order they MUST be sent; sending handshake messages in an
 * unexpected order results in a fatal error." [rfc5246#7.4.2] "The server MUST send a Certificate
 * message whenever the agreed-upon key exchange method uses certificates for authentication"
 * [rfc5246#7.3] "If the server has sent a CertificateRequest message, the client MUST send the
 * Certificate message." [rfc5246#7.4.7] "It MUST immediately follow the client certificate message,
 * if it is sent. Otherwise, it MUST be the first message sent by the client after it receives the
 * ServerHelloDone message." [rfc5246#7.4.8] "When sent, it MUST immediately follow the client key
 * exchange message." */
Test(tables, of_1_2_allow_these_orders_and_no_other)
{
    const struct handshake_row *rows = handshake_12_full;
    expect_order(rows, 0, "1 2 11 12 14 16 20 20");
    expect_order(rows, COOKIE, "1 3 1 2 11 12 14 16 20 20");
    expect_order(rows, ASKED, "1 2 11 12 13 14 11 16 20 20");
    expect_order(rows, COOKIE | ASKED, "1 3 1 2 11 12 13 14 11 16 20 20");
    expect_order(rows, ASKED | SENT, "1 2 11 12 13 14 11 16 15 20 20");
    expect_order(rows, COOKIE | ASKED | SENT, "1 3 1 2 11 12 13 14 11 16 15 20 20");
    expect_order(rows, TICKET, "1 2 11 12 14 16 20 4 20");
    expect_order(rows, COOKIE | ASKED | SENT | TICKET, "1 3 1 2 11 12 13 14 11 16 15 20 4 20");
}

/* [rfc5246#7.3] "At this point, both client and server MUST send ChangeCipherSpec messages and
 * proceed directly to Finished messages.": figure 2, the server's Finished is the first.
 * [rfc5077#3.3] "This message MUST be sent if the server included a SessionTicket extension in the
 * ServerHello. This message MUST NOT be sent if the server did not include a SessionTicket
 * extension in the ServerHello." "In the case of a full handshake, the server MUST verify the
 * client's Finished message before sending the ticket." "The client MUST NOT treat the ticket as
 * valid until it has verified the server's Finished message.": it comes before that, and the host
 * is told at the end. */
Test(tables, of_a_resumed_1_2_allow_these_orders_and_no_other)
{
    const struct handshake_row *rows = handshake_12_resumed;
    expect_order(rows, 0, "1 2 20 20");
    expect_order(rows, COOKIE, "1 3 1 2 20 20");
    expect_order(rows, TICKET, "1 2 4 20 20");
    expect_order(rows, COOKIE | TICKET | ASKED | SENT, "1 3 1 2 4 20 20");
}

/* [rfc9147#5.7] figure 6, in every variant without resumption; 6 is the HelloRetryRequest
 * [rfc8446#4] "Protocol messages MUST be sent in the order defined in Section 4.4.1 and shown in
 * the diagrams in Section 2." [rfc8446#4.1.4] "If a client receives a second HelloRetryRequest in
 * the same connection" [rfc8446#4.3.1] "In all handshakes, the server MUST send the
 * EncryptedExtensions message immediately after the ServerHello message." [rfc8446#4.3.2] "This
 * message, if sent, MUST follow EncryptedExtensions." [rfc8446#4.4.2] "The server MUST send a
 * Certificate message whenever the agreed-upon key exchange method uses certificates for
 * authentication" "The client MUST send a Certificate message if and only if the server has
 * requested client authentication via a CertificateRequest message" "A Finished message MUST be
 * sent regardless of whether the Certificate message is empty." [rfc8446#4.4.3] "Servers MUST send
 * this message when authenticating via a certificate." "Clients MUST send this message whenever
 * authenticating via a certificate" "When sent, this message MUST appear immediately after the
 * Certificate message and immediately prior to the Finished message." */
Test(tables, of_1_3_allow_these_orders_and_no_other)
{
    const struct handshake_row *rows = handshake_13_full;
    expect_order(rows, 0, "1 2 8 11 15 20 20");
    expect_order(rows, RETRY, "1 6 1 2 8 11 15 20 20");
    expect_order(rows, ASKED, "1 2 8 13 11 15 20 11 20");
    expect_order(rows, RETRY | ASKED, "1 6 1 2 8 13 11 15 20 11 20");
    expect_order(rows, ASKED | SENT, "1 2 8 13 11 15 20 11 15 20");
    expect_order(rows, RETRY | ASKED | SENT, "1 6 1 2 8 13 11 15 20 11 15 20");
}

/* [rfc8446#2.2] figure 3, without early data. [rfc8446#4.3.2] "Servers which are authenticating
 * with a PSK MUST NOT send the CertificateRequest message in the main handshake" */
Test(tables, of_1_3_with_a_session_have_no_certificates)
{
    const struct handshake_row *rows = handshake_13_resumed;
    expect_order(rows, 0, "1 2 8 20 20");
    expect_order(rows, RETRY, "1 6 1 2 8 20 20");
    expect_order(rows, RETRY | ASKED | SENT, "1 6 1 2 8 20 20");
}

/* A server's ticket is in the clear when the client's Finished has been under keys. */
static void expect_consistent(const struct handshake_row *rows)
{
    uint8_t epochs[2] = {0, 0};
    const struct handshake_row *row = rows;
    for (; row[1].flight != 0; row++) {
        bool same_flight = row[1].flight == row->flight;
        cr_assert(row[1].flight == row->flight || row[1].flight == row->flight + 1);
        cr_assert_eq(same_flight, row[1].sender == row->sender, "a flight has one sender");
        cr_assert_geq(row[1].epoch, epochs[row[1].sender], "each one's epochs only rise");
        epochs[row[1].sender] = row[1].epoch;
        cr_assert_not_null(row->consume);
    }
    cr_assert_eq(rows[ROW_FIRST_HELLO].message, MESSAGE_CLIENT_HELLO);
    cr_assert_eq(rows[ROW_SECOND_HELLO].message, MESSAGE_CLIENT_HELLO);
    cr_assert_eq(rows[ROW_HELLO_VERIFY_REQUEST].message, MESSAGE_HELLO_VERIFY_REQUEST);
}

/* [rfc8446#5.1] "Handshake messages MUST NOT span key changes." */
Test(tables, flights_epochs_and_senders_are_consistent)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        expect_consistent(tables[i]);
}

/* The walk goes on in another table where the server's answer says so. [rfc8446#4.1.2] "When a
 * client first connects to a server, it is REQUIRED to send the ClientHello as its first TLS
 * message." */
Test(tables, begin_with_the_same_hellos)
{
    for (size_t i = 1; i < TABLE_COUNT; i++)
        for (size_t at = 0; at <= ROW_SECOND_HELLO + 1; at++) {
            const struct handshake_row *a = &tables[0][at];
            const struct handshake_row *b = &tables[i][at];
            bool is_ours = at > ROW_SECOND_HELLO; /* the ServerHello, built by its version */
            cr_expect(a->sender == b->sender && a->message == b->message && a->epoch == b->epoch &&
                      a->flight == b->flight && a->presence == b->presence &&
                      (is_ours || a->build == b->build) && a->consume == b->consume);
        }
}

/* Does the walk ever stand at a row? Not at one that is certainly absent. */
static bool may_stand_at(const struct handshake_row *rows, enum rdtls_role role, size_t at,
                         uint8_t facts)
{
    const struct handshake_row *row = &rows[at];
    return row->presence == FACT_ALWAYS || (facts & row->presence) != 0 ||
           (role == RDTLS_CLIENT && row->sender == RDTLS_SERVER);
}

/* [rfc6347#4.2.1] "Clients SHOULD handle this by sending a new ClientHello with a cookie in
 * response to the new HelloVerifyRequest." */
Test(tables, only_a_server_hello_of_1_2_may_be_another_question)
{
    for (size_t at = 0; handshake_13_full[at].flight != 0; at++)
        cr_assert_eq(handshake_13_full[at].instead, 0);
    for (size_t at = 0; handshake_13_resumed[at].flight != 0; at++)
        cr_assert_eq(handshake_13_resumed[at].instead, 0);
    for (size_t at = 0; handshake_12_full[at].flight != 0; at++) {
        bool is_server_hello = handshake_12_full[at].message == MESSAGE_SERVER_HELLO;
        cr_assert_eq(handshake_12_full[at].instead, is_server_hello ? ROW_HELLO_VERIFY_REQUEST : 0);
    }
    for (size_t at = 0; handshake_12_resumed[at].flight != 0; at++)
        cr_assert_eq(handshake_12_resumed[at].instead,
                     at <= ROW_SECOND_HELLO + 1 ? handshake_12_full[at].instead : 0);
}

/* May a message of this type come when the walk stands at a row? */
static bool is_allowed(const struct handshake_row *rows, enum rdtls_role role, size_t at,
                       uint8_t facts, uint8_t type)
{
    const struct handshake_row *here = &rows[at];
    if (here->instead != 0 && here->sender != role && rows[here->instead].message == type)
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

static void expect_refused(const struct handshake_row *rows, enum rdtls_role role, size_t at,
                           uint8_t facts, uint8_t type)
{
    static struct handshake handshake;
    static struct association association;
    memset(&handshake, 0, sizeof(handshake));
    association.role = role & 1;
    handshake.association = &association;
    handshake.rows = rows;
    handshake.row = (uint8_t)at;
    handshake.facts = facts;
    struct handshake_header header = {.type = type};
    cr_assert_eq(handshake_take(&handshake, &header, bytes_of(NULL, 0), SOME_EPOCH),
                 RDTLS_ALERT_UNEXPECTED_MESSAGE, "role %d row %zu facts %d type %u", role, at,
                 facts, type);
}

static size_t refuse_all(const struct handshake_row *rows, enum rdtls_role role)
{
    size_t refused = 0;
    for (size_t at = 0; rows[at].flight != 0; at++)
        for (uint8_t facts = 0; facts < FACTS; facts++)
            for (unsigned type = 0; type < 256; type++) {
                if (!may_stand_at(rows, role, at, facts) ||
                    is_allowed(rows, role, at, facts, (uint8_t)type))
                    continue;
                expect_refused(rows, role, at, facts, (uint8_t)type);
                refused++;
            }
    return refused;
}

/* At every row, with every set of facts, every message that no row allows ends the handshake.
 * [rfc5246#7.4.1.1] "This message MUST NOT be included in the message hashes that are maintained
 * throughout the handshake": a HelloRequest is one of those. [rfc8446#4] "A peer which receives a
 * handshake message in an unexpected order MUST abort the handshake with an "unexpected_message"
 * alert." [rfc8446#4.6.3] "Implementations that receive a KeyUpdate message prior to receiving a
 * Finished message MUST terminate the connection with an "unexpected_message" alert." */
Test(tables, nothing_that_is_not_a_row_is_taken)
{
    size_t refused = 0;
    for (size_t i = 0; i < TABLE_COUNT; i++)
        refused += refuse_all(tables[i], RDTLS_CLIENT) + refuse_all(tables[i], RDTLS_SERVER);
    cr_assert_gt(refused, 300000);
}
