/* Hazard 10, in DTLS 1.3: every edge between a resumed handshake and a full one. What is wrong with
 * a ticket costs the client a full handshake, what is wrong with a hello or a binder ends it, and
 * neither leaves anything behind. */
#include "tickets_13_support.h"

enum { EXTENSIONS = 24, FULL = 1000, RESUMED = 1001, NO_ANSWER = 1002 };

/* A ClientHello taken apart. */
struct hello {
    uint8_t bytes[HELLO_MAX];
    size_t head_len; /* up to the extensions */
    struct extension extensions[EXTENSIONS];
    size_t count;
};

/* What a client with the kept session says first. */
static void take_hello(struct resuming *both, struct hello *hello)
{
    uint8_t datagram[HELLO_MAX];
    struct rdtls_session session = {both->kept.bytes, both->kept.len};
    struct part parts[PARTS_MAX];
    struct client_hello_prefix prefix;
    size_t len;
    cr_assert_eq(rdtls_conn_resume(both->client, &session, 0, both->now_ns, &both->ends[0]),
                 RDTLS_OK);
    cr_assert_eq(rdtls_conn_transmit(both->ends[0], datagram, sizeof(datagram), &len), RDTLS_OK);
    rdtls_conn_free(both->ends[0]);
    cr_assert_eq(parts_of(datagram, len, parts), 1);
    struct handshake_header header = message_in(&parts[0]);
    cr_assert_eq(header.fragment_length, header.length);
    memcpy(hello->bytes, parts[0].at + RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN, header.length);
    struct reader reader = reader_of(bytes_of(hello->bytes, header.length));
    cr_assert(client_hello_prefix_read(&reader, &prefix));
    hello->head_len = header.length - reader.left;
    struct reader list = reader_of(reader_vector_u16(&reader));
    for (hello->count = 0; list.left > 0; hello->count++) {
        cr_assert_lt(hello->count, EXTENSIONS);
        hello->extensions[hello->count].type = reader_u16(&list);
        hello->extensions[hello->count].body = reader_vector_u16(&list);
    }
    cr_assert_eq(hello->extensions[hello->count - 1].type, EXTENSION_PRE_SHARED_KEY);
}

static size_t place_of(const struct hello *hello, uint16_t type)
{
    for (size_t i = 0; i < hello->count; i++)
        if (hello->extensions[i].type == type)
            return i;
    cr_assert_fail("no extension %u", type);
    return 0;
}

static uint8_t *bytes_at(struct hello *hello, uint16_t type)
{
    return (uint8_t *)(uintptr_t)hello->extensions[place_of(hello, type)].body.data;
}

static size_t write_hello(const struct hello *hello, uint8_t *datagram)
{
    uint8_t body[HELLO_MAX];
    struct writer writer = writer_of(body, sizeof(body));
    writer_bytes(&writer, bytes_of(hello->bytes, hello->head_len));
    size_t extensions = writer_open_vector(&writer, 2);
    for (size_t i = 0; i < hello->count; i++) {
        writer_u16(&writer, hello->extensions[i].type);
        writer_u16(&writer, (uint16_t)hello->extensions[i].body.len);
        writer_bytes(&writer, hello->extensions[i].body);
    }
    writer_close_vector(&writer, extensions, 2);
    cr_assert_not(writer.failed);
    return plain_message(MESSAGE_CLIENT_HELLO, 0, bytes_of(body, writer.len), datagram);
}

/* What a new server makes of it: FULL, RESUMED, or the alert that it sends. */
static int judge(struct resuming *both, const struct hello *hello)
{
    static const struct rdtls_event none;
    uint8_t datagram[HELLO_MAX];
    struct rdtls_conn *server;
    struct rdtls_event event = none;
    struct part parts[PARTS_MAX];
    struct server_hello answer;
    size_t len = write_hello(hello, datagram);
    int verdict = NO_ANSWER;
    cr_assert_eq(rdtls_conn_new(both->server, RDTLS_SERVER, 0, both->now_ns, &server), RDTLS_OK);
    rdtls_conn_receive(server, datagram, len, both->now_ns);
    while (rdtls_conn_poll(server, &event))
        if (event.kind == RDTLS_EVENT_CLOSED)
            verdict = (int)event.status;
    cr_assert_eq(rdtls_conn_transmit(server, datagram, sizeof(datagram), &len), RDTLS_OK);
    if (verdict == NO_ANSWER && len > 0) {
        struct reader first = reader_of(bytes_of(datagram, len));
        cr_assert(record_header_read(&first, &parts[0].header));
        struct bytes body = {datagram + RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN,
                             (size_t)parts[0].header.length - HANDSHAKE_HEADER_LEN};
        cr_assert_eq(server_hello_read(body, &answer), RDTLS_OK);
        verdict = answer.answer_13.psk_present ? RESUMED : FULL;
    }
    rdtls_conn_free(server);
    return verdict;
}

/* [rfc8446#4.2.11] "If this value is not present or does not validate, the server MUST abort the
 * handshake." [rfc8446#4.2.11] "Prior to accepting PSK key establishment, the server MUST validate
 * the corresponding binder value (see Section 4.2.11.2 below)." */
Test(hazard_10, a_binder_that_does_not_verify_ends_the_handshake)
{
    static struct resuming both;
    static struct hello hello;
    tickets_13_begin(&both);
    take_hello(&both, &hello);
    size_t len = hello.extensions[hello.count - 1].body.len;
    for (size_t i = 0; i < 32; i++) {
        uint8_t *body = bytes_at(&hello, EXTENSION_PRE_SHARED_KEY);
        body[len - 1 - i] ^= 1;
        cr_expect_eq(judge(&both, &hello), RDTLS_ALERT_DECRYPT_ERROR, "byte %zu", i);
        body[len - 1 - i] ^= 1;
    }
    cr_expect_eq(judge(&both, &hello), RESUMED);
    resuming_free(&both);
}

/* What the binder covers is the whole hello before it: whatever is changed in it is noticed. */
Test(hazard_10, nothing_of_a_hello_can_be_changed_under_its_binder)
{
    static const uint16_t types[] = {EXTENSION_KEY_SHARE, EXTENSION_SIGNATURE_ALGORITHMS};
    static struct resuming both;
    static struct hello hello;
    tickets_13_begin(&both);
    take_hello(&both, &hello);
    hello.bytes[2] ^= 1; /* the random */
    cr_expect_eq(judge(&both, &hello), RDTLS_ALERT_DECRYPT_ERROR);
    hello.bytes[2] ^= 1;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct extension *extension = &hello.extensions[place_of(&hello, types[i])];
        uint8_t *last = bytes_at(&hello, types[i]) + extension->body.len - 1;
        *last ^= 1;
        cr_expect_eq(judge(&both, &hello), RDTLS_ALERT_DECRYPT_ERROR, "type %u", types[i]);
        *last ^= 1;
    }
    /* The age that the client claims is covered as well: nobody else can make it another. */
    uint8_t *body = bytes_at(&hello, EXTENSION_PRE_SHARED_KEY);
    size_t age_at = 2 + 2 + load_u16(body + 2);
    body[age_at] ^= 1;
    cr_expect_eq(judge(&both, &hello), RDTLS_ALERT_DECRYPT_ERROR);
    body[age_at] ^= 1;
    cr_expect_eq(judge(&both, &hello), RESUMED);
    resuming_free(&both);
}

/* A ticket that is damaged anywhere is none of the server's: no alert, and no binder is looked at.
 */
Test(hazard_10, a_ticket_that_is_damaged_makes_a_full_handshake)
{
    static struct resuming both;
    static struct hello hello;
    tickets_13_begin(&both);
    take_hello(&both, &hello);
    uint8_t *body = bytes_at(&hello, EXTENSION_PRE_SHARED_KEY);
    size_t ticket_len = load_u16(body + 2);
    for (size_t i = 0; i < ticket_len; i++) {
        body[4 + i] ^= 0x80;
        cr_expect_eq(judge(&both, &hello), FULL, "byte %zu", i);
        body[4 + i] ^= 0x80;
    }
    cr_expect_eq(judge(&both, &hello), RESUMED);
    resuming_free(&both);
}

/* Past the end of what was authenticated it is worth nothing, however new the ticket is. */
Test(hazard_10, a_ticket_that_has_run_out_makes_a_full_handshake)
{
    static struct resuming both;
    static struct hello hello;
    tickets_13_begin(&both);
    take_hello(&both, &hello);
    uint64_t begun = both.now_ns;
    both.now_ns = begun + UINT64_C(7190) * SECOND;
    cr_expect_eq(judge(&both, &hello), RESUMED);
    both.now_ns = begun + UINT64_C(7201) * SECOND;
    cr_expect_eq(judge(&both, &hello), FULL);
    resuming_free(&both);
}

/* [rfc8446#4.2.11] "Servers MUST check that it is the last extension and otherwise fail the
 * handshake with an "illegal_parameter" alert." */
Test(hazard_10, a_binder_that_does_not_come_last_is_refused)
{
    static struct resuming both;
    static struct hello hello;
    tickets_13_begin(&both);
    take_hello(&both, &hello);
    hello.extensions[hello.count++] = (struct extension){0xfafa, bytes_of("", 0)};
    cr_expect_eq(judge(&both, &hello), RDTLS_ALERT_ILLEGAL_PARAMETER);
    hello.count--;
    struct extension last = hello.extensions[hello.count - 1];
    hello.extensions[hello.count - 1] = hello.extensions[0];
    hello.extensions[0] = last;
    cr_expect_eq(judge(&both, &hello), RDTLS_ALERT_ILLEGAL_PARAMETER);
    resuming_free(&both);
}

/* [rfc8446#4.2.9] "If clients offer "pre_shared_key" without a "psk_key_exchange_modes" extension,
 * servers MUST abort the handshake." "servers MUST NOT select a key exchange mode that is not
 * listed by the client." [rfc8446#4.1.1] "it MUST also select a key establishment mode from the set
 * indicated by the client's "psk_key_exchange_modes" extension" [rfc8446#4.2.9] "Servers MUST NOT
 * select a key exchange mode that is not listed by the client." */
Test(hazard_10, without_our_mode_there_is_no_resumption)
{
    static struct resuming both;
    static struct hello hello;
    tickets_13_begin(&both);
    take_hello(&both, &hello);
    struct extension *modes = &hello.extensions[place_of(&hello, EXTENSION_PSK_KEY_EXCHANGE_MODES)];
    modes->type = 0xfafa;
    cr_expect_eq(judge(&both, &hello), RDTLS_ALERT_MISSING_EXTENSION);
    modes->type = EXTENSION_PSK_KEY_EXCHANGE_MODES;
    modes->body = bytes_of("\1\0", 2); /* psk_ke alone */
    cr_expect_eq(judge(&both, &hello), FULL);
    resuming_free(&both);
}

/* As many binders as identities; and among several the one that is ours is found, with its own
 * binder. Those behind the fourth are not looked at. */
Test(hazard_10, identities_and_binders_belong_together)
{
    static struct resuming both;
    static struct hello hello;
    tickets_13_begin(&both);
    take_hello(&both, &hello);
    struct bytes offer = hello.extensions[hello.count - 1].body;
    struct reader reader = reader_of(offer);
    struct bytes identities = reader_vector_u16(&reader);
    struct bytes binders = reader_vector_u16(&reader);
    for (size_t extra = 0; extra < 4; extra++) {
        uint8_t out[HELLO_MAX];
        struct writer writer = writer_of(out, sizeof(out));
        size_t list = writer_open_vector(&writer, 2);
        for (size_t i = 0; i < extra; i++)
            writer_bytes(&writer, bytes_of("\0\1x\0\0\0\0", 7));
        writer_bytes(&writer, identities);
        writer_close_vector(&writer, list, 2);
        list = writer_open_vector(&writer, 2);
        writer_bytes(&writer, binders);
        writer_close_vector(&writer, list, 2);
        hello.extensions[hello.count - 1].body = bytes_of(out, writer.len);
        /* With as many of each, the binder does not cover what was put in. */
        cr_expect_eq(judge(&both, &hello),
                     extra == 0 ? (int)RESUMED : (int)RDTLS_ALERT_ILLEGAL_PARAMETER);
    }
    resuming_free(&both);
}

/* [rfc8446#4.2.11.2] Of the identity that was chosen; others' binders are nobody's business, and so
 * this one, which covers other identities, is wrong. */
Test(hazard_10, a_binder_covers_the_other_identities)
{
    static struct resuming both;
    static struct hello hello;
    tickets_13_begin(&both);
    take_hello(&both, &hello);
    struct bytes offer = hello.extensions[hello.count - 1].body;
    struct reader reader = reader_of(offer);
    struct bytes identities = reader_vector_u16(&reader);
    struct bytes binders = reader_vector_u16(&reader);
    for (size_t before = 1; before < 6; before++) {
        uint8_t out[HELLO_MAX];
        struct writer writer = writer_of(out, sizeof(out));
        size_t list = writer_open_vector(&writer, 2);
        for (size_t i = 0; i < before; i++)
            writer_bytes(&writer, bytes_of("\0\1x\0\0\0\0", 7));
        writer_bytes(&writer, identities);
        writer_close_vector(&writer, list, 2);
        list = writer_open_vector(&writer, 2);
        for (size_t i = 0; i <= before; i++)
            writer_bytes(&writer, binders);
        writer_close_vector(&writer, list, 2);
        hello.extensions[hello.count - 1].body = bytes_of(out, writer.len);
        int expected = before < 4 ? (int)RDTLS_ALERT_DECRYPT_ERROR : (int)FULL;
        cr_expect_eq(judge(&both, &hello), expected, "%zu before ours", before);
    }
    resuming_free(&both);
}

/* [rfc8446#9.2] "If not containing a "pre_shared_key" extension, it MUST contain both a
 * "signature_algorithms" extension and a "supported_groups" extension.": with a ticket that is none
 * of ours there is nothing to sign with. */
Test(hazard_10, who_can_verify_nothing_needs_a_good_ticket)
{
    static struct resuming both;
    static struct hello hello;
    tickets_13_begin(&both);
    take_hello(&both, &hello);
    hello.extensions[place_of(&hello, EXTENSION_SIGNATURE_ALGORITHMS)].type = 0xfafa;
    bytes_at(&hello, EXTENSION_PRE_SHARED_KEY)[4] ^= 1;
    cr_expect_eq(judge(&both, &hello), RDTLS_ALERT_MISSING_EXTENSION);
    resuming_free(&both);
}

/* A failed handshake leaves nothing that changes the next one: the same session is good again. */
Test(hazard_10, what_was_refused_can_be_tried_again)
{
    static struct resuming both;
    static struct hello hello;
    tickets_13_begin(&both);
    take_hello(&both, &hello);
    bytes_at(&hello, EXTENSION_PRE_SHARED_KEY)[4] ^= 1;
    cr_expect_eq(judge(&both, &hello), FULL);
    resuming_talk(&both);
    cr_expect(both.client_info.resumed && both.server_info.resumed);
    cr_expect_arr_eq(both.exported[0], both.exported[1], 32);
    resuming_hang_up(&both);
    resuming_free(&both);
}
