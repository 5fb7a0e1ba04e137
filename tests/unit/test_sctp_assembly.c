#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "app/sctp_assembly.h"
#include "app/sctp_backlog.h"

static struct sctp_assemblies assemblies;
static struct sctp_message whole;

static enum sctp_assembled add(uint16_t stream, bool unordered, const char *text, bool last)
{
    const struct sctp_part part = {.message = {.stream = stream,
                                               .ppid = SCTP_PPID_TEXT,
                                               .reliability = {.unordered = unordered},
                                               .bytes = (const uint8_t *)text,
                                               .len = strlen(text)},
                                   .last = last};
    return sctp_assemblies_add(&assemblies, &part, &whole);
}

static enum sctp_assembled add_bytes(uint16_t stream, size_t len, bool last)
{
    static uint8_t bytes[2 * SCTP_MESSAGE_MAX];
    const struct sctp_part part = {.message = {.stream = stream, .bytes = bytes, .len = len},
                                   .last = last};
    return sctp_assemblies_add(&assemblies, &part, &whole);
}

static void expect_whole(uint16_t stream, const char *text)
{
    cr_expect_eq(whole.stream, stream);
    cr_expect_eq(whole.len, strlen(text));
    cr_expect_arr_eq(whole.bytes, text, strlen(text));
}

Test(sctp_assembly, what_comes_whole_is_given_on_as_it_is)
{
    static const char text[] = "hello";
    cr_expect_eq(add(1, false, text, true), SCTP_ASSEMBLED_WHOLE);
    cr_expect_eq(whole.bytes, (const uint8_t *)text, "no copy is made");
}

Test(sctp_assembly, parts_become_a_message)
{
    cr_expect_eq(add(1, false, "good ", false), SCTP_ASSEMBLED_PART);
    cr_expect_eq(add(1, false, "mor", false), SCTP_ASSEMBLED_PART);
    cr_expect_eq(add(1, false, "ning", true), SCTP_ASSEMBLED_WHOLE);
    expect_whole(1, "good morning");
    cr_expect_eq(add(1, false, "sir", true), SCTP_ASSEMBLED_WHOLE);
    expect_whole(1, "sir");
    sctp_assemblies_clear(&assemblies);
}

Test(sctp_assembly, parts_of_several_messages_may_take_turns)
{
    cr_expect_eq(add(1, false, "a", false), SCTP_ASSEMBLED_PART);
    cr_expect_eq(add(1, true, "b", false), SCTP_ASSEMBLED_PART);
    cr_expect_eq(add(2, false, "c", false), SCTP_ASSEMBLED_PART);
    cr_expect_eq(add(3, false, "whole", true), SCTP_ASSEMBLED_WHOLE);
    cr_expect_eq(add(1, true, "B", true), SCTP_ASSEMBLED_WHOLE);
    expect_whole(1, "bB");
    cr_expect_eq(add(1, false, "A", true), SCTP_ASSEMBLED_WHOLE);
    expect_whole(1, "aA");
    cr_expect_eq(add(2, false, "C", true), SCTP_ASSEMBLED_WHOLE);
    expect_whole(2, "cC");
    sctp_assemblies_clear(&assemblies);
}

Test(sctp_assembly, too_many_at_once_find_no_room)
{
    for (uint16_t i = 0; i < SCTP_ASSEMBLIES_MAX; i++) {
        cr_expect_eq(add(i, false, "x", false), SCTP_ASSEMBLED_PART);
    }
    cr_expect_eq(add(SCTP_ASSEMBLIES_MAX, false, "x", false), SCTP_ASSEMBLED_NO_ROOM);
    sctp_assemblies_drop(&assemblies, 2);
    cr_expect_eq(add(SCTP_ASSEMBLIES_MAX, false, "x", false), SCTP_ASSEMBLED_PART);
    cr_expect_eq(add(2, false, "anew", true), SCTP_ASSEMBLED_WHOLE, "nothing of before");
    expect_whole(2, "anew");
    sctp_assemblies_clear(&assemblies);
}

Test(sctp_assembly, the_longest_message_is_one_and_what_is_longer_is_told_once)
{
    cr_expect_eq(add_bytes(1, SCTP_MESSAGE_MAX, true), SCTP_ASSEMBLED_WHOLE);
    cr_expect_eq(add_bytes(1, SCTP_MESSAGE_MAX - 1, false), SCTP_ASSEMBLED_PART);
    cr_expect_eq(add_bytes(1, 1, true), SCTP_ASSEMBLED_WHOLE);
    cr_expect_eq(whole.len, SCTP_MESSAGE_MAX);

    cr_expect_eq(add_bytes(1, SCTP_MESSAGE_MAX, false), SCTP_ASSEMBLED_PART);
    cr_expect_eq(add_bytes(1, 1, false), SCTP_ASSEMBLED_TOO_LONG);
    for (size_t i = 0; i < 100; i++) {
        cr_expect_eq(add_bytes(1, SCTP_MESSAGE_MAX, false), SCTP_ASSEMBLED_PART);
        cr_expect_null(assemblies.place[0].bytes, "nothing is kept of it");
    }
    cr_expect_eq(add_bytes(1, 1, true), SCTP_ASSEMBLED_PART, "its end is no message");
    cr_expect_eq(add(1, false, "hello", true), SCTP_ASSEMBLED_WHOLE);

    cr_expect_eq(add_bytes(1, SCTP_MESSAGE_MAX + 1, true), SCTP_ASSEMBLED_TOO_LONG);
    cr_expect_eq(add(1, false, "hello", true), SCTP_ASSEMBLED_WHOLE);
    sctp_assemblies_clear(&assemblies);
}

static bool wait_for(struct sctp_backlog *backlog, uint16_t stream, const char *text)
{
    return sctp_backlog_append(backlog, &(struct sctp_message){.stream = stream,
                                                               .bytes = (const uint8_t *)text,
                                                               .len = strlen(text)});
}

Test(sctp_backlog, messages_wait_in_order_and_leave_with_their_stream)
{
    struct sctp_backlog backlog = {0};
    for (size_t i = 0; i < 3; i++) {
        cr_expect(wait_for(&backlog, 1, "one"));
        cr_expect(wait_for(&backlog, 2, "two"));
    }
    sctp_backlog_drop(&backlog, 2);
    cr_expect(wait_for(&backlog, 3, "three"));
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(backlog.first->message.stream, 1);
        cr_expect_arr_eq(backlog.first->message.bytes, "one", 3);
        sctp_backlog_remove_first(&backlog);
    }
    sctp_backlog_drop(&backlog, 3);
    cr_expect_null(backlog.first);
    cr_expect_eq(backlog.bytes, 0);
    cr_expect(wait_for(&backlog, 1, "one"));
    cr_expect_eq(backlog.first, backlog.last);
    sctp_backlog_clear(&backlog);
    cr_expect_eq(backlog.bytes, 0);
}

Test(sctp_backlog, it_has_an_end)
{
    static uint8_t bytes[SCTP_MESSAGE_MAX];
    const struct sctp_message message = {.bytes = bytes, .len = sizeof(bytes)};
    struct sctp_backlog backlog = {0};
    size_t count = 0;
    while (sctp_backlog_append(&backlog, &message)) {
        count++;
    }
    cr_expect_eq(count, SCTP_BACKLOG_MAX / (SCTP_MESSAGE_MAX + sizeof(struct sctp_waiting)));
    sctp_backlog_clear(&backlog);

    /* Small ones are counted with all that they take. */
    const struct sctp_message small = {.bytes = bytes, .len = 1};
    for (count = 0; sctp_backlog_append(&backlog, &small); count++) {
    }
    cr_expect_leq(count * sizeof(struct sctp_waiting), SCTP_BACKLOG_MAX);
    sctp_backlog_clear(&backlog);
}
