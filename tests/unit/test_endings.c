/* How an association ends, and what does not end it. */
#include "crafted_support.h"
#include "live_support.h"

#include "wire/alert.h"

enum { UNKNOWN_TYPE = 24, CLIENT_FINISHED_SEQ = 2, SERVER_FINISHED_SEQ = 4 };

static struct live begun(void)
{
    struct rdtls_config_options config;
    struct live live;
    rdtls_config_options_defaults(&config);
    config.cookies = RDTLS_COOKIES_NEVER;
    config.mtu = RDTLS_MTU_MAX / 4; /* a flight is one datagram */
    live_begin_with(&live, &config, &config);
    return live;
}

static struct live connected(void)
{
    struct live live = begun();
    live_connect(&live);
    return live;
}

/* A record of the client's, delivered to the server. */
static void tell_server(struct live *live, uint8_t type, struct bytes content)
{
    uint8_t datagram[DATAGRAM_MAX];
    size_t len = craft(&live->client, live->id, type, content, datagram);
    host_receive(&live->server, &live->path, datagram, len, 0);
}

static void expect_silence_and_life(struct live *live)
{
    uint8_t datagram[DATAGRAM_MAX];
    unsigned records = live->server.records;
    cr_expect_eq(host_take(&live->server, datagram), 0);
    cr_expect_eq(live->server.closed, 0);
    tell_server(live, CONTENT_APPLICATION_DATA, bytes_of("x", 1));
    cr_expect_eq(live->server.records, records + 1);
}

/* [rfc5246#7.2.1] "The other party MUST respond with a close_notify alert of its own and close down
 * the connection immediately, discarding any pending writes." */
Test(endings, a_close_notify_is_answered_with_one)
{
    struct live live = connected();
    static const uint8_t close_notify[] = {ALERT_WARNING, ALERT_CLOSE_NOTIFY};
    uint8_t datagram[DATAGRAM_MAX];
    uint8_t copy[DATAGRAM_MAX];
    struct part parts[PARTS_MAX];
    struct rdtls_id server_id = live.server.last_connected;
    tell_server(&live, CONTENT_ALERT, bytes_of(close_notify, sizeof(close_notify)));
    cr_expect_eq(live.server.last_status, RDTLS_CLOSED_BY_PEER);
    cr_expect_eq(rdtls_endpoint_send(live.server.endpoint, server_id, (const uint8_t *)"x", 1),
                 RDTLS_NO_SUCH_CONNECTION);
    cr_assert_eq(parts_of(datagram, host_take(&live.server, datagram), parts), 1);
    cr_expect_eq(parts[0].header.type, CONTENT_ALERT);
    struct bytes content = opened_by(&live.client, live.id, &parts[0], copy);
    cr_expect(bytes_are_equal(content, bytes_of(close_notify, sizeof(close_notify))));
    cr_expect_eq(host_take(&live.server, datagram), 0);
    live_free(&live);
}

/* [rfc5246#7.2.2] "Servers and clients MUST forget any session-identifiers, keys, and secrets
 * associated with a failed connection." [rfc8446#6] "Servers and clients MUST forget the secret
 * values and keys established in failed connections, with the exception of the PSKs associated with
 * session tickets, which SHOULD be discarded if possible." */
Test(endings, a_failed_association_leaves_no_secret_behind)
{
    struct live live = connected();
    static const uint8_t fatal[] = {ALERT_FATAL, RDTLS_ALERT_INTERNAL_ERROR};
    static const struct association nothing;
    const struct association *association =
        association_of(&live.server, live.server.last_connected);
    cr_assert_neq(
        memcmp(association->v12.master_secret, nothing.v12.master_secret, MASTER_SECRET_LEN), 0);
    tell_server(&live, CONTENT_ALERT, bytes_of(fatal, sizeof(fatal)));
    cr_expect_eq(live.server.closed, 1);
    cr_expect_eq(memcmp(association, &nothing, sizeof(nothing)), 0);
    live_free(&live);
}

/* [rfc5246#6 !] "If a TLS implementation receives an unexpected record type, it MUST send an
 * unexpected_message alert." and [rfc5246#6.2.3.3 !] "If the decryption fails, a fatal
 * bad_record_mac alert MUST be generated.": over datagrams [rfc6347#4.1.2.7] "invalid records
 * SHOULD be silently discarded". */
Test(endings, neither_an_unknown_type_nor_a_forged_record_ends_anything)
{
    struct live live = connected();
    uint8_t datagram[DATAGRAM_MAX];
    tell_server(&live, UNKNOWN_TYPE, bytes_of("x", 1));
    cr_expect_eq(discarded(&live.server, RDTLS_DISCARD_UNKNOWN_TYPE), 1);
    expect_silence_and_life(&live);
    size_t len = craft(&live.client, live.id, CONTENT_APPLICATION_DATA, bytes_of("x", 1), datagram);
    datagram[len - 1] ^= 1;
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(discarded(&live.server, RDTLS_DISCARD_AUTHENTICATION), 1);
    expect_silence_and_life(&live);
    live_free(&live);
}

/* The last flight of one end with another Finished, delivered to the other: the alert that comes of
 * it. */
static enum rdtls_status verdict_on_finished(struct host *from, struct rdtls_id id, struct host *to,
                                             const struct rdtls_path *path, uint16_t message_seq,
                                             uint8_t changed)
{
    uint8_t datagram[DATAGRAM_MAX];
    uint8_t verify_data[VERIFY_DATA_LEN];
    struct part parts[PARTS_MAX];
    size_t count = parts_of(datagram, host_take(from, datagram), parts);
    const struct part *last = &parts[count - 1];
    cr_assert_eq(last->header.epoch, EPOCH_PROTECTED);
    struct association *association = association_of(from, id);
    memcpy(verify_data, association->v12.final_verify_data, sizeof(verify_data));
    verify_data[VERIFY_DATA_LEN - 1] ^= changed;
    struct crafted_message finished = {
        MESSAGE_FINISHED, message_seq, {verify_data, sizeof(verify_data)}};
    host_receive(to, path, datagram, (size_t)(last->at - datagram), 0);
    host_receive(to, path, datagram, craft_message(from, id, &finished, datagram), 0);
    return to->closed == 0 ? RDTLS_OK : to->last_status;
}

/* [rfc5246#7.4.9] "Recipients of Finished messages MUST verify that the contents are correct." */
Test(endings, a_wrong_finished_is_no_finished)
{
    for (uint8_t changed = 0; changed < 2; changed++) {
        enum rdtls_status expected = changed == 0 ? RDTLS_OK : RDTLS_ALERT_DECRYPT_ERROR;
        struct live live = begun();
        host_carry(&live.client, &live.server, &live.path);
        host_carry(&live.server, &live.client, &live.path);
        cr_expect_eq(verdict_on_finished(&live.client, live.id, &live.server, &live.path,
                                         CLIENT_FINISHED_SEQ, changed),
                     expected);
        cr_expect_eq(live.server.connected, 1 - changed);
        live_free(&live);

        live = begun();
        host_carry(&live.client, &live.server, &live.path);
        host_carry(&live.server, &live.client, &live.path);
        host_carry(&live.client, &live.server, &live.path);
        cr_expect_eq(verdict_on_finished(&live.server, live.server.last_connected, &live.client,
                                         &live.path, SERVER_FINISHED_SEQ, changed),
                     expected);
        cr_expect_eq(live.client.connected, 1 - changed);
        live_free(&live);
    }
}
