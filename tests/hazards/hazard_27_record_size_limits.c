/* RFC 8449: a peer that breaks its word about the size of its records. */
#include "live_support.h"

enum { LIMIT = 64 };

/* The server takes LIMIT bytes, and the client has forgotten that. */
static struct live live_with_a_forgetful_client(void)
{
    struct rdtls_config_options ours;
    struct rdtls_config_options theirs;
    struct live live;
    rdtls_config_options_defaults(&theirs);
    ours = theirs;
    ours.record_size_limit = LIMIT;
    live_begin_with(&live, &theirs, &ours);
    live_connect(&live);
    struct connection *client = endpoint_connection(live.client.endpoint, live.id.slot);
    cr_assert_eq(client->association.record_size_limit, LIMIT);
    client->association.record_size_limit = 0;
    return live;
}

static void send_bytes(struct live *live, size_t len)
{
    static const uint8_t data[LIMIT + 1] = {0};
    cr_assert_eq(rdtls_endpoint_send(live->client.endpoint, live->id, data, len), RDTLS_OK);
    hosts_exchange(&live->client, &live->server, &live->path, 0);
}

/* [rfc8449#4] "a DTLS endpoint that receives a record larger than its advertised limit MAY either
 * generate a fatal "record_overflow" alert or discard the record." [rfc8446#5.2] "An endpoint that
 * receives a record that exceeds this length MUST terminate the connection with a "record_overflow"
 * alert." "An endpoint that receives a record from its peer with TLSCiphertext.length larger than
 * 2^14 + 256 octets MUST terminate the connection with a "record_overflow" alert." */
Test(record_size_limit, a_longer_record_ends_the_association)
{
    struct live live = live_with_a_forgetful_client();
    send_bytes(&live, LIMIT);
    cr_expect_eq(live.server.records, 1);
    send_bytes(&live, LIMIT + 1);
    cr_expect_eq(live.server.records, 1);
    cr_expect_eq(live.server.last_status, RDTLS_ALERT_RECORD_OVERFLOW);
    cr_expect_eq(live.client.last_status, RDTLS_RECEIVED_ALERT + RDTLS_ALERT_RECORD_OVERFLOW);
    live_free(&live);
}

/* A forged record of any length is noise, and ends nothing. */
Test(record_size_limit, a_forged_long_record_changes_nothing)
{
    struct live live = live_with_a_forgetful_client();
    static const uint8_t data[LIMIT + 1] = {0};
    uint8_t datagram[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_send(live.client.endpoint, live.id, data, sizeof(data)), RDTLS_OK);
    size_t len = host_take(&live.client, datagram);
    cr_assert_gt(len, 0);
    datagram[len - 1] ^= 1;
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(live.server.closed, 0);
    cr_expect_eq(discarded(&live.server, RDTLS_DISCARD_AUTHENTICATION), 1);
    live_free(&live);
}
