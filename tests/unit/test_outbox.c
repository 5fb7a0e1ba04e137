#include "endpoint/outbox.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { PEEK_MAX = 256 };

struct fixture {
    struct outbox outbox;
    void *memory;
};

static void fixture_init(struct fixture *f, uint32_t arena_len)
{
    size_t len = outbox_footprint(arena_len);
    cr_assert_eq(len % 64, 0);
    f->memory = aligned_alloc(64, len);
    cr_assert_not_null(f->memory);
    memset(f->memory, 0, len);
    outbox_init(&f->outbox, f->memory, arena_len);
    uint8_t *end = (uint8_t *)f->memory + len;
    cr_assert(f->outbox.arena >= (uint8_t *)(f->outbox.entries + f->outbox.entry_count));
    cr_assert_leq(f->outbox.arena + arena_len, end);
}

static struct rdtls_path path_of(uint16_t port)
{
    return (struct rdtls_path){.remote_ip = {[10] = 0xff, [11] = 0xff, 127, 0, 0, 1},
                               .remote_port = port,
                               .local_port = 4433};
}

/* Reserve and commit; the offset, or UINT32_MAX when there was no room. */
static uint32_t put(struct fixture *f, uint16_t port, uint32_t len, bool first, bool last)
{
    uint8_t *room = outbox_reserve(&f->outbox, len);
    if (room == NULL)
        return UINT32_MAX;
    memset(room, 0xd0 + (int)(len % 16), len);
    struct rdtls_path path = path_of(port);
    outbox_commit(&f->outbox, &path, len, first, last);
    return (uint32_t)(room - f->outbox.arena);
}

/* One datagram that is a flight by itself. */
static uint32_t put_single(struct fixture *f, uint32_t len)
{
    return put(f, 1, len, true, true);
}

/* The runs of what waits, as text: "[1200 1200 700][90]". */
static const char *runs(const struct fixture *f, size_t max)
{
    static char text[4096];
    static struct rdtls_datagram datagrams[PEEK_MAX];
    size_t count = outbox_peek(&f->outbox, datagrams, max);
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        int written =
            snprintf(text + at, sizeof(text) - at, "%s%u%s", datagrams[i].first ? "[" : " ",
                     datagrams[i].len, datagrams[i].last ? "]" : "");
        at += (size_t)written;
    }
    return text;
}

Test(outbox, empty_has_nothing_to_show)
{
    struct fixture f;
    struct rdtls_datagram datagram;
    fixture_init(&f, 4096);
    cr_assert(outbox_is_empty(&f.outbox));
    cr_assert_eq(outbox_peek(&f.outbox, &datagram, 1), 0);
    outbox_drop(&f.outbox, 0);
    cr_assert_not_null(outbox_reserve(&f.outbox, 100));
    cr_assert(outbox_is_empty(&f.outbox), "a reserve takes nothing");
    free(f.memory);
}

Test(outbox, gives_back_what_was_put_in_oldest_first_and_keeps_it_until_dropped)
{
    struct fixture f;
    struct rdtls_datagram datagrams[4];
    fixture_init(&f, 4096);
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_neq(put(&f, (uint16_t)(10 + i), 100 + i, true, true), UINT32_MAX);
    for (int again = 0; again < 2; again++) {
        cr_assert_eq(outbox_peek(&f.outbox, datagrams, 4), 3);
        for (uint32_t i = 0; i < 3; i++) {
            struct rdtls_path path = path_of((uint16_t)(10 + i));
            cr_assert_arr_eq(&datagrams[i].path, &path, sizeof(path));
            cr_assert_eq(datagrams[i].len, 100 + i);
            cr_assert_eq(datagrams[i].bytes[99 + i], 0xd0 + (100 + i) % 16);
        }
    }
    outbox_drop(&f.outbox, 2);
    cr_assert_eq(outbox_peek(&f.outbox, datagrams, 4), 1);
    cr_assert_eq(datagrams[0].len, 102);
    outbox_drop(&f.outbox, 1);
    cr_assert(outbox_is_empty(&f.outbox));
    free(f.memory);
}

Test(outbox, a_commit_may_be_shorter_than_its_reserve)
{
    struct fixture f;
    fixture_init(&f, 1000);
    struct rdtls_path path = path_of(1);
    uint8_t *first = outbox_reserve(&f.outbox, 1000);
    cr_assert_eq(first, f.outbox.arena);
    outbox_commit(&f.outbox, &path, 10, true, true);
    cr_assert_null(outbox_reserve(&f.outbox, 991));
    cr_assert_eq(outbox_reserve(&f.outbox, 990), first + 10);
    /* Forgotten: the next one gets the same place. */
    cr_assert_eq(outbox_reserve(&f.outbox, 20), first + 10);
    free(f.memory);
}

Test(outbox, lies_end_to_end_up_to_the_last_byte_then_wraps_to_the_start)
{
    struct fixture f;
    fixture_init(&f, 1000);
    cr_assert_eq(put_single(&f, 400), 0);
    cr_assert_eq(put_single(&f, 300), 400);
    cr_assert_eq(put_single(&f, 300), 700);
    cr_assert_null(outbox_reserve(&f.outbox, 1), "full to the last byte");
    outbox_drop(&f.outbox, 1);
    /* [0, 400) is free: room for 400 and not for one more. */
    cr_assert_null(outbox_reserve(&f.outbox, 401));
    cr_assert_eq(put_single(&f, 250), 0);
    cr_assert_eq(put_single(&f, 150), 250);
    cr_assert_null(outbox_reserve(&f.outbox, 1));
    outbox_drop(&f.outbox, 2);
    /* All before offset 400 is taken, all behind it is free. */
    cr_assert_eq(put_single(&f, 600), 400);
    cr_assert_null(outbox_reserve(&f.outbox, 1));
    cr_assert_str_eq(runs(&f, PEEK_MAX), "[250][150][600]");
    free(f.memory);
}

Test(outbox, does_not_wrap_while_it_fits_behind)
{
    struct fixture f;
    fixture_init(&f, 1000);
    put_single(&f, 500);
    cr_assert_eq(put_single(&f, 100), 500);
    outbox_drop(&f.outbox, 1);
    /* Before the oldest there is more room than behind the youngest, but it fits there. */
    cr_assert_eq(put_single(&f, 400), 600);
    cr_assert_eq(put_single(&f, 500), 0);
    free(f.memory);
}

/* A large reserve wraps and is given up: the next small one still goes behind the youngest. */
Test(outbox, a_forgotten_reserve_that_wrapped_leaves_no_trace)
{
    struct fixture f;
    fixture_init(&f, 1000);
    put_single(&f, 500);
    put_single(&f, 100);
    outbox_drop(&f.outbox, 1);
    cr_assert_eq(outbox_reserve(&f.outbox, 450), f.outbox.arena);
    cr_assert_eq(put_single(&f, 50), 600);
    cr_assert_null(outbox_reserve(&f.outbox, 501));
    cr_assert_eq(put_single(&f, 50), 650);
    free(f.memory);
}

Test(outbox, empty_starts_at_the_beginning_again)
{
    struct fixture f;
    fixture_init(&f, 1000);
    put_single(&f, 600);
    put_single(&f, 10);
    outbox_drop(&f.outbox, 2);
    cr_assert_eq(put_single(&f, 1000), 0);
    cr_assert_null(outbox_reserve(&f.outbox, 1));
    outbox_drop(&f.outbox, 1);
    cr_assert_null(outbox_reserve(&f.outbox, 1001));
    cr_assert_null(outbox_reserve(&f.outbox, UINT32_MAX));
    free(f.memory);
}

/* What the kernel took in between does not move a datagram that is being written. */
Test(outbox, a_drop_between_reserve_and_commit_does_no_harm)
{
    struct fixture f;
    struct rdtls_datagram datagram;
    struct rdtls_path path = path_of(9);
    fixture_init(&f, 1000);
    put_single(&f, 600);
    uint8_t *room = outbox_reserve(&f.outbox, 300);
    outbox_drop(&f.outbox, 1);
    outbox_commit(&f.outbox, &path, 300, true, true);
    cr_assert_eq(outbox_peek(&f.outbox, &datagram, 1), 1);
    cr_assert_eq(datagram.bytes, room);
    free(f.memory);
}

Test(outbox, is_full_when_its_entries_are)
{
    struct fixture f;
    fixture_init(&f, 65536);
    uint32_t count = 0;
    while (put_single(&f, 1) != UINT32_MAX)
        cr_assert_lt(count++, 65536);
    cr_assert_eq(count, f.outbox.entry_count);
    cr_assert_geq(count, 65536 / 128);
    cr_assert_eq(count & (count - 1), 0);
    outbox_drop(&f.outbox, 1);
    cr_assert_neq(put_single(&f, 1), UINT32_MAX);
    cr_assert_null(outbox_reserve(&f.outbox, 1));
    free(f.memory);
}

Test(outbox, counters_may_pass_the_end_of_32_bits)
{
    struct fixture f;
    fixture_init(&f, 1000);
    f.outbox.head = UINT32_MAX - 1;
    f.outbox.tail = UINT32_MAX - 1;
    for (int i = 0; i < 4; i++)
        cr_assert_eq(put(&f, 1, 100, i == 0, i == 3), (uint32_t)i * 100);
    cr_assert_str_eq(runs(&f, PEEK_MAX), "[100 100 100 100]");
    outbox_drop(&f.outbox, 3);
    cr_assert_str_eq(runs(&f, PEEK_MAX), "[100]");
    free(f.memory);
}

Test(outbox, a_flight_of_equal_datagrams_and_a_shorter_last_is_one_run)
{
    struct fixture f;
    fixture_init(&f, 10000);
    put(&f, 1, 1200, true, false);
    put(&f, 1, 1200, false, false);
    put(&f, 1, 700, false, true);
    put(&f, 1, 700, true, true);
    put(&f, 1, 300, true, false);
    put(&f, 1, 300, false, true);
    cr_assert_str_eq(runs(&f, PEEK_MAX), "[1200 1200 700][700][300 300]");
    free(f.memory);
}

Test(outbox, where_lengths_differ_a_flight_is_cut)
{
    struct fixture f;
    fixture_init(&f, 20000);
    /* Shorter in the middle: it ends its run. Longer: it begins one. */
    put(&f, 1, 1200, true, false);
    put(&f, 1, 900, false, false);
    put(&f, 1, 900, false, false);
    put(&f, 1, 1200, false, false);
    put(&f, 1, 1200, false, false);
    put(&f, 1, 100, false, false);
    put(&f, 1, 50, false, true);
    cr_assert_str_eq(runs(&f, PEEK_MAX), "[1200 900][900][1200 1200 100][50]");
    free(f.memory);
}

/* [rfc9147#4] "Sending implementations MUST NOT mix records from multiple DTLS associations in the
 * same datagram." */
Test(outbox, another_path_is_another_run)
{
    struct fixture f;
    fixture_init(&f, 20000);
    put(&f, 1, 100, true, false);
    put(&f, 2, 100, false, false);
    put(&f, 2, 100, false, true);
    cr_assert_str_eq(runs(&f, PEEK_MAX), "[100][100 100]");
    free(f.memory);
}

Test(outbox, where_the_arena_wrapped_a_flight_is_cut)
{
    struct fixture f;
    fixture_init(&f, 1000);
    put_single(&f, 600);
    put(&f, 1, 150, true, false);
    put(&f, 1, 150, false, false);
    outbox_drop(&f.outbox, 1);
    cr_assert_eq(put(&f, 1, 150, false, false), 0);
    cr_assert_eq(put(&f, 1, 150, false, true), 150);
    cr_assert_str_eq(runs(&f, PEEK_MAX), "[150 150][150 150]");
    free(f.memory);
}

Test(outbox, what_max_or_a_drop_cuts_has_a_last_and_a_first)
{
    struct fixture f;
    fixture_init(&f, 10000);
    for (int i = 0; i < 5; i++)
        put(&f, 1, 1000, i == 0, i == 4);
    cr_assert_str_eq(runs(&f, 0), "");
    cr_assert_str_eq(runs(&f, 1), "[1000]");
    cr_assert_str_eq(runs(&f, 3), "[1000 1000 1000]");
    outbox_drop(&f.outbox, 3);
    cr_assert_str_eq(runs(&f, PEEK_MAX), "[1000 1000]");
    free(f.memory);
}

/* A flight of which the end did not fit, or has not been written yet: what is there is a run, and
 * so is the rest later. */
Test(outbox, a_flight_without_its_end_is_a_run_and_the_next_flight_another)
{
    struct fixture f;
    fixture_init(&f, 10000);
    put(&f, 1, 1000, true, false);
    put(&f, 1, 1000, false, false);
    cr_assert_str_eq(runs(&f, PEEK_MAX), "[1000 1000]");
    put(&f, 1, 1000, true, true);
    cr_assert_str_eq(runs(&f, PEEK_MAX), "[1000 1000][1000]");
    put(&f, 1, 1000, false, true);
    cr_assert_str_eq(runs(&f, PEEK_MAX), "[1000 1000][1000][1000]");
    free(f.memory);
}
