#include "handshake/sent_records.h"

#include <criterion/criterion.h>

static struct record_number number_of(uint64_t sequence)
{
    return (struct record_number){2, sequence};
}

static void note(struct sent_records *sent, uint64_t sequence, uint8_t message, uint16_t start,
                 uint16_t end)
{
    struct record_number number = number_of(sequence);
    struct sent_record record = {.start = start, .end = end, .message = message};
    sent_records_note(sent, &number, &record);
}

static bool acknowledge(struct sent_records *sent, uint64_t sequence)
{
    struct record_number number = number_of(sequence);
    return sent_records_acknowledge(sent, &number);
}

/* [rfc9147#7.2] "an implementation SHOULD retransmit the unacknowledged messages or fragments."
 * "Implementations MUST treat a record as having been acknowledged if it appears in any ACK" */
Test(sent_records, what_was_acknowledged_is_not_missing)
{
    struct sent_records sent = {.count = 0};
    uint16_t end;
    note(&sent, 0, 0, 0, 100);
    note(&sent, 1, 0, 100, 200);
    note(&sent, 2, 0, 200, 300);
    cr_expect_eq(sent_records_missing(&sent, 0, 0, 300, &end), 0);
    cr_expect_eq(end, 300);
    cr_expect(acknowledge(&sent, 1));
    cr_expect_not(acknowledge(&sent, 1), "that is no news");
    cr_expect_eq(sent_records_missing(&sent, 0, 0, 300, &end), 0);
    cr_expect_eq(end, 100);
    cr_expect_eq(sent_records_missing(&sent, 0, 100, 300, &end), 200);
    cr_expect_eq(end, 300);
    cr_expect(acknowledge(&sent, 0));
    cr_expect(acknowledge(&sent, 2));
    cr_expect(sent_records_has_all(&sent, 0, 300));
    cr_expect_not(sent_records_has_all(&sent, 1, 10), "another message");
}

/* A flight of more records than there are places: what is acknowledged and touches takes one. */
Test(sent_records, pieces_that_touch_take_one_place)
{
    enum { PIECE = 100, FORGOTTEN = 9, PIECES = SENT_RECORDS_MAX + FORGOTTEN, AGAIN = 1000 };
    struct sent_records sent = {.count = 0};
    for (uint16_t i = 0; i < PIECES; i++)
        note(&sent, i, 0, (uint16_t)(i * PIECE), (uint16_t)((i + 1) * PIECE));
    for (uint16_t i = PIECES; i-- > FORGOTTEN;)
        cr_expect(acknowledge(&sent, i));
    cr_expect_eq(sent.count, 1);
    for (uint16_t i = 0; i < FORGOTTEN; i++) {
        cr_expect_not(acknowledge(&sent, i), "it was forgotten");
        note(&sent, AGAIN + i, 0, (uint16_t)(i * PIECE), (uint16_t)((i + 1) * PIECE));
    }
    for (uint16_t i = 0; i < FORGOTTEN; i++)
        cr_expect(acknowledge(&sent, AGAIN + i));
    cr_expect(sent_records_has_all(&sent, 0, PIECES * PIECE));
    note(&sent, 2000, 1, 0, 10);
    cr_expect(acknowledge(&sent, 2000));
    cr_expect_eq(sent.count, 2, "another message is not joined");
}

/* Hazard 20: ACKs of records that were never sent, of other epochs, and numbers beyond all. */
Test(sent_records, numbers_that_were_never_sent_mean_nothing)
{
    struct sent_records sent = {.count = 0};
    note(&sent, 5, 0, 0, 10);
    struct record_number never = {2, 6};
    struct record_number elsewhere = {3, 5};
    struct record_number beyond = {UINT64_C(1) << 16, 5};
    struct record_number wrapped = {1, (UINT64_C(1) << 48) + 5};
    cr_expect_not(sent_records_acknowledge(&sent, &never));
    cr_expect_not(sent_records_acknowledge(&sent, &elsewhere));
    cr_expect_not(sent_records_acknowledge(&sent, &beyond));
    cr_expect_not(sent_records_acknowledge(&sent, &wrapped));
    cr_expect_not(sent_records_has_all(&sent, 0, 10));
}

/* Bounded: what does not fit counts as not having arrived, and what has arrived is kept. */
Test(sent_records, the_oldest_unacknowledged_gives_way)
{
    struct sent_records sent = {.count = 0};
    note(&sent, 0, 0, 0, 10);
    cr_assert(acknowledge(&sent, 0));
    for (uint64_t i = 1; i <= 3 * SENT_RECORDS_MAX; i++)
        note(&sent, i, 1, (uint16_t)(10 * i), (uint16_t)(10 * i + 10));
    cr_expect_eq(sent.count, SENT_RECORDS_MAX);
    cr_expect(sent_records_has_all(&sent, 0, 10));
    cr_expect_not(acknowledge(&sent, 1), "forgotten");
    cr_expect(acknowledge(&sent, 3 * SENT_RECORDS_MAX));
}

/* Where the host repeats the records, those that are forgotten arrive, and what one ACK has room
 * for is all that is waited for. */
Test(sent_records, what_the_host_repeats_arrives_when_it_is_forgotten)
{
    enum { PIECE = 100, PIECES = 50 };
    struct sent_records sent = {.by_host = true};
    note(&sent, 0, 0, 0, PIECE);
    for (uint16_t i = 0; i < PIECES; i++)
        note(&sent, 1 + i, 1, (uint16_t)(i * PIECE), (uint16_t)((i + 1) * PIECE));
    cr_expect_leq(sent.count, SENT_RECORDS_BY_HOST_MAX);
    cr_expect(sent_records_has_all(&sent, 0, PIECE));
    cr_expect_not(sent_records_has_all(&sent, 1, PIECES * PIECE));
    const int joined = 2; /* of each message what was forgotten */
    for (uint16_t i = PIECES; i > PIECES - (SENT_RECORDS_BY_HOST_MAX - joined); i--) {
        cr_expect_not(sent_records_has_all(&sent, 1, PIECES * PIECE), "%d", i);
        (void)acknowledge(&sent, i);
    }
    cr_expect(sent_records_has_all(&sent, 1, PIECES * PIECE));
}

/* A message of 100 records, all of which arrive, and the newest of which are acknowledged: each
 * time that the rest is sent there is less of it, until there is none. */
Test(sent_records, a_flight_of_more_records_than_places_comes_to_an_end)
{
    enum { PIECE = 200, LENGTH = 100 * PIECE };
    struct sent_records sent = {.count = 0};
    uint64_t sequence = 0;
    int rounds = 0;
    for (; rounds < 10 && !sent_records_has_all(&sent, 0, LENGTH); rounds++) {
        uint64_t first = sequence;
        uint16_t end;
        uint16_t at = sent_records_missing(&sent, 0, 0, LENGTH, &end);
        while (at < LENGTH) {
            uint16_t stop = end - at > PIECE ? (uint16_t)(at + PIECE) : end;
            note(&sent, sequence++, 0, at, stop);
            at = sent_records_missing(&sent, 0, stop, LENGTH, &end);
        }
        for (uint64_t i = sequence; i-- > first;)
            (void)acknowledge(&sent, i);
    }
    cr_expect_lt(rounds, 10);
}

/* One record with pieces of two messages. */
Test(sent_records, an_acknowledged_record_is_so_with_all_its_pieces)
{
    struct sent_records sent = {.count = 0};
    struct record_number number = {2, 7};
    uint16_t end;
    sent_records_reset(&sent);
    for (uint8_t message = 0; message < 2; message++) {
        struct sent_record piece = {.start = 0, .end = 10, .message = message};
        sent_records_note(&sent, &number, &piece);
    }
    cr_expect_eq(sent_records_missing(&sent, 1, 0, 10, &end), 0);
    cr_expect(sent_records_acknowledge(&sent, &number));
    cr_expect(sent_records_has_all(&sent, 0, 10));
    cr_expect(sent_records_has_all(&sent, 1, 10));
    cr_expect_not(sent_records_acknowledge(&sent, &number), "that is no news");
}
