/* Where nonce, ciphertext and tag lie depends on the cipher. */
#include "record_support.h"

/* [rfc7905#2] "The 64-bit record sequence number is serialized as an 8-byte, big-endian value and
 * padded on the left with four 0x00 bytes." "The padded sequence number is XORed with the
 * client_write_IV (when the client is sending) or server_write_IV (when the server is sending)."
 * Nothing of it stands in the record. */
Test(record_layout, chacha20_poly1305_has_no_explicit_nonce)
{
    uint8_t record[256];
    struct fixture fixture = fixture_of(AEAD_CHACHA20_POLY1305, 0x11);
    fixture.write.epoch = 0x0102;
    fixture.write.next_sequence = 0x030405060708;
    cr_assert_eq(seal(&fixture, message_bytes(), record), RDTLS_OK);
    expect_hex(record, 13, "17 fefd 0102 030405060708 0036", "header");

    struct vector additional_data = vector_of("0102030405060708 17 fefd 0026");
    struct vector nonce = vector_of("12121212 131011161714151a");
    uint8_t expected[MESSAGE_LEN + AEAD_TAG_LEN];
    struct aead_operation operation = {
        .kind = AEAD_CHACHA20_POLY1305,
        .key = fixture.keys.key,
        .aad = vector_bytes(&additional_data),
        .in = (const uint8_t *)message,
        .in_len = MESSAGE_LEN,
        .out = expected,
    };
    memcpy(operation.nonce, nonce.data, AEAD_NONCE_LEN);
    cr_assert(aead_seal(fixture.engine, &operation));
    cr_expect_arr_eq(record + 13, expected, sizeof(expected));
    cr_expect_eq(sealed_len(AEAD_CHACHA20_POLY1305, MESSAGE_LEN), 13 + sizeof(expected));
    aead_engine_free(fixture.engine);
}

/* A payload may lie anywhere in the record's room: 21 bytes from its start is where the public
 * headroom has it, whatever the suite. */
Test(record_layout, a_payload_is_moved_to_where_it_belongs)
{
    static uint8_t apart[2048];
    static uint8_t room[2048];
    static const size_t lens[] = {0, 1, 7, 8, 9, 38, 1200};
    uint8_t payload[1200];
    for (size_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 7);
    for (int kind = 0; kind < AEAD_KIND_COUNT; kind++) {
        struct fixture first = fixture_of((enum aead_kind)kind, 9);
        struct fixture second = fixture_of((enum aead_kind)kind, 9);
        for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
            for (size_t at = 0; at < 60; at++) {
                memcpy(room + at, payload, lens[i]);
                cr_assert_eq(seal(&first, bytes_of(payload, lens[i]), apart), RDTLS_OK);
                cr_assert_eq(seal(&second, bytes_of(room + at, lens[i]), room), RDTLS_OK);
                cr_expect_arr_eq(apart, room, sealed_len(first.aead, lens[i]),
                                 "kind %d, %zu bytes from %zu on", kind, lens[i], at);
            }
        }
        aead_engine_free(first.engine);
        aead_engine_free(second.engine);
    }
}
