#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "app/sctp_gate.h"

/* Behind it lies nothing that may be read. */
static bool admits(const uint8_t *chunks, size_t len)
{
    uint8_t *packet = calloc(1, 12 + len);
    memcpy(packet + 12, chunks, len);
    const bool admitted = sctp_gate_admits(packet, 12 + len);
    free(packet);
    return admitted;
}

#define ADMITS(...) admits((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

#define INIT_OF(len) 1, 0, 0, len, 1, 2, 3, 4, 0, 1, 0, 0, 4, 0, 4, 0, 9, 9, 9, 9
#define DATA_OF_ONE  0, 3, 0, 17, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 51, 'x'

Test(sctp_gate, what_browsers_say_is_let_through)
{
    cr_expect(ADMITS(INIT_OF(20)));
    cr_expect(ADMITS(INIT_OF(24), 0xc0, 0, 0, 4)); /* FORWARD-TSN */
    cr_expect(ADMITS(INIT_OF(30), 0xc0, 0, 0, 4, 0x80, 8, 0, 6, 0x82, 0xc0, 0, 0)); /* padded */
    cr_expect(ADMITS(INIT_OF(30), 0xc0, 0, 0, 4, 0x80, 8, 0, 6, 0x82, 0xc0));
    cr_expect(ADMITS(DATA_OF_ONE, 0, 0, 0));
    cr_expect(ADMITS(DATA_OF_ONE), "the last need not be padded");
    cr_expect(ADMITS(11, 0, 0, 4, DATA_OF_ONE, 0, 0, 0));
    cr_expect(ADMITS(3, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0));
    cr_expect(ADMITS(3, 0, 0, 24, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 2, 0, 3, 0, 0, 0, 1));
    cr_expect(ADMITS(6, 0, 0, 4));
    cr_expect(ADMITS(192, 0, 0, 8, 0, 0, 0, 1));
    cr_expect(ADMITS(130, 0, 0, 12, 0, 16, 0, 8, 0, 0, 0, 1));
}

/* usrsctp 0.9.5 never comes back from the first of these. */
Test(sctp_gate, parameters_that_do_not_add_up_are_not)
{
    cr_expect_not(ADMITS(INIT_OF(28), 0xc0, 0, 0, 0, 0, 0, 0, 0));
    for (uint8_t len = 0; len < 4; len++) {
        cr_expect_not(ADMITS(INIT_OF(24), 0xc0, 0, 0, len));
        cr_expect_not(ADMITS(130, 0, 0, 8, 0, 16, 0, len));
        cr_expect_not(ADMITS(9, 0, 0, 8, 0, 1, 0, len));
        cr_expect_not(ADMITS(4, 0, 0, 8, 0, 1, 0, len));
    }
    cr_expect_not(ADMITS(INIT_OF(24), 0xc0, 0, 0, 5));
    cr_expect_not(ADMITS(INIT_OF(24), 0xc0, 0, 1, 4));
    cr_expect_not(ADMITS(INIT_OF(22), 0xc0, 0));
    cr_expect_not(ADMITS(INIT_OF(30), 0xc0, 0, 0, 4, 0x80, 8, 0, 7, 0x82, 0xc0));
}

Test(sctp_gate, chunks_that_do_not_add_up_are_not)
{
    cr_expect_not(admits((const uint8_t *)"", 0));
    for (uint8_t len = 0; len < 4; len++) {
        cr_expect_not(ADMITS(11, 0, 0, len));
        cr_expect_not(ADMITS(11, 0, 0, 4, 11, 0, 0, len));
    }
    cr_expect_not(ADMITS(11, 0, 0, 5));
    cr_expect_not(ADMITS(11, 0, 0, 4, 11));
    cr_expect_not(ADMITS(INIT_OF(19)));
    cr_expect_not(ADMITS(0, 3, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 51), "without a byte");
    cr_expect_not(ADMITS(3, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0));
    cr_expect_not(ADMITS(3, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff));
    cr_expect_not(ADMITS(10, 0, 0, 4), "a cookie of nothing");
    cr_expect_not(ADMITS(192, 0, 0, 4));
}

Test(sctp_gate, what_stands_alone_stands_alone)
{
    cr_expect_not(ADMITS(INIT_OF(20), 11, 0, 0, 4));
    cr_expect_not(ADMITS(11, 0, 0, 4, INIT_OF(20)));
    cr_expect_not(ADMITS(14, 0, 0, 4, 11, 0, 0, 4));
    cr_expect(ADMITS(14, 1, 0, 4));
}

Test(sctp_gate, chunks_that_nobody_needs_are_not_let_through)
{
    static const uint8_t needed[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 130, 132, 192};
    for (unsigned type = 0; type < 256; type++) {
        uint8_t chunk[24] = {(uint8_t)type, 3, 0, sizeof(chunk)};
        if (type == 3) {
            chunk[13] = 2; /* gap blocks */
        }
        chunk[7] = sizeof(chunk) - 4; /* one parameter, */
        chunk[23] = 4;                /* or one behind a fixed part */
        cr_expect_eq(admits(chunk, sizeof(chunk)),
                     memchr(needed, (int)type, sizeof(needed)) != NULL, "type %u", type);
    }
}

/* Each is 64 bytes of ours; for themselves peers may ask. */
Test(sctp_gate, a_wish_that_we_have_more_streams_is_not)
{
    cr_expect_not(ADMITS(130, 0, 0, 16, 0, 18, 0, 12, 0, 0, 0, 1, 0xff, 0, 0, 0));
    cr_expect_not(
        ADMITS(130, 0, 0, 24, 0, 16, 0, 8, 0, 0, 0, 1, 0, 18, 0, 12, 0, 0, 0, 1, 0, 1, 0, 0));
    cr_expect(ADMITS(130, 0, 0, 16, 0, 17, 0, 12, 0, 0, 0, 1, 0, 1, 0, 0));
    cr_expect(ADMITS(9, 0, 0, 8, 0, 18, 0, 4), "there the number means something else");
}
