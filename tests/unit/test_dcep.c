#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "app/dcep.h"

/* Behind it lies nothing that may be read. */
static enum dcep_kind consume(const void *message, size_t len, struct dcep_open *open)
{
    static uint8_t *copy;
    free(copy);
    copy = malloc(len + 1);
    memcpy(copy, message, len);
    uint8_t *exact = realloc(copy, len != 0 ? len : 1);
    copy = exact;
    return dcep_consume(copy, len, open);
}

/* As Chromium 150 says it: createDataChannel("chat", {ordered: false, maxRetransmits: 3}). */
static const uint8_t chat[] = {0x03, 0x81, 0x01, 0x00, 0,   0,   0,   3,   0,
                               4,    0,    2,    'c',  'h', 'a', 't', 'p', '1'};

Test(dcep, an_open_is_read)
{
    struct dcep_open open;
    cr_assert_eq(consume(chat, sizeof(chat), &open), DCEP_OPEN);
    cr_expect(open.reliability.unordered);
    cr_expect_eq(open.reliability.limit, SCTP_LIMIT_RETRANSMITS);
    cr_expect_eq(open.reliability.limit_value, 3);
    cr_expect_eq(open.priority, 256);
    cr_expect_eq(open.label_len, 4);
    cr_expect_arr_eq(open.label, "chat", 4);
    cr_expect_eq(open.protocol_len, 2);
    cr_expect_arr_eq(open.protocol, "p1", 2);
}

Test(dcep, each_channel_type_is_what_section_8_2_2_says)
{
    static const struct {
        uint8_t type;
        bool unordered;
        enum sctp_limit limit;
    } types[] = {
        {0x00, false, SCTP_LIMIT_NONE},        {0x80, true, SCTP_LIMIT_NONE},
        {0x01, false, SCTP_LIMIT_RETRANSMITS}, {0x81, true, SCTP_LIMIT_RETRANSMITS},
        {0x02, false, SCTP_LIMIT_LIFETIME_MS}, {0x82, true, SCTP_LIMIT_LIFETIME_MS},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        uint8_t message[] = {0x03, types[i].type, 0, 0, 0xff, 0xfe, 0xfd, 0xfc, 0, 0, 0, 0};
        struct dcep_open open;
        cr_assert_eq(consume(message, sizeof(message), &open), DCEP_OPEN);
        cr_expect_eq(open.reliability.unordered, types[i].unordered);
        cr_expect_eq(open.reliability.limit, types[i].limit);
        /* Of a reliable channel the parameter is to be ignored. */
        cr_expect_eq(open.reliability.limit_value,
                     types[i].limit == SCTP_LIMIT_NONE ? 0 : 0xfffefdfcU);
    }
}

Test(dcep, every_other_channel_type_is_refused)
{
    for (unsigned type = 0; type < 256; type++) {
        uint8_t message[] = {0x03, (uint8_t)type, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
        struct dcep_open open;
        const bool known = (type & 0x7f) <= 2;
        cr_expect_eq(consume(message, sizeof(message), &open), known ? DCEP_OPEN : DCEP_MALFORMED);
    }
}

Test(dcep, an_open_that_is_cut_short_or_goes_on_is_refused)
{
    struct dcep_open open;
    for (size_t len = 0; len < sizeof(chat); len++) {
        cr_expect_eq(consume(chat, len, &open), DCEP_MALFORMED);
    }
    uint8_t longer[sizeof(chat) + 1] = {0};
    memcpy(longer, chat, sizeof(chat));
    cr_expect_eq(consume(longer, sizeof(longer), &open), DCEP_MALFORMED);
}

Test(dcep, lengths_that_do_not_add_up_are_refused)
{
    struct dcep_open open;
    for (size_t at = 8; at < 12; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            uint8_t message[sizeof(chat)];
            memcpy(message, chat, sizeof(chat));
            message[at] = (uint8_t)(message[at] ^ 1U << bit);
            cr_expect_eq(consume(message, sizeof(message), &open), DCEP_MALFORMED);
        }
    }
}

Test(dcep, the_longest_label_and_protocol_are_read)
{
    enum { LONGEST = 65535, LEN = 12 + 2 * LONGEST };
    uint8_t *message = calloc(1, LEN);
    memcpy(message, "\x03\0\0\0\0\0\0\0\xff\xff\xff\xff", 12);
    struct dcep_open open;
    cr_assert_eq(dcep_consume(message, LEN, &open), DCEP_OPEN);
    cr_expect_eq(open.label_len, LONGEST);
    cr_expect_eq(open.protocol_len, LONGEST);
    cr_expect_eq(open.protocol, message + 12 + LONGEST);
    cr_expect_eq(dcep_consume(message, LEN - 1, &open), DCEP_MALFORMED);
    free(message);
}

Test(dcep, an_ack_is_one_byte)
{
    struct dcep_open open;
    cr_expect_eq(consume("\x02", 1, &open), DCEP_ACK);
    cr_expect_eq(consume("\x02\x00", 2, &open), DCEP_MALFORMED);
    for (unsigned type = 0; type < 256; type++) {
        const uint8_t message = (uint8_t)type;
        cr_expect_eq(consume(&message, 1, &open), type == 2 ? DCEP_ACK : DCEP_MALFORMED);
    }
}
