/* NewSessionTicket of 1.3. */
#include "wire/session_ticket_13.h"

#include "wire_support.h"

static enum rdtls_status parse(struct bytes body)
{
    struct session_ticket_13 message;
    enum rdtls_status status = session_ticket_13_read(body, &message);
    if (status == RDTLS_OK) {
        cr_assert(view_is_inside(message.nonce, body));
        cr_assert(view_is_inside(message.ticket, body));
    }
    return status;
}

Test(session_ticket_13, what_was_written_reads_back_whole_or_not_at_all)
{
    static const size_t nonce_lens[] = {0, 1, 255};
    for (size_t i = 0; i < sizeof(nonce_lens) / sizeof(nonce_lens[0]); i++) {
        struct bytes nonce = exact_pattern(nonce_lens[i], 9);
        struct bytes ticket = exact_pattern(70, 1);
        struct session_ticket_13 written = {604800, 0xfffefdfc, nonce, ticket};
        struct session_ticket_13 read;
        uint8_t out[512];
        struct writer writer = writer_of(out, sizeof(out));
        session_ticket_13_write(&writer, &written);
        struct bytes body = bytes_of(out, writer.len);
        cr_expect_eq(body.len, SESSION_TICKET_13_OVERHEAD + nonce.len + ticket.len);
        cr_assert_eq(session_ticket_13_read(body, &read), RDTLS_OK);
        cr_expect_eq(read.lifetime_s, written.lifetime_s);
        cr_expect_eq(read.age_add, written.age_add);
        EXPECT_BYTES(read.nonce, nonce);
        EXPECT_BYTES(read.ticket, ticket);
        expect_truncations_refused(parse, body, NO_LENGTH);
        expect_trailing_byte_refused(parse, body);
        expect_mutations_survived(parse, body);
        exact_free(nonce);
        exact_free(ticket);
    }
}

/* [rfc8446#4.6.1] "Servers MUST NOT use any value greater than 604800 seconds (7 days)." "Clients
 * MUST ignore unrecognized extensions." [rfc8446#4.2] "If an implementation receives an extension
 * which it recognizes and which is not specified for the message in which it appears, it MUST abort
 * the handshake with an "illegal_parameter" alert." */
Test(session_ticket_13, is_judged)
{
    static const struct {
        const char *hex;
        enum rdtls_status status;
    } rows[] = {
        {"00093a80 00000000 00 0001 aa 0000", RDTLS_OK},
        {"00093a81 00000000 00 0001 aa 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"00000000 00000000 00 0001 aa 0000", RDTLS_OK},
        {"00000001 00000000 00 0000 0000", RDTLS_ALERT_DECODE_ERROR},
        {"00000001 00000000 00 0001 aa", RDTLS_ALERT_DECODE_ERROR},
        {"00000001 00000000 00 0001 aa 0004 ffff 0000", RDTLS_OK},
        {"00000001 00000000 00 0001 aa 0008 002a 0004 ffffffff", RDTLS_OK},
        {"00000001 00000000 00 0001 aa 0008 ffff 0000 ffff 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"00000001 00000000 00 0001 aa 0004 0033 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"00000001 00000000 00 0001 aa 0003 ffff 00", RDTLS_ALERT_DECODE_ERROR},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_eq(parse_hex(parse, rows[i].hex), rows[i].status, "%s", rows[i].hex);
}
