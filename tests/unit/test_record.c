#include "record_support.h"

Test(record, what_is_sealed_opens)
{
    static uint8_t record[ROOM];
    static uint8_t plaintext[16384];
    static const size_t lens[] = {0, 1, 15, 16, 17, 1200, 16383, 16384};
    memset(plaintext, 0x5a, sizeof(plaintext));
    for (int kind = 0; kind < AEAD_KIND_COUNT; kind++) {
        struct fixture fixture = fixture_of((enum aead_kind)kind, 1);
        for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
            struct bytes opened;
            size_t len = sealed_len(fixture.aead, lens[i]);
            cr_assert_eq(seal(&fixture, bytes_of(plaintext, lens[i]), record), RDTLS_OK);
            cr_assert_eq(receive(&fixture, record, len, &opened), OPENED);
            cr_expect(bytes_are_equal(opened, bytes_of(plaintext, lens[i])));
        }
        aead_engine_free(fixture.engine);
    }
}

/* The bytes of a record, each by the text that asks for it, and the AEAD called by hand. */
Test(record, lies_on_the_wire_as_the_rfcs_say)
{
    uint8_t record[256];
    struct fixture fixture = fixture_of(AEAD_AES_128_GCM, 0x11);
    fixture.write.epoch = 0x0102;
    fixture.write.next_sequence = 0x030405060708;
    cr_assert_eq(seal(&fixture, message_bytes(), record), RDTLS_OK);
    /* RFC 6347 section 4.1: type, version, epoch, sequence_number, length; then [rfc5288#3] "The
     * nonce_explicit MAY be the 64-bit sequence number." */
    expect_hex(record, 21, "17 fefd 0102 030405060708 003e 0102030405060708", "header and nonce");

    /* [rfc5246#6.2.3.3] "additional_data = seq_num + TLSCompressed.type + TLSCompressed.version +
     * TLSCompressed.length;" with [rfc6347#4.1.2.1] "the 64-bit value formed by concatenating the
     * epoch and the sequence number in the order they appear on the wire." The length is the
     * plaintext's. */
    struct vector additional_data = vector_of("0102030405060708 17 fefd 0026");
    struct vector nonce = vector_of("12121212 0102030405060708");
    uint8_t expected[MESSAGE_LEN + AEAD_TAG_LEN];
    struct aead_operation operation = {
        .kind = AEAD_AES_128_GCM,
        .key = fixture.keys.key,
        .aad = vector_bytes(&additional_data),
        .in = (const uint8_t *)message,
        .in_len = MESSAGE_LEN,
        .out = expected,
    };
    memcpy(operation.nonce, nonce.data, AEAD_NONCE_LEN);
    cr_assert(aead_seal(fixture.engine, &operation));
    cr_expect_arr_eq(record + 21, expected, sizeof(expected));
    aead_engine_free(fixture.engine);
}

Test(record, seals_and_opens_in_place)
{
    uint8_t apart[256];
    uint8_t in_place[256];
    uint8_t *place = in_place + RECORD_HEADER_LEN + GCM_EXPLICIT_NONCE_LEN;
    struct fixture first = fixture_of(AEAD_AES_256_GCM, 9);
    struct fixture second = fixture_of(AEAD_AES_256_GCM, 9);
    size_t len = sealed_len(first.aead, MESSAGE_LEN);
    memcpy(place, message, MESSAGE_LEN);
    cr_assert_eq(seal(&first, message_bytes(), apart), RDTLS_OK);
    cr_assert_eq(seal(&second, bytes_of(place, MESSAGE_LEN), in_place), RDTLS_OK);
    cr_expect_arr_eq(apart, in_place, len);

    struct bytes opened;
    cr_assert_eq(receive(&second, in_place, len, &opened), OPENED);
    cr_expect_eq(opened.data, place);
    cr_expect(bytes_are_equal(opened, message_bytes()));
    aead_engine_free(first.engine);
    aead_engine_free(second.engine);
}

Test(record, epoch_0_is_plaintext)
{
    uint8_t record[256];
    struct write_epoch epoch = {.next_sequence = 5, .epoch = 0};
    struct seal_request request = {
        .aead = AEAD_NONE,
        .epoch = &epoch,
        .type = CONTENT_HANDSHAKE,
        .version = VERSION_DTLS_1_0,
        .plaintext = message_bytes(),
    };
    cr_assert_eq(sealed_len(AEAD_NONE, MESSAGE_LEN), RECORD_HEADER_LEN + MESSAGE_LEN);
    cr_assert_eq(seal_record(&request, record), RDTLS_OK);
    expect_hex(record, RECORD_HEADER_LEN, "16 feff 0000 000000000005 0026", "header");
    cr_expect_arr_eq(record + RECORD_HEADER_LEN, message, MESSAGE_LEN);
    cr_expect_eq(epoch.next_sequence, 6);

    /* In place, and from where a protected record would have it. */
    static const size_t offsets[] = {RECORD_HEADER_LEN, RECORD_HEADER_LEN + GCM_EXPLICIT_NONCE_LEN};
    for (size_t i = 0; i < 2; i++) {
        memcpy(record + offsets[i], message, MESSAGE_LEN);
        request.plaintext = bytes_of(record + offsets[i], MESSAGE_LEN);
        cr_assert_eq(seal_record(&request, record), RDTLS_OK);
        cr_expect_arr_eq(record + RECORD_HEADER_LEN, message, MESSAGE_LEN);
    }
    request.plaintext = bytes_of(NULL, 0);
    cr_assert_eq(seal_record(&request, record), RDTLS_OK);
    expect_hex(record, RECORD_HEADER_LEN, "16 feff 0000 000000000008 0000", "empty");
}

/* Hazard 11; [rfc6347#4.1.2.6] "The receive window is updated only if the MAC verification
 * succeeds." */
Test(record, every_changed_byte_is_unauthentic_and_moves_nothing)
{
    uint8_t record[256];
    uint8_t copy[256];
    struct bytes opened;
    struct fixture fixture = fixture_of(AEAD_AES_128_GCM, 3);
    size_t len = sealed_len(fixture.aead, MESSAGE_LEN);
    cr_assert_eq(seal(&fixture, message_bytes(), record), RDTLS_OK);
    cr_assert_eq(receive(&fixture, record, len, &opened), OPENED);

    cr_assert_eq(seal(&fixture, message_bytes(), record), RDTLS_OK);
    struct replay_window before = fixture.read.window;
    for (size_t at = 0; at < len; at++) {
        if (at == 11 || at == 12)
            continue; /* the length: without the bytes that it claims there is no record to open */
        for (unsigned value = 1; value <= UINT8_MAX; value++) {
            memcpy(copy, record, len);
            copy[at] ^= (uint8_t)value;
            enum open_verdict verdict = receive(&fixture, copy, len, &opened);
            /* In the sequence number the change may name record 0, which was seen. */
            bool is_replay = at == 10 && copy[at] == 0;
            cr_expect_eq(verdict, is_replay ? OPEN_REPLAYED : OPEN_UNAUTHENTIC, "byte %zu", at);
            cr_expect_eq(opened.len, 0);
            cr_expect(memcmp(&fixture.read.window, &before, sizeof(before)) == 0);
        }
    }
    expect_no_libcrypto_error("a forged record");
    cr_expect_eq(receive(&fixture, record, len, &opened), OPENED, "the true one is still welcome");
    aead_engine_free(fixture.engine);
}

/* A header that claims a few bytes fewer, cut to it: also shorter than nonce and tag. */
Test(record, every_shortened_record_is_unauthentic)
{
    uint8_t record[256];
    uint8_t copy[256];
    struct bytes opened;
    struct fixture fixture = fixture_of(AEAD_AES_256_GCM, 4);
    size_t len = sealed_len(fixture.aead, MESSAGE_LEN);
    cr_assert_eq(seal(&fixture, message_bytes(), record), RDTLS_OK);
    for (size_t cut = RECORD_HEADER_LEN; cut < len; cut++) {
        memcpy(copy, record, len);
        store_u16(copy + 11, (uint16_t)(cut - RECORD_HEADER_LEN));
        cr_expect_eq(receive(&fixture, copy, cut, &opened), OPEN_UNAUTHENTIC, "%zu bytes", cut);
        cr_expect_eq(fixture.read.window.seen, 0);
    }
    aead_engine_free(fixture.engine);
}

/* [rfc5246#6.1] "These current states MUST be updated for each record processed." */
Test(record, a_replayed_record_is_refused_unopened)
{
    uint8_t record[256];
    uint8_t copy[256];
    struct bytes opened;
    struct fixture fixture = fixture_of(AEAD_AES_128_GCM, 5);
    size_t len = sealed_len(fixture.aead, MESSAGE_LEN);
    for (size_t i = 0; i < 100; i++) {
        cr_assert_eq(seal(&fixture, message_bytes(), record), RDTLS_OK);
        memcpy(copy, record, len);
        cr_assert_eq(receive(&fixture, copy, len, &opened), OPENED);
        memcpy(copy, record, len);
        cr_expect_eq(receive(&fixture, copy, len, &opened), OPEN_REPLAYED);
        cr_expect_arr_eq(copy, record, len, "it is not touched");
    }
    aead_engine_free(fixture.engine);
}

/* Records that arrive in any order, at both edges of the window. [rfc6347#4.1.2.6] "a window size
 * of 64 is preferred and SHOULD be employed as the default." */
Test(record, the_window_admits_63_below_the_highest)
{
    static uint8_t records[66][256];
    struct bytes opened;
    struct fixture fixture = fixture_of(AEAD_AES_128_GCM, 6);
    size_t len = sealed_len(fixture.aead, MESSAGE_LEN);
    for (size_t i = 0; i < 66; i++)
        cr_assert_eq(seal(&fixture, message_bytes(), records[i]), RDTLS_OK);
    cr_expect_eq(receive(&fixture, records[64], len, &opened), OPENED);
    cr_expect_eq(receive(&fixture, records[0], len, &opened), OPEN_REPLAYED, "64 below");
    cr_expect_eq(receive(&fixture, records[1], len, &opened), OPENED, "63 below");
    cr_expect_eq(receive(&fixture, records[65], len, &opened), OPENED);
    cr_expect_eq(receive(&fixture, records[2], len, &opened), OPENED, "63 below");
    for (size_t i = 3; i < 64; i++)
        cr_expect_eq(receive(&fixture, records[i], len, &opened), OPENED, "record %zu", i);
    aead_engine_free(fixture.engine);
}

/* [rfc6347#4.1] "implementations MUST either abandon an association or rehandshake prior to
 * allowing the sequence number to wrap." [rfc9147#4] "Plaintext records MUST NOT be sent with
 * sequence numbers that would exceed 2^48-1". Sealing ends. */
Test(record, sealing_stops_behind_the_last_sequence_number)
{
    uint8_t record[256];
    struct bytes opened;
    struct fixture fixture = fixture_of(AEAD_AES_128_GCM, 7);
    size_t len = sealed_len(fixture.aead, MESSAGE_LEN);
    fixture.write.next_sequence = SEQUENCE_MAX - 1;
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(seal(&fixture, message_bytes(), record), RDTLS_OK);
        cr_expect_eq(load_u48(record + 5), SEQUENCE_MAX - 1 + i);
        cr_expect_eq(receive(&fixture, record, len, &opened), OPENED);
    }
    memset(record, 0xee, sizeof(record));
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(seal(&fixture, message_bytes(), record), RDTLS_SEQUENCE_EXHAUSTED);
        cr_expect_eq(fixture.write.next_sequence, SEQUENCE_MAX + 1);
        cr_expect_eq(record[0], 0xee);
    }
    aead_engine_free(fixture.engine);
}

/* [rfc5246#6.2.1] "The length MUST NOT exceed 2^14." [rfc6347#4.1.1.1] "the upper layer protocol
 * MUST NOT write any record that exceeds the maximum record size of 2^14 bytes." */
Test(record, too_much_plaintext_is_not_sealed)
{
    static uint8_t record[ROOM];
    static uint8_t plaintext[16385];
    struct fixture fixture = fixture_of(AEAD_AES_128_GCM, 8);
    cr_expect_eq(seal(&fixture, bytes_of(plaintext, 16385), record), RDTLS_TOO_LONG);
    cr_expect_eq(fixture.write.next_sequence, 0, "no number is used up");
    cr_expect_eq(seal(&fixture, bytes_of(plaintext, 16384), record), RDTLS_OK);
    aead_engine_free(fixture.engine);
}

/* A peer that seals more than it may: authentic, and refused for its length. */
Test(record, too_much_plaintext_is_told_from_a_forgery)
{
    static uint8_t record[ROOM];
    struct bytes opened;
    struct fixture fixture = fixture_of(AEAD_AES_128_GCM, 10);
    size_t plaintext_len = 16385;
    struct record_header header = {
        .type = CONTENT_APPLICATION_DATA,
        .version = VERSION_DTLS_1_2,
        .epoch = 1,
        .length = (uint16_t)(plaintext_len + GCM_EXPLICIT_NONCE_LEN + AEAD_TAG_LEN),
    };
    record_header_write(record, &header);
    uint8_t *place = record + RECORD_HEADER_LEN + GCM_EXPLICIT_NONCE_LEN;
    struct vector additional_data = vector_of("0001000000000000 17 fefd 4001");
    struct aead_operation operation = {
        .kind = AEAD_AES_128_GCM,
        .key = fixture.keys.key,
        .aad = vector_bytes(&additional_data),
        .in = place,
        .in_len = plaintext_len,
        .out = place,
    };
    memcpy(operation.nonce, fixture.keys.iv, GCM_SALT_LEN);
    cr_assert(aead_seal(fixture.engine, &operation));
    size_t len = sealed_len(fixture.aead, plaintext_len);
    cr_expect_eq(receive(&fixture, record, len, &opened), OPEN_TOO_LONG);
    cr_expect_eq(opened.len, 0);
    cr_expect_eq(fixture.read.window.seen, 0);
    aead_engine_free(fixture.engine);
}

/* [rfc5288#3] "It is chosen by the sender and is carried in each TLS record": another explicit
 * nonce than the record's number is as good. */
Test(record, the_explicit_nonce_is_the_senders_choice)
{
    uint8_t record[256];
    struct bytes opened;
    struct fixture fixture = fixture_of(AEAD_AES_128_GCM, 12);
    struct record_header header = {
        .type = CONTENT_APPLICATION_DATA,
        .version = VERSION_DTLS_1_2,
        .epoch = 1,
        .sequence = 7,
        .length = GCM_EXPLICIT_NONCE_LEN + MESSAGE_LEN + AEAD_TAG_LEN,
    };
    record_header_write(record, &header);
    struct vector chosen = vector_of("f0e1d2c3b4a59687");
    memcpy(record + RECORD_HEADER_LEN, chosen.data, chosen.len);
    struct vector additional_data = vector_of("0001000000000007 17 fefd 0026");
    struct aead_operation operation = {
        .kind = AEAD_AES_128_GCM,
        .key = fixture.keys.key,
        .aad = vector_bytes(&additional_data),
        .in = (const uint8_t *)message,
        .in_len = MESSAGE_LEN,
        .out = record + RECORD_HEADER_LEN + GCM_EXPLICIT_NONCE_LEN,
    };
    memcpy(operation.nonce, fixture.keys.iv, GCM_SALT_LEN);
    memcpy(operation.nonce + GCM_SALT_LEN, chosen.data, chosen.len);
    cr_assert(aead_seal(fixture.engine, &operation));
    cr_expect_eq(receive(&fixture, record, sealed_len(fixture.aead, MESSAGE_LEN), &opened), OPENED);
    cr_expect(bytes_are_equal(opened, message_bytes()));
    aead_engine_free(fixture.engine);
}

/* Two connections take turns on one engine; neither opens what is the other's. */
Test(record, two_keys_alternate_on_one_engine)
{
    uint8_t record[256];
    uint8_t copy[256];
    struct bytes opened;
    struct fixture a = fixture_of(AEAD_AES_128_GCM, 20);
    struct fixture b = fixture_of(AEAD_AES_128_GCM, 30);
    aead_engine_free(b.engine);
    b.engine = a.engine;
    size_t len = sealed_len(a.aead, MESSAGE_LEN);
    for (size_t i = 0; i < 50; i++) {
        struct fixture *sender = i % 2 == 0 ? &a : &b;
        struct fixture *other = i % 2 == 0 ? &b : &a;
        cr_assert_eq(seal(sender, message_bytes(), record), RDTLS_OK);
        memcpy(copy, record, len);
        cr_expect_neq(receive(other, copy, len, &opened), OPENED);
        cr_expect_eq(receive(sender, record, len, &opened), OPENED);
    }
    aead_engine_free(a.engine);
}
