#include "io/receive_order.h"
#include "io_support.h"

enum { RECORD_LEN = 13 };

/* First bytes by which datagrams are told apart: type, version, epoch and sequence, length, then
 * the content. */
static const uint8_t hello[RECORD_LEN + 1] = {22, 0xfe, 0xff, [12] = 1, [13] = 1};
static const uint8_t handshake[RECORD_LEN + 1] = {22, 0xfe, 0xfd, [12] = 1, [13] = 16};
static const uint8_t established[RECORD_LEN + 1] = {23, 0xfe, 0xfd, [4] = 1, [12] = 1};
static const uint8_t stun[RECORD_LEN + 1] = {0, 1};

static struct packet packet_of(const uint8_t *bytes, uint16_t buffer)
{
    return (struct packet){
        .bytes = (uint8_t *)(uintptr_t)bytes, .len = RECORD_LEN + 1, .buffer = buffer};
}

static uint32_t fill_with_hellos(struct packet *packets, uint32_t count, uint32_t first_buffer)
{
    for (uint32_t i = 0; i < count; i++)
        packets[i] = packet_of(hello, (uint16_t)(first_buffer + i));
    return count;
}

Test(receive_order, established_come_first_and_hellos_last)
{
    static struct receive_order order;
    struct packet packets[] = {packet_of(hello, 0),       packet_of(stun, 1),
                               packet_of(established, 2), packet_of(handshake, 3),
                               packet_of(hello, 4),       packet_of(established, 5)};
    receive_order_sort(&order, packets, 6, 64);
    static const uint16_t expected[] = {2, 5, 1, 3, 0, 4};
    cr_assert_eq(order.now_count, 6);
    for (uint32_t i = 0; i < 6; i++)
        cr_expect_eq(order.now[i].buffer, expected[i], "at %u", i);
    cr_expect_eq(order.held_count, 0);
}

/* STUN opens the path that the handshake behind it needs, however they arrived. */
Test(receive_order, what_is_not_dtls_comes_before_handshakes)
{
    static struct receive_order order;
    struct packet packets[] = {packet_of(handshake, 0),   packet_of(hello, 1),
                               packet_of(stun, 2),        packet_of(handshake, 3),
                               packet_of(established, 4), packet_of(stun, 5)};
    receive_order_sort(&order, packets, 6, 64);
    static const uint16_t expected[] = {4, 2, 5, 0, 3, 1};
    cr_assert_eq(order.now_count, 6);
    for (uint32_t i = 0; i < 6; i++)
        cr_expect_eq(order.now[i].buffer, expected[i], "at %u", i);
}

Test(receive_order, hellos_beyond_the_budget_wait_and_go_first_next_time)
{
    static struct receive_order order;
    struct packet packets[16];
    receive_order_sort(&order, packets, fill_with_hellos(packets, 10, 0), 4);
    cr_assert_eq(order.now_count, 4);
    cr_expect_eq(order.now[0].buffer, 0);
    cr_expect_eq(order.held_count, 6);

    uint32_t count = fill_with_hellos(packets, 2, 20);
    packets[count++] = packet_of(established, 30);
    receive_order_sort(&order, packets, count, 4);
    cr_assert_eq(order.now_count, 5);
    static const uint16_t expected[] = {30, 4, 5, 6, 7};
    for (uint32_t i = 0; i < 5; i++)
        cr_expect_eq(order.now[i].buffer, expected[i], "at %u", i);
    cr_expect_eq(order.held_count, 4);

    receive_order_sort(&order, packets, 0, 4);
    cr_assert_eq(order.now_count, 4);
    static const uint16_t rest[] = {8, 9, 20, 21};
    for (uint32_t i = 0; i < 4; i++)
        cr_expect_eq(order.now[i].buffer, rest[i], "at %u", i);
    cr_expect_eq(order.held_count, 0);
}

/* What another shard has sent lies in its mailbox, and can wait no longer than the pass. */
Test(receive_order, hellos_in_no_buffer_are_taken_and_count)
{
    static struct receive_order order;
    struct packet packets[20];
    uint32_t count = fill_with_hellos(packets, 10, 0);
    count += fill_with_hellos(packets + count, 3, PACKET_BUFFER_COUNT);
    packets[count++] = packet_of(established, PACKET_BUFFER_COUNT + 3);
    receive_order_sort(&order, packets, count, 5);
    static const uint16_t expected[] = {PACKET_BUFFER_COUNT + 3,
                                        PACKET_BUFFER_COUNT,
                                        PACKET_BUFFER_COUNT + 1,
                                        PACKET_BUFFER_COUNT + 2,
                                        0,
                                        1};
    cr_assert_eq(order.now_count, 6);
    for (uint32_t i = 0; i < 6; i++)
        cr_expect_eq(order.now[i].buffer, expected[i], "at %u", i);
    cr_expect_eq(order.held_count, 8);

    /* However many there are: one of ours goes on. */
    count = fill_with_hellos(packets, 10, PACKET_BUFFER_COUNT);
    receive_order_sort(&order, packets, count, 5);
    cr_assert_eq(order.now_count, 11);
    cr_expect_eq(order.now[10].buffer, 2);
    cr_expect_eq(order.held_count, 7);
}

/* A flood of hellos holds half of the buffers at most; media and STUN of the same pass are taken
 * before any of them. */
Test(receive_order, a_flood_of_hellos_does_not_stand_before_what_is_not_dtls)
{
    static struct receive_order order;
    struct packet packets[PACKET_BUFFER_COUNT];
    receive_order_sort(&order, packets, fill_with_hellos(packets, PACKET_BUFFER_COUNT, 0), 4);
    uint32_t room = PACKET_BUFFER_COUNT - order.held_count;
    cr_assert_eq(room, PACKET_BUFFER_COUNT - HELLOS_HELD_MAX);
    uint32_t count = fill_with_hellos(packets, room - 1, 0);
    packets[count++] = packet_of(stun, 1000);
    receive_order_sort(&order, packets, count, 4);
    cr_expect_eq(order.now[0].buffer, 1000);
}

/* And a flood of STUN is taken whole, behind the records of associations and before a hello, which
 * is taken in the same pass. */
Test(receive_order, a_flood_of_stun_stands_before_no_association_and_keeps_no_hello_out)
{
    static struct receive_order order;
    struct packet packets[PACKET_BUFFER_COUNT];
    for (uint16_t i = 0; i < PACKET_BUFFER_COUNT; i++)
        packets[i] = packet_of(stun, i);
    packets[100] = packet_of(hello, 100);
    packets[PACKET_BUFFER_COUNT - 1] = packet_of(established, PACKET_BUFFER_COUNT - 1);
    receive_order_sort(&order, packets, PACKET_BUFFER_COUNT, 1);
    cr_expect_eq(order.now_count, PACKET_BUFFER_COUNT);
    cr_expect_eq(order.now[0].buffer, PACKET_BUFFER_COUNT - 1);
    cr_expect_eq(order.now[PACKET_BUFFER_COUNT - 1].buffer, 100);
}

Test(receive_order, held_hellos_never_have_more_than_half_of_the_buffers)
{
    static struct receive_order order;
    struct packet packets[PACKET_BUFFER_COUNT];
    receive_order_sort(&order, packets, fill_with_hellos(packets, PACKET_BUFFER_COUNT, 0), 4);
    cr_expect_eq(order.held_count, HELLOS_HELD_MAX);
    cr_expect_eq(order.now_count, PACKET_BUFFER_COUNT - HELLOS_HELD_MAX);
    receive_order_sort(&order, packets,
                       fill_with_hellos(packets, PACKET_BUFFER_COUNT - HELLOS_HELD_MAX, 0), 4);
    cr_expect_eq(order.held_count, HELLOS_HELD_MAX);
    cr_expect_eq(order.now_count, PACKET_BUFFER_COUNT - HELLOS_HELD_MAX);
    cr_expect_eq(order.now[0].buffer, HELLOS_HELD_MAX, "the oldest first");
}
