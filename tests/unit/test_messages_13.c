/* What only DTLS 1.3 says: EncryptedExtensions, Certificate and CertificateRequest of RFC 8446,
 * each with what is wrong with it in one place. */
#include "wire_support.h"

#include "wire/certificate_messages_13.h"
#include "wire/encrypted_extensions.h"

struct body_case {
    const char *what;
    const char *hex;
    enum rdtls_status status;
};

static void expect_verdicts(parse_function *parse, const struct body_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(parse_hex(parse, cases[i].hex), cases[i].status, "%s: %s", cases[i].what,
                     rdtls_status_name(parse_hex(parse, cases[i].hex)));
}

static enum rdtls_status parse_encrypted_extensions(struct bytes body)
{
    struct encrypted_extensions message;
    return encrypted_extensions_read(body, &message);
}

/* [rfc8446#4.2.7] "Clients MUST NOT act upon any information found in "supported_groups" prior to
 * successful completion of the handshake but MAY use the information learned from a successfully
 * completed handshake to change what groups they use in their "key_share" extension in subsequent
 * connections." [rfc8446#4.3.1] "The client MUST check EncryptedExtensions for the presence of any
 * forbidden extensions and if any are found MUST abort the handshake with an "illegal_parameter"
 * alert." [rfc8446#4.2] "If an implementation receives an extension which it recognizes and which
 * is not specified for the message in which it appears, it MUST abort the handshake with an
 * "illegal_parameter" alert." [rfc8446#6] "Peers which receive a message which cannot be parsed
 * according to the syntax" "MUST terminate the connection with a "decode_error" alert." */
Test(messages_13, encrypted_extensions)
{
    static const struct body_case cases[] = {
        {"none", "0000", RDTLS_OK},
        {"server_name", "0004 0000 0000", RDTLS_OK},
        {"supported_groups, which a client may hear of", "0008 000a 0004 0002 001d", RDTLS_OK},
        {"no length", "", RDTLS_ALERT_DECODE_ERROR},
        {"half a length", "00", RDTLS_ALERT_DECODE_ERROR},
        {"more than there is", "0005 0000 0000", RDTLS_ALERT_DECODE_ERROR},
        {"less than there is", "0000 00", RDTLS_ALERT_DECODE_ERROR},
        {"server_name with a name", "0005 0000 0001 61", RDTLS_ALERT_DECODE_ERROR},
        {"server_name twice", "0008 0000 0000 0000 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"supported_versions", "0006 002b 0002 fefc", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"key_share", "0004 0033 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"cookie", "0004 002c 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"pre_shared_key", "0004 0029 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"psk_key_exchange_modes", "0004 002d 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"signature_algorithms", "0004 000d 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"one that was not offered", "0004 1234 0000", RDTLS_ALERT_UNSUPPORTED_EXTENSION},
    };
    expect_verdicts(parse_encrypted_extensions, cases, sizeof(cases) / sizeof(cases[0]));
}

Test(messages_13, a_name_that_was_used_is_acknowledged)
{
    static const struct encrypted_extensions_content content = {.server_name = true};
    uint8_t bytes[16];
    struct writer writer = writer_of(bytes, sizeof(bytes));
    struct encrypted_extensions message;
    encrypted_extensions_write(&writer, &content);
    cr_assert_not(writer.failed);
    cr_assert_eq(encrypted_extensions_read(bytes_of(bytes, writer.len), &message), RDTLS_OK);
    cr_expect(message.server_name);
}

static enum rdtls_status parse_certificate(struct bytes body)
{
    struct certificate_message message;
    enum rdtls_status status = certificate_13_read(body, &message);
    if (status == RDTLS_OK)
        cr_expect(view_is_inside(message.leaf, body) && view_is_inside(message.chain, body));
    return status;
}

/* [rfc8446#4.4.2] "Otherwise (in the case of server authentication), this field SHALL be zero
 * length." "Extensions in the Certificate message from the server MUST correspond to ones from the
 * ClientHello message." "Extensions in the Certificate message from the client MUST correspond to
 * extensions in the CertificateRequest message from the server." */
Test(messages_13, certificate)
{
    static const struct body_case cases[] = {
        {"no certificate", "00 000000", RDTLS_OK},
        {"one", "00 000006 000001 aa 0000", RDTLS_OK},
        {"two", "00 00000c 000001 aa 0000 000001 bb 0000", RDTLS_OK},
        {"nothing", "", RDTLS_ALERT_DECODE_ERROR},
        {"a context that is cut off", "02 01", RDTLS_ALERT_DECODE_ERROR},
        {"a context", "01 61 000000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"no list", "00", RDTLS_ALERT_DECODE_ERROR},
        {"something behind the list", "00 000000 00", RDTLS_ALERT_DECODE_ERROR},
        {"an empty certificate", "00 000005 000000 0000", RDTLS_ALERT_DECODE_ERROR},
        {"no extensions", "00 000004 000001 aa", RDTLS_ALERT_DECODE_ERROR},
        {"a certificate that is cut off", "00 000006 000004 aa 0000", RDTLS_ALERT_DECODE_ERROR},
        {"an extension", "00 00000a 000001 aa 0004 0005 0000", RDTLS_ALERT_UNSUPPORTED_EXTENSION},
        {"a second one that is empty", "00 00000b 000001 aa 0000 000000 0000",
         RDTLS_ALERT_DECODE_ERROR},
    };
    expect_verdicts(parse_certificate, cases, sizeof(cases) / sizeof(cases[0]));
}

static enum rdtls_status parse_request(struct bytes body)
{
    struct certificate_request request;
    enum rdtls_status status = certificate_request_13_read(body, &request);
    if (status == RDTLS_OK)
        cr_expect(view_is_inside(request.signature_algorithms, body) &&
                  view_is_inside(request.authorities, body));
    return status;
}

/* [rfc8446#4.3.2] "This field SHALL be zero length unless used for the post-handshake
 * authentication exchanges described in Section 4.6.2." "The "signature_algorithms" extension MUST
 * be specified, and other extensions may optionally be included if defined for this message."
 * "Clients MUST ignore unrecognized extensions." [rfc8446#4.2] "If an implementation receives an
 * extension which it recognizes and which is not specified for the message in which it appears, it
 * MUST abort the handshake with an "illegal_parameter" alert." */
Test(messages_13, certificate_request)
{
    static const struct body_case cases[] = {
        {"algorithms", "00 0008 000d 0004 0002 0403", RDTLS_OK},
        {"and what nobody knows", "00 000c 000d 0004 0002 0403 1234 0000", RDTLS_OK},
        {"and a key share", "00 0010 000d 0004 0002 0403 0033 0004 001d 0000",
         RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"and a name", "00 000c 000d 0004 0002 0403 0000 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"nothing", "", RDTLS_ALERT_DECODE_ERROR},
        {"a context", "01 61 0008 000d 0004 0002 0403", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {"no extensions", "00", RDTLS_ALERT_DECODE_ERROR},
        {"half a length", "00 00", RDTLS_ALERT_DECODE_ERROR},
        {"no algorithms", "00 0000", RDTLS_ALERT_MISSING_EXTENSION},
        {"an empty list", "00 0006 000d 0002 0000", RDTLS_ALERT_DECODE_ERROR},
        {"half an algorithm", "00 0007 000d 0003 0001 04", RDTLS_ALERT_DECODE_ERROR},
        {"something behind the list", "00 0009 000d 0005 0002 0403 00", RDTLS_ALERT_DECODE_ERROR},
        {"algorithms twice", "00 0010 000d 0004 0002 0403 000d 0004 0002 0403",
         RDTLS_ALERT_ILLEGAL_PARAMETER},
    };
    expect_verdicts(parse_request, cases, sizeof(cases) / sizeof(cases[0]));
}
