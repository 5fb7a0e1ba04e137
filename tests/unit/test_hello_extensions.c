/* server_name, use_srtp, ALPN, record_size_limit: their bytes, and every way in which those can be
 * wrong. */
#include "wire/hello_extensions.h"

#include "wire_support.h"

/* The type that parse_extra takes for the body; Criterion runs each test in a process of its own.
 */
static uint16_t type_under_test;

static enum rdtls_status parse_extra(struct bytes body)
{
    struct extension extension = {type_under_test, body};
    struct hello_extras extras = {.use_srtp_present = false};
    bool well_formed = false;
    cr_assert(hello_extra_read(&extension, &extras, &well_formed));
    if (!well_formed)
        return RDTLS_ALERT_DECODE_ERROR;
    cr_assert(view_is_inside(extras.srtp_profiles, body));
    cr_assert(view_is_inside(extras.srtp_mki, body));
    cr_assert(view_is_inside(extras.alpn, body));
    return RDTLS_OK;
}

static enum rdtls_status parse_server_name(struct bytes body)
{
    struct bytes host_name = {NULL, 0};
    if (!server_name_read(body, &host_name))
        return RDTLS_ALERT_DECODE_ERROR;
    cr_assert(view_is_inside(host_name, body));
    return RDTLS_OK;
}

struct written {
    uint8_t bytes[1024];
    struct bytes body; /* of the one extension */
};

static void expect_one_extension(struct written *written, const struct writer *writer,
                                 uint16_t type)
{
    cr_assert_not(writer->failed);
    struct reader reader = reader_of(bytes_of(writer->start, writer->len));
    cr_expect_eq(reader_u16(&reader), type);
    written->body = reader_vector_u16(&reader);
    cr_expect(reader_is_complete(&reader));
}

static void write_extra(struct written *written, uint16_t type,
                        const struct hello_extras_content *content)
{
    struct writer writer = writer_of(written->bytes, sizeof(written->bytes));
    hello_extras_write(&writer, content);
    expect_one_extension(written, &writer, type);
    type_under_test = type;
}

static void read_extra(const struct written *written, struct hello_extras *extras)
{
    struct extension extension = {type_under_test, written->body};
    bool well_formed = false;
    *extras = (struct hello_extras){.use_srtp_present = false};
    cr_assert(hello_extra_read(&extension, extras, &well_formed));
    cr_assert(well_formed);
}

static void expect_every_damage_survived(struct bytes body)
{
    expect_truncations_refused(parse_extra, body, NO_LENGTH);
    expect_trailing_byte_refused(parse_extra, body);
    expect_mutations_survived(parse_extra, body);
}

/* [rfc5764#4.1.1] "The client MUST fill the extension_data field of the "use_srtp" extension with
 * an UseSRTPData value" */
Test(hello_extensions, use_srtp_reads_back)
{
    static const uint16_t profiles[] = {7, 8, 1, 2};
    struct written written;
    struct hello_extras extras;
    for (size_t count = 1; count <= 4; count++) {
        write_extra(
            &written, EXTENSION_USE_SRTP,
            &(struct hello_extras_content){.srtp_profiles = profiles, .srtp_profile_count = count});
        read_extra(&written, &extras);
        cr_expect(extras.use_srtp_present);
        EXPECT_BYTES(extras.srtp_profiles, bytes_of("\0\7\0\10\0\1\0\2", 2 * count));
        cr_expect_eq(extras.srtp_mki.len, 0);
        expect_every_damage_survived(written.body);
    }
}

Test(hello_extensions, use_srtp_may_bring_an_mki)
{
    type_under_test = EXTENSION_USE_SRTP;
    struct bytes body = exact_from_hex("0002 0001 03 aabbcc");
    struct written written = {.body = body};
    struct hello_extras extras;
    read_extra(&written, &extras);
    EXPECT_BYTES(extras.srtp_mki, bytes_of("\xaa\xbb\xcc", 3));
    expect_every_damage_survived(body);
    exact_free(body);
}

Test(hello_extensions, use_srtp_out_of_form)
{
    static const char *const bodies[] = {
        "",
        "00",
        "0000",
        "0000 00",
        "0001 00 00",
        "0003 000100 00",
        "0002 0001",
        "0002 0001 01",
        "0004 0001 00",
        "0002 0001 00 00",
    };
    type_under_test = EXTENSION_USE_SRTP;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        cr_expect_eq(parse_hex(parse_extra, bodies[i]), RDTLS_ALERT_DECODE_ERROR, "%s", bodies[i]);
}

/* [rfc7301#3.1] "extension SHALL contain a "ProtocolNameList" value." */
Test(hello_extensions, alpn_reads_back)
{
    struct bytes longest = exact_pattern(UINT8_MAX, 1);
    const struct bytes names[] = {bytes_of("coap", 4), bytes_of("x", 1), longest};
    struct written written;
    struct hello_extras extras;
    for (size_t count = 1; count <= 3; count++) {
        write_extra(&written, EXTENSION_ALPN,
                    &(struct hello_extras_content){.alpn = names, .alpn_count = count});
        read_extra(&written, &extras);
        cr_expect(extras.alpn_present);
        struct reader reader = reader_of(extras.alpn);
        for (size_t i = 0; i < count; i++)
            EXPECT_BYTES(alpn_next(&reader), names[i]);
        cr_expect_eq(alpn_next(&reader).len, 0);
        expect_truncations_refused(parse_extra, written.body, NO_LENGTH);
        expect_trailing_byte_refused(parse_extra, written.body);
    }
    write_extra(&written, EXTENSION_ALPN,
                &(struct hello_extras_content){.alpn = names, .alpn_count = 2});
    expect_mutations_survived(parse_extra, written.body);
    exact_free(longest);
}

/* [rfc7301#3.1] "Empty strings MUST NOT be included and byte strings MUST NOT be truncated." */
Test(hello_extensions, alpn_out_of_form)
{
    static const char *const bodies[] = {
        "",
        "00",
        "0000",
        "0001 00",
        "0002 02 61",
        "0001 01",
        "0002 01 61 62",
        "0003 01 61 00",
        "0003 00 01 61",
        "0004 01 61 02 62",
        "0002 0161 0002 0161",
    };
    type_under_test = EXTENSION_ALPN;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        cr_expect_eq(parse_hex(parse_extra, bodies[i]), RDTLS_ALERT_DECODE_ERROR, "%s", bodies[i]);
}

/* [rfc8449#4] "uint16 RecordSizeLimit;" */
Test(hello_extensions, record_size_limit_reads_back)
{
    static const uint16_t limits[] = {1, 64, 1200, 0x4001, UINT16_MAX};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct written written;
        struct hello_extras extras;
        write_extra(&written, EXTENSION_RECORD_SIZE_LIMIT,
                    &(struct hello_extras_content){.record_size_limit = limits[i]});
        read_extra(&written, &extras);
        cr_expect(extras.record_size_limit_present);
        cr_expect_eq(extras.record_size_limit, limits[i]);
        expect_every_damage_survived(written.body);
    }
}

Test(hello_extensions, what_there_is_none_of_is_not_written)
{
    uint8_t out[16];
    struct writer writer = writer_of(out, sizeof(out));
    hello_extras_write(&writer, &(struct hello_extras_content){.alpn_count = 0});
    cr_expect_eq(writer.len, 0);
    cr_expect_not(writer.failed);
}

Test(hello_extensions, another_type_is_not_theirs)
{
    struct hello_extras extras = {.use_srtp_present = false};
    bool well_formed = true;
    for (unsigned type = 0; type <= UINT16_MAX; type++) {
        struct extension extension = {(uint16_t)type, bytes_of(NULL, 0)};
        bool is_theirs = type == 14 || type == 16 || type == 28 || type == 35;
        cr_assert_eq(hello_extra_read(&extension, &extras, &well_formed), is_theirs, "%u", type);
    }
}

/* [rfc6066#3] "The "extension_data" field of this extension SHALL contain "ServerNameList"" */
Test(hello_extensions, server_name_reads_back)
{
    struct written written;
    struct bytes host_name = {NULL, 0};
    struct writer writer = writer_of(written.bytes, sizeof(written.bytes));
    server_name_write(&writer, bytes_of("a.example", 9));
    expect_one_extension(&written, &writer, EXTENSION_SERVER_NAME);
    cr_assert(server_name_read(written.body, &host_name));
    EXPECT_BYTES(host_name, bytes_of("a.example", 9));
    expect_truncations_refused(parse_server_name, written.body, NO_LENGTH);
    expect_trailing_byte_refused(parse_server_name, written.body);
    expect_mutations_survived(parse_server_name, written.body);
}

/* [rfc6066#3] "all future data structures associated with new NameTypes MUST begin with a 16-bit
 * length field." */
Test(hello_extensions, names_of_other_types_are_stepped_over)
{
    struct bytes body = exact_from_hex("000f 07 0001 ff 00 0002 6162 08 0003 636465");
    struct bytes host_name = {NULL, 0};
    cr_assert(server_name_read(body, &host_name));
    EXPECT_BYTES(host_name, bytes_of("ab", 2));
    exact_free(body);
    cr_expect_eq(parse_hex(parse_server_name, "0004 07 0001 ff"), RDTLS_OK);
}

/* [rfc6066#3] "The ServerNameList MUST NOT contain more than one name of the same name_type." */
Test(hello_extensions, server_name_out_of_form)
{
    static const char *const bodies[] = {
        "",
        "0000",
        "0001 00",
        "0003 00 0000",
        "0003 00 0001",
        "0005 00 0001 61",
        "0004 00 0001 61 00",
        "0008 00 0001 61 00 0001 62",
        "0008 00 0001 61 00 0001 61",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        cr_expect_eq(parse_hex(parse_server_name, bodies[i]), RDTLS_ALERT_DECODE_ERROR, "%s",
                     bodies[i]);
}

/* [rfc6066#3] "In this event, the server SHALL include an extension of type "server_name" in the
 * (extended) server hello." "The "extension_data" field of this extension SHALL be empty." */
Test(hello_extensions, the_servers_acknowledgement_is_empty)
{
    uint8_t out[4];
    struct writer writer = writer_of(out, sizeof(out));
    server_name_acknowledge(&writer);
    EXPECT_BYTES(bytes_of(out, writer.len), bytes_of("\0\0\0\0", 4));
}
