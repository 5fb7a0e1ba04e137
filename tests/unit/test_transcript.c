/* The running hash over the messages of a handshake. */
#include <criterion/criterion.h>

#include "handshake/transcript.h"

static void hash_of_one(const struct handshake_header *header, uint8_t out[DIGEST_LEN_MAX])
{
    static struct transcript transcript;
    transcript_start(&transcript, DIGEST_SHA256, false);
    transcript_add(&transcript, header, bytes_of("body", 4));
    cr_assert_eq(transcript_hash(&transcript, DIGEST_SHA256, out), SHA256_LEN);
}

/* [rfc6347#4.2.6] "in order to remove sensitivity to handshake message fragmentation, the Finished
 * MAC MUST be computed as if each handshake message had been sent as a single fragment." */
Test(transcript, does_not_see_how_a_message_was_cut)
{
    struct handshake_header whole = {.type = 14, .message_seq = 3, .length = 4};
    struct handshake_header last_piece = whole;
    struct handshake_header next = whole;
    uint8_t expected[DIGEST_LEN_MAX];
    uint8_t hash[DIGEST_LEN_MAX];
    static const uint8_t as_sent[] = {14, 0, 0, 4, 0, 3, 0, 0, 0, 0, 0, 4, 'b', 'o', 'd', 'y'};
    whole.fragment_length = 4;
    last_piece.fragment_offset = 3;
    last_piece.fragment_length = 1;
    next.message_seq = 4;
    digest_of(DIGEST_SHA256, bytes_of(as_sent, sizeof(as_sent)), expected);
    hash_of_one(&whole, hash);
    cr_expect_arr_eq(hash, expected, SHA256_LEN);
    hash_of_one(&last_piece, hash);
    cr_expect_arr_eq(hash, expected, SHA256_LEN);
    hash_of_one(&next, hash);
    cr_expect_arr_neq(hash, expected, SHA256_LEN);
}
