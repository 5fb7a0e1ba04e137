#include "record/protection_13.h"

#include "record/protection.h"

#include "crypto_support.h"

enum { RECORD_MAX = 256, PAYLOAD_LEN = 40 };

struct fixture {
    struct protection_engines engines;
    struct traffic_keys_13 keys;
    struct write_epoch write;
    struct replay_window window;
};

static void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){.write = {.epoch = 3}};
    cr_assert(protection_engines_open(&fixture->engines));
    for (size_t i = 0; i < AEAD_KEY_MAX; i++) {
        fixture->keys.key[i] = (uint8_t)(i + 1);
        fixture->keys.mask_key[i] = (uint8_t)(2 * i + 5);
    }
    memset(fixture->keys.iv, 0x5a, sizeof(fixture->keys.iv));
}

static size_t seal(struct fixture *fixture, enum aead_kind aead, struct bytes plaintext,
                   uint8_t record[RECORD_MAX])
{
    struct seal_request_13 request = {
        .engines = &fixture->engines,
        .aead = aead,
        .keys = &fixture->keys,
        .epoch = &fixture->write,
        .type = CONTENT_HANDSHAKE,
        .plaintext = plaintext,
    };
    cr_assert_eq(seal_record_13(&request, record), RDTLS_OK);
    return plaintext.len + SEALED_13_OVERHEAD;
}

static enum open_verdict open_copy(struct fixture *fixture, enum aead_kind aead,
                                   const uint8_t *record, size_t len, struct opened_record *opened)
{
    static uint8_t copy[RECORD_MAX];
    struct unified_header header;
    memcpy(copy, record, len);
    struct reader reader = reader_of(bytes_of(copy, len));
    cr_assert(unified_header_read(&reader, &header));
    struct open_request_13 request = {
        .engines = &fixture->engines,
        .aead = aead,
        .keys = &fixture->keys,
        .window = &fixture->window,
        .header = &header,
        .record = copy,
    };
    enum open_verdict verdict = open_record_13(&request, opened);
    if (verdict == OPENED)
        replay_window_mark(&fixture->window, opened->sequence);
    return verdict;
}

/* [rfc9147#4.2.3] "Senders MUST pad short plaintexts out (using the conventional record padding
 * mechanism) in order to make a suitable-length ciphertext.": the empty one is long enough.
 * [rfc9147#4.5.1] "the receiver MUST verify that the record contains a sequence number that does
 * not duplicate the sequence number of any other record received in that epoch during the lifetime
 * of the association." */
Test(record_13, what_was_sealed_opens_once)
{
    static const uint8_t payload[PAYLOAD_LEN] = {'a', 'b', 'c'};
    for (int aead = 0; aead < AEAD_KIND_COUNT; aead++) {
        struct fixture fixture;
        struct opened_record opened;
        uint8_t record[RECORD_MAX];
        fixture_init(&fixture);
        for (uint64_t i = 0; i < 300; i++) {
            struct bytes plaintext = {payload, i % (PAYLOAD_LEN + 1)};
            size_t len = seal(&fixture, (enum aead_kind)aead, plaintext, record);
            cr_assert_eq(open_copy(&fixture, (enum aead_kind)aead, record, len, &opened), OPENED);
            cr_assert_eq(opened.sequence, i);
            cr_assert_eq(opened.type, CONTENT_HANDSHAKE);
            cr_assert(bytes_are_equal(opened.plaintext, plaintext));
            cr_assert_eq(open_copy(&fixture, (enum aead_kind)aead, record, len, &opened),
                         OPEN_REPLAYED);
        }
        protection_engines_close(&fixture.engines);
    }
}

/* [rfc9147#4.2.3] "the encrypted sequence number": what is on the wire tells an onlooker nothing.
 */
Test(record_13, the_number_is_masked)
{
    struct fixture fixture;
    uint8_t record[RECORD_MAX];
    size_t bare = 0;
    fixture_init(&fixture);
    for (uint16_t i = 0; i < 1000; i++) {
        (void)seal(&fixture, AEAD_AES_128_GCM, bytes_of("x", 1), record);
        bare += load_u16(record + 1) == i;
    }
    cr_expect_lt(bare, 10);
    protection_engines_close(&fixture.engines);
}

/* Hazard 11: a record that fails authentication changes nothing. [rfc9147#4.5.1] "The window MUST
 * NOT be updated due to a received record until that record has been deprotected successfully." */
Test(record_13, any_changed_byte_is_noticed)
{
    struct fixture fixture;
    uint8_t record[RECORD_MAX];
    struct opened_record opened;
    fixture_init(&fixture);
    size_t len = seal(&fixture, AEAD_AES_128_GCM, bytes_of("hello", 5), record);
    struct replay_window before = fixture.window;
    for (size_t at = 1; at < len; at++) {
        if (at == 3 || at == 4)
            continue; /* the length is the reader's: the record would be another */
        record[at] ^= 0x40;
        cr_expect_eq(open_copy(&fixture, AEAD_AES_128_GCM, record, len, &opened), OPEN_UNAUTHENTIC,
                     "byte %zu", at);
        record[at] ^= 0x40;
    }
    cr_expect_eq(memcmp(&before, &fixture.window, sizeof(before)), 0);
    protection_engines_close(&fixture.engines);
}

/* [rfc9147#4.2.3] "Receivers MUST reject shorter records as if they had failed deprotection" */
Test(record_13, a_ciphertext_too_short_to_sample_is_refused)
{
    struct fixture fixture;
    struct opened_record opened;
    uint8_t record[RECORD_MAX] = {0x2f};
    fixture_init(&fixture);
    for (uint16_t len = 0; len <= AEAD_TAG_LEN; len++) {
        store_u16(record + 3, len);
        cr_expect_eq(
            open_copy(&fixture, AEAD_AES_128_GCM, record, UNIFIED_HEADER_WRITTEN + len, &opened),
            OPEN_UNAUTHENTIC);
    }
    protection_engines_close(&fixture.engines);
}

/* [rfc9147#4.2.1] "Implementations MUST either abandon an association or rekey prior to allowing
 * the sequence number to wrap." */
Test(record_13, nothing_is_sealed_behind_the_last_number)
{
    struct fixture fixture;
    uint8_t record[RECORD_MAX];
    fixture_init(&fixture);
    fixture.write.next_sequence = SEQUENCE_MAX;
    (void)seal(&fixture, AEAD_AES_128_GCM, bytes_of("x", 1), record);
    struct seal_request_13 request = {
        .engines = &fixture.engines,
        .aead = AEAD_AES_128_GCM,
        .keys = &fixture.keys,
        .epoch = &fixture.write,
        .type = CONTENT_APPLICATION_DATA,
        .plaintext = bytes_of("x", 1),
    };
    cr_expect_eq(seal_record_13(&request, record), RDTLS_SEQUENCE_EXHAUSTED);
    protection_engines_close(&fixture.engines);
}

/* [rfc9147#4.4] "the upper layer protocol MUST NOT write any record that exceeds the maximum record
 * size of 2^14 bytes." [rfc8446#5.2] "The length MUST NOT exceed 2^14 + 256 bytes." [rfc8446#5.4]
 * "The presence of padding does not change the overall record size limitations: the full encoded
 * TLSInnerPlaintext MUST NOT exceed 2^14 + 1 octets." */
Test(record_13, too_much_plaintext_is_not_sealed)
{
    static const uint8_t payload[PLAINTEXT_MAX + 1];
    static uint8_t record[PLAINTEXT_MAX + 1 + SEALED_13_OVERHEAD];
    struct fixture fixture;
    fixture_init(&fixture);
    struct seal_request_13 request = {
        .engines = &fixture.engines,
        .aead = AEAD_AES_128_GCM,
        .keys = &fixture.keys,
        .epoch = &fixture.write,
        .type = CONTENT_APPLICATION_DATA,
        .plaintext = bytes_of(payload, sizeof(payload)),
    };
    cr_expect_eq(seal_record_13(&request, record), RDTLS_TOO_LONG);
    request.plaintext.len--;
    cr_expect_eq(seal_record_13(&request, record), RDTLS_OK);
    protection_engines_close(&fixture.engines);
}

/* Padding by hand: what is sealed as of type 0 ends in zeros. [rfc8446#5.4] "Implementations MUST
 * limit their scanning to the cleartext returned from the AEAD decryption." "If a receiving
 * implementation does not find a non-zero octet in the cleartext, it MUST terminate the connection
 * with an "unexpected_message" alert." */
Test(record_13, padding_is_taken_off_and_is_not_all)
{
    static const uint8_t padded[] = {'h', 'i', CONTENT_HANDSHAKE, 0, 0};
    static const uint8_t nothing[5] = {0};
    const struct bytes plaintexts[] = {bytes_of(padded, 5), bytes_of(nothing, 5)};
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture;
        uint8_t record[RECORD_MAX];
        struct opened_record opened;
        fixture_init(&fixture);
        struct seal_request_13 request = {
            .engines = &fixture.engines,
            .aead = AEAD_AES_128_GCM,
            .keys = &fixture.keys,
            .epoch = &fixture.write,
            .plaintext = plaintexts[i],
        };
        cr_assert_eq(seal_record_13(&request, record), RDTLS_OK);
        cr_expect_eq(open_copy(&fixture, AEAD_AES_128_GCM, record, 5 + SEALED_13_OVERHEAD, &opened),
                     i == 0 ? OPENED : OPEN_EMPTY);
        cr_expect(i == 1 || bytes_are_equal(opened.plaintext, bytes_of("hi", 2)));
        cr_expect(i == 1 || opened.type == CONTENT_HANDSHAKE);
        protection_engines_close(&fixture.engines);
    }
}

/* [rfc9147#4] the forms that a sender may choose: 8 or 16 bits of number, a length or none. */
Test(record_13, every_form_of_header_is_read)
{
    static const uint8_t long_with_length[] = {0x2e, 1, 2, 0, 3, 'a', 'b', 'c', 'd'};
    static const uint8_t short_without[] = {0x21, 7, 'a', 'b', 'c'};
    static const uint8_t long_without[] = {0x2b, 1, 2, 'a'};
    static const uint8_t with_connection_id[] = {0x3c, 9, 9, 0, 0, 1, 'a'};
    struct unified_header header;
    struct reader reader = reader_of(bytes_of(long_with_length, sizeof(long_with_length)));
    cr_assert(unified_header_read(&reader, &header));
    cr_expect(header.epoch_bits == 2 && header.sequence_len == 2 && header.len == 5 &&
              header.length == 3 && reader.left == 1);
    reader = reader_of(bytes_of(short_without, sizeof(short_without)));
    cr_assert(unified_header_read(&reader, &header));
    cr_expect(header.epoch_bits == 1 && header.sequence_len == 1 && header.len == 2 &&
              header.length == 3 && reader.left == 0);
    reader = reader_of(bytes_of(long_without, sizeof(long_without)));
    cr_assert(unified_header_read(&reader, &header));
    cr_expect(header.epoch_bits == 3 && header.len == 3 && header.length == 1);
    reader = reader_of(bytes_of(with_connection_id, sizeof(with_connection_id)));
    cr_expect_not(unified_header_read(&reader, &header), "no connection id was negotiated");
    reader = reader_of(bytes_of(long_with_length, 7));
    cr_expect_not(unified_header_read(&reader, &header), "cut short");
}
