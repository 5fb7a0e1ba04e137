/* Hazard 9: messages from fragments in any order, overlapping, contradicting each other; memory
 * grows with bytes received alone, and comes back. At random against a model:
 * tests/fuzz/reassembly.c. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "handshake/reassembly.h"

enum { BLOCKS = 64, FIRST_SEQ = 3 };

struct bench {
    struct reassembly reassembly;
    struct block_pool blocks;
    uint8_t memory[BLOCKS * REASSEMBLY_BLOCK_LEN];
    uint8_t scratch[REASSEMBLY_MESSAGE_MAX];
};

static struct bench *bench_new(void)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    cr_assert_not_null(bench);
    block_pool_init(&bench->blocks, bench->memory, REASSEMBLY_BLOCK_LEN, BLOCKS, 1);
    reassembly_init(&bench->reassembly, FIRST_SEQ);
    return bench;
}

static void bench_free(struct bench *bench)
{
    reassembly_release(&bench->reassembly, &bench->blocks);
    cr_assert_eq(bench->blocks.slots.used, 0, "every block comes back");
    free(bench);
}

static uint8_t message_byte(size_t position)
{
    return (uint8_t)(position * 31 + position / 256);
}

struct piece {
    uint16_t seq;
    uint32_t length;
    uint32_t offset;
    uint32_t len;
    uint8_t type;
    uint8_t epoch;
};

static enum reassembly_verdict keep(struct bench *bench, struct piece piece)
{
    struct handshake_header header = {
        .type = piece.type,
        .message_seq = piece.seq,
        .length = piece.length,
        .fragment_offset = piece.offset,
        .fragment_length = piece.len,
    };
    uint8_t *bytes = malloc(piece.len);
    for (uint32_t i = 0; i < piece.len; i++)
        bytes[i] = message_byte(piece.offset + i);
    enum reassembly_verdict verdict = reassembly_keep(&bench->reassembly, &bench->blocks, &header,
                                                      bytes_of(bytes, piece.len), piece.epoch);
    free(bytes);
    return verdict;
}

static bool next_is_whole(struct bench *bench, uint32_t length)
{
    struct handshake_header header;
    uint8_t epoch;
    if (!reassembly_next(&bench->reassembly, &bench->blocks, &header, &epoch, bench->scratch))
        return false;
    cr_assert_eq(header.length, length);
    cr_assert_eq(header.message_seq, bench->reassembly.next_seq);
    for (uint32_t i = 0; i < length; i++)
        cr_assert_eq(bench->scratch[i], message_byte(i), "byte %u", i);
    return true;
}

Test(hazard_09, an_empty_message_is_whole_at_once)
{
    struct bench *bench = bench_new();
    cr_assert_eq(keep(bench, (struct piece){.seq = FIRST_SEQ}), REASSEMBLY_KEPT);
    cr_assert(next_is_whole(bench, 0));
    reassembly_advance(&bench->reassembly, &bench->blocks);
    cr_assert_eq(bench->reassembly.next_seq, FIRST_SEQ + 1);
    bench_free(bench);
}

/* [rfc9147#5.5] "When a DTLS implementation receives a handshake message fragment corresponding to
 * the next expected handshake message sequence number, it MUST process it". "DTLS implementations
 * MUST be able to handle overlapping fragment ranges." [rfc6347#4.2.3] "DTLS implementations MUST
 * be able to handle overlapping fragment ranges." Any cut, any order, any overlap: the message is
 * whole exactly when its last missing byte has come. [rfc6347#4.2.3 !] "it MUST buffer it until it
 * has the entire handshake message": what there is no room for is refused, and comes again. */
Test(hazard_09, pieces_in_random_order_with_overlap)
{
    srandom(7);
    for (int round = 0; round < 300; round++) {
        struct bench *bench = bench_new();
        uint32_t length = 1 + (uint32_t)random() % 3000;
        bool *present = calloc(length, sizeof(*present));
        uint32_t missing = length;
        for (int i = 0; i < 3000 && missing > 0; i++) {
            uint32_t offset = (uint32_t)random() % length;
            uint32_t most = length - offset < 300 ? length - offset : 300;
            uint32_t len = 1 + (uint32_t)random() % most;
            cr_assert_not(next_is_whole(bench, length));
            enum reassembly_verdict verdict =
                keep(bench, (struct piece){FIRST_SEQ, length, offset, len, 1, 0});
            if (verdict != REASSEMBLY_KEPT)
                continue; /* refused for now: a hole or a block too many; what fell into holes
                             before that is there */
            for (uint32_t k = offset; k < offset + len; k++) {
                missing -= !present[k];
                present[k] = true;
            }
        }
        if (missing == 0)
            cr_assert(next_is_whole(bench, length));
        free(present);
        bench_free(bench);
    }
}

Test(hazard_09, in_order_always_gets_through)
{
    for (uint32_t step = 1; step < 700; step += 97) {
        struct bench *bench = bench_new();
        uint32_t length = 9000;
        for (uint32_t offset = 0; offset < length; offset += step) {
            uint32_t len = length - offset < step ? length - offset : step;
            cr_assert_eq(keep(bench, (struct piece){FIRST_SEQ, length, offset, len, 1, 0}),
                         REASSEMBLY_KEPT);
        }
        cr_assert(next_is_whole(bench, length));
        bench_free(bench);
    }
}

Test(hazard_09, memory_grows_with_bytes_received_and_not_with_lengths_claimed)
{
    struct bench *bench = bench_new();
    uint32_t sent = 0;
    for (uint16_t seq = FIRST_SEQ; seq < FIRST_SEQ + REASSEMBLY_WINDOW; seq++)
        for (uint32_t offset = 0; offset < REASSEMBLY_MESSAGE_MAX;
             offset += REASSEMBLY_BLOCK_DATA) {
            (void)keep(bench, (struct piece){seq, REASSEMBLY_MESSAGE_MAX, offset, 1, 1, 0});
            sent++;
            size_t covered = (size_t)bench->blocks.slots.used * REASSEMBLY_BLOCK_DATA;
            cr_assert_leq(covered, REASSEMBLY_SLACK + sent);
        }
    bench_free(bench);
}

Test(hazard_09, what_contradicts_is_refused_and_changes_nothing)
{
    struct bench *bench = bench_new();
    cr_assert_eq(keep(bench, (struct piece){FIRST_SEQ, 100, 0, 40, 1, 0}), REASSEMBLY_KEPT);
    const struct piece contradictions[] = {
        {FIRST_SEQ, 101, 40, 61, 1, 0},                          /* another length */
        {FIRST_SEQ, 100, 40, 60, 2, 0},                          /* another type */
        {FIRST_SEQ, 100, 40, 0, 1, 0},                           /* an empty piece */
        {FIRST_SEQ + 1, REASSEMBLY_MESSAGE_MAX + 1, 0, 10, 1, 0} /* longer than anything */
    };
    for (size_t i = 0; i < sizeof(contradictions) / sizeof(contradictions[0]); i++)
        cr_assert_eq(keep(bench, contradictions[i]), REASSEMBLY_CONTRADICTS, "%zu", i);
    cr_assert_not(next_is_whole(bench, 100));
    cr_assert_eq(keep(bench, (struct piece){FIRST_SEQ, 100, 40, 60, 1, 0}), REASSEMBLY_KEPT);
    cr_assert(next_is_whole(bench, 100));
    bench_free(bench);
}

Test(hazard_09, what_came_under_keys_replaces_what_came_in_the_clear)
{
    struct bench *bench = bench_new();
    cr_assert_eq(keep(bench, (struct piece){FIRST_SEQ, 50, 0, 50, 20, 0}), REASSEMBLY_KEPT);
    cr_assert_eq(keep(bench, (struct piece){FIRST_SEQ, 12, 0, 12, 20, 1}), REASSEMBLY_KEPT);
    cr_assert(next_is_whole(bench, 12));
    cr_assert_eq(keep(bench, (struct piece){FIRST_SEQ, 12, 0, 12, 20, 0}), REASSEMBLY_CONTRADICTS);
    cr_assert(next_is_whole(bench, 12));
    bench_free(bench);
}

/* [rfc9147#5.2] "If the sequence number is less than next_receive_seq, the message MUST be
 * discarded." [rfc6347#4.2.2] "If the sequence number is less than next_receive_seq, the message
 * MUST be discarded. If the sequence number is greater than next_receive_seq, the implementation
 * SHOULD queue the message but MAY discard it." */
Test(hazard_09, old_and_far_messages_are_told_apart)
{
    struct bench *bench = bench_new();
    cr_assert_eq(keep(bench, (struct piece){FIRST_SEQ - 1, 4, 0, 4, 1, 0}), REASSEMBLY_OLD);
    cr_assert_eq(keep(bench, (struct piece){0, 4, 0, 4, 1, 0}), REASSEMBLY_OLD);
    cr_assert_eq(keep(bench, (struct piece){FIRST_SEQ + REASSEMBLY_WINDOW, 4, 0, 4, 1, 0}),
                 REASSEMBLY_AHEAD);
    cr_assert_eq(keep(bench, (struct piece){FIRST_SEQ + REASSEMBLY_WINDOW - 1, 4, 0, 4, 1, 0}),
                 REASSEMBLY_KEPT);
    bench_free(bench);
}

Test(hazard_09, an_empty_pool_refuses)
{
    struct bench *bench = bench_new();
    while (pool_lend(&bench->blocks.slots) != POOL_NONE) {
    }
    cr_assert_eq(keep(bench, (struct piece){FIRST_SEQ, 4, 0, 4, 1, 0}), REASSEMBLY_AHEAD);
    cr_assert_not(next_is_whole(bench, 4));
    bench->blocks.slots.used = 0;
    bench_free(bench);
}

/* Zero bytes from the middle say nothing, but of an empty message; one byte behind the end is no
 * fragment at all (the header's reader refuses it). */
Test(hazard_09, zero_length_with_an_offset)
{
    struct bench *bench = bench_new();
    cr_assert_eq(keep(bench, (struct piece){FIRST_SEQ, 100, 40, 0, 1, 0}), REASSEMBLY_CONTRADICTS);
    cr_assert_eq(keep(bench, (struct piece){FIRST_SEQ, 100, 100, 0, 1, 0}), REASSEMBLY_CONTRADICTS);
    cr_assert_eq(bench->blocks.slots.used, 0);
    cr_assert_eq(keep(bench, (struct piece){FIRST_SEQ, 100, 0, 100, 1, 0}), REASSEMBLY_KEPT);
    cr_assert(next_is_whole(bench, 100));
    bench_free(bench);
}

/* The last message_seq, and the first one behind it, are two messages. */
Test(hazard_09, the_highest_sequence)
{
    struct bench *bench = bench_new();
    reassembly_init(&bench->reassembly, UINT16_MAX);
    cr_assert_eq(keep(bench, (struct piece){0, 8, 0, 8, 2, 0}), REASSEMBLY_KEPT);
    cr_assert_not(next_is_whole(bench, 8));
    cr_assert_eq(keep(bench, (struct piece){UINT16_MAX, 4, 0, 4, 1, 0}), REASSEMBLY_KEPT);
    cr_assert(next_is_whole(bench, 4));
    reassembly_advance(&bench->reassembly, &bench->blocks);
    cr_assert(next_is_whole(bench, 8));
    cr_assert_eq(keep(bench, (struct piece){UINT16_MAX, 4, 0, 4, 1, 0}), REASSEMBLY_OLD);
    bench_free(bench);
}
