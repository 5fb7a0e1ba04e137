/* What a client makes of what a server chose: it goes on, or says why not and ends. */
#include "crafted_support.h"
#include "wire_support.h"

#include "wire/alert.h"

enum { GOES_ON = 0 };

/* Behind version, random and the empty session id. */
#define RANDOM_HEX             "5050505050505050 5050505050505050 5050505050505050 5050505050505050 "
#define BEGIN_HEX              "fefd " RANDOM_HEX "00 "
#define EXTENDED_MASTER_SECRET "0017 0000"
#define GOOD_HEX               BEGIN_HEX "c02b 00 "

/* The alert that a ServerHello ends the handshake with; GOES_ON: none. */
static unsigned verdict_on(const char *hex)
{
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    uint8_t datagram[DATAGRAM_MAX];
    struct bytes body = exact_from_hex(hex);
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    cr_assert_gt(host_take(&client, datagram), 0);
    size_t len = plain_message(MESSAGE_SERVER_HELLO, 0, body, datagram);
    host_receive(&client, &path, datagram, len, 0);
    exact_free(body);
    unsigned alert = GOES_ON;
    struct part parts[PARTS_MAX];
    if (parts_of(datagram, host_take(&client, datagram), parts) > 0) {
        cr_assert_eq(parts[0].header.type, CONTENT_ALERT);
        cr_assert_eq(parts[0].at[RECORD_HEADER_LEN], ALERT_FATAL);
        alert = parts[0].at[RECORD_HEADER_LEN + 1];
        cr_assert_eq(client.closed, 1);
        cr_assert_eq((unsigned)client.last_status, alert);
    } else {
        cr_assert_eq(client.closed, 0);
    }
    host_free(&client);
    return alert;
}

Test(server_hello_judged, what_was_offered_is_taken)
{
    cr_expect_eq(verdict_on(GOOD_HEX "0004 " EXTENDED_MASTER_SECRET), GOES_ON);
    cr_expect_eq(verdict_on(BEGIN_HEX "c02c 00 0004 " EXTENDED_MASTER_SECRET), GOES_ON);
}

/* [rfc5746#3.4] "When a ServerHello is received, the client MUST check if it includes the
 * "renegotiation_info" extension" and "The client MUST then verify that the length of the
 * "renegotiated_connection" field is zero, and if it is not, MUST abort the handshake (by sending a
 * fatal handshake_failure alert)." */
Test(server_hello_judged, renegotiation_info_is_there_and_empty_or_not_there)
{
    cr_expect_eq(verdict_on(GOOD_HEX "0009 ff01 0001 00 " EXTENDED_MASTER_SECRET), GOES_ON);
    cr_expect_eq(verdict_on(GOOD_HEX "000a ff01 0002 01 aa " EXTENDED_MASTER_SECRET),
                 RDTLS_ALERT_HANDSHAKE_FAILURE);
}

/* [rfc7627#5.2] "If a client receives a ServerHello without the extension, it SHOULD abort the
 * handshake if it does not wish to interoperate with legacy servers." */
Test(server_hello_judged, without_the_extended_master_secret_it_is_refused)
{
    cr_expect_eq(verdict_on(GOOD_HEX "0005 ff01 0001 00"), RDTLS_ALERT_HANDSHAKE_FAILURE);
    cr_expect_eq(verdict_on(GOOD_HEX), RDTLS_ALERT_HANDSHAKE_FAILURE);
}

/* [rfc5246#7.4.1.4] "If a client receives an extension type in ServerHello that it did not request
 * in the associated ClientHello, it MUST abort the handshake with an unsupported_extension fatal
 * alert." [rfc5246#7.2.2] "Whenever an implementation encounters a condition which is defined as a
 * fatal alert, it MUST send the appropriate alert prior to closing the connection." "If the
 * implementation chooses to send an alert but intends to close the connection immediately
 * afterwards, it MUST send that alert at the fatal alert level." */
Test(server_hello_judged, what_was_not_offered_is_refused_with_the_alert_for_it)
{
    static const struct {
        const char *hex;
        unsigned alert;
    } rows[] = {
        {"feff " RANDOM_HEX "00 c02b 00 0004 0017 0000", RDTLS_ALERT_PROTOCOL_VERSION},
        {"fefc " RANDOM_HEX "00 c02b 00 0004 0017 0000", RDTLS_ALERT_PROTOCOL_VERSION},
        {BEGIN_HEX "c009 00 0004 0017 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {BEGIN_HEX "0000 00 0004 0017 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {BEGIN_HEX "c02b 01 0004 0017 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {GOOD_HEX "0008 0017 0000 0023 0000", RDTLS_ALERT_UNSUPPORTED_EXTENSION},
        {GOOD_HEX "000d 0017 0000 000e 0005 0002 0001 00", RDTLS_ALERT_UNSUPPORTED_EXTENSION},
        {GOOD_HEX "0008 0017 0000 0017 0000", RDTLS_ALERT_ILLEGAL_PARAMETER},
        {GOOD_HEX "0005 0017 0000", RDTLS_ALERT_DECODE_ERROR},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect_eq(verdict_on(rows[i].hex), rows[i].alert, "%s", rows[i].hex);
}
