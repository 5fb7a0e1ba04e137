#include <criterion/criterion.h>
#include <string.h>

#include "app/sctp_limits.h"
#include "app/sctp_outputs.h"

struct sink {
    size_t room;
    size_t count;
    uint32_t sent[8192];
};

static struct sctp_outputs outputs;
static struct sink sink;

static enum rdtls_status take(void *context, struct rdtls_id id, const uint8_t *packet, size_t len)
{
    struct sink *into = context;
    if (into->room == 0) {
        return RDTLS_NO_ROOM;
    }
    into->room--;
    cr_assert_geq(len, sizeof(uint32_t));
    memcpy(&into->sent[into->count], packet, sizeof(uint32_t));
    cr_expect_eq(id.slot, into->sent[into->count]);
    into->count++;
    return into->count % 2 == 0 ? RDTLS_OK
                                : RDTLS_NOT_CONNECTED; /* which is the end of it as well */
}

static bool drain(size_t room)
{
    sink.room = room;
    const struct sctp_outlet outlet = {.context = &sink, .send = take};
    return sctp_outputs_drain(&outputs, &outlet);
}

static enum sctp_pushed push(uint32_t number)
{
    uint8_t packet[1200] = {0};
    memcpy(packet, &number, sizeof(number));
    return sctp_outputs_push(&outputs, (struct rdtls_id){.slot = number}, packet, sizeof(packet));
}

Test(sctp_outputs, what_finds_no_room_stays_before_what_comes_later)
{
    sctp_outputs_init(&outputs);
    cr_expect_not(drain(1), "nothing waits");
    uint32_t pushed = 0;
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < round % 7; i++) {
            (void)push(pushed++);
        }
        cr_expect_eq(drain(3), sink.count < pushed);
    }
    while (drain(3)) {
    }
    cr_expect_eq(sink.count, pushed);
    for (uint32_t i = 0; i < pushed; i++) {
        cr_expect_eq(sink.sent[i], i);
    }
    cr_expect_eq(outputs.bytes, 0);
    sctp_outputs_free(&outputs);
}

Test(sctp_outputs, the_owner_is_to_be_woken_for_the_first)
{
    sctp_outputs_init(&outputs);
    cr_expect_eq(push(0), SCTP_PUSHED_FIRST);
    cr_expect_eq(push(1), SCTP_PUSHED_BEHIND);
    cr_expect(drain(1));
    cr_expect_eq(push(2), SCTP_PUSHED_BEHIND, "he comes again by himself");
    cr_expect_not(drain(9));
    cr_expect_eq(push(3), SCTP_PUSHED_FIRST);
    sctp_outputs_free(&outputs);
}

Test(sctp_outputs, when_it_is_full_the_newest_are_lost)
{
    sctp_outputs_init(&outputs);
    uint32_t count = 0;
    while (push(count) != SCTP_PUSHED_NOT) {
        count++;
    }
    cr_expect_gt(count, SCTP_OUTPUTS_MAX / 1300);
    cr_expect_leq(count, SCTP_OUTPUTS_MAX / 1200);
    cr_expect_eq(push(count), SCTP_PUSHED_NOT);
    cr_expect(drain(1));
    cr_expect_neq(push(count), SCTP_PUSHED_NOT);
    cr_expect_not(drain(count + 1));
    cr_expect_eq(sink.count, count + 1);
    sctp_outputs_free(&outputs);
}
