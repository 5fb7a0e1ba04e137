/* Another configuration takes the place of the one in use: what those that live do later, rekey,
 * repeat their last flight, begin anew, sign elsewhere. */
#include "crafted_support.h"
#include "host_signer_support.h"
#include "rsa_support.h"
#include "set_config_support.h"

static const uint64_t second = SECOND;
static const uint64_t minute = 60 * UINT64_C(1000000000);

/* Both ends come to the end of their keys, and go on with the next. */
Test(set_config, keys_are_updated_behind_a_change)
{
    static const uint64_t after = UINT64_C(1) << 23;
    struct live live;
    struct rdtls_config_options options = options_of(0xfefc);
    live_begin_with(&live, &options, &options);
    live_connect(&live);
    struct association *client = association_of(&live.client, live.id);
    struct association *server = association_of(&live.server, live.server.last_connected);
    change(&live.client, &options);
    change(&live.server, &options);
    client->write.next_sequence = after;
    server->read.window = (struct replay_window){after - 1, 1};
    live_expect_talking(&live);
    rdtls_endpoint_tick(live.client.endpoint, 0);
    cr_expect_eq(rdtls_endpoint_stats(live.client.endpoint)->handshakes_open, 1);
    /* The update is in flight: it holds the newest, and once it is over nobody holds this one. */
    change(&live.client, &options);
    cr_expect_eq(in_use(&live.client), 2);
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    cr_expect_eq(in_use(&live.client), 1);
    cr_expect_eq(client->write.epoch, 4);
    live_expect_talking(&live);
    live_free(&live);
}

/* The server's last flight is lost: each time that the client asks for it, it comes, from whichever
 * configuration. In 1.3 it is an acknowledgement. */
Test(set_config, a_last_flight_is_repeated_behind_a_change)
{
    for (size_t v = 0; v < 2; v++) {
        struct live live;
        uint8_t datagram[DATAGRAM_MAX];
        struct rdtls_config_options options = options_of(both_versions[v]);
        live_begin_with(&live, &options, &options);
        for (int i = 0; i < 8 && live.server.connected == 0; i++)
            host_carry_all(i % 2 == 0 ? &live.client : &live.server,
                           i % 2 == 0 ? &live.server : &live.client, &live.path, 0);
        cr_assert_eq(live.server.connected, 1);
        while (host_take(&live.server, datagram) > 0)
            continue;
        change(&live.server, &options);
        cr_expect_eq(in_use(&live.server), 1, "nothing is in flight for the server");
        for (uint64_t now = second; now < 4 * second; now += second) {
            rdtls_endpoint_tick(live.client.endpoint, now);
            host_poll(&live.client);
        }
        hosts_exchange(&live.client, &live.server, &live.path, 4 * second);
        cr_expect_eq(live.client.connected, 1);
        cr_expect_eq(rdtls_endpoint_stats(live.client.endpoint)->handshakes_open, 0);
        live_expect_talking(&live);
        live_free(&live);
    }
}

/* A client that has lost its association begins anew on the same path, and is shown the new
 * certificate; the old association gives way with the Finished. */
Test(set_config, a_handshake_on_the_same_path_is_of_the_new_one)
{
    for (size_t v = 0; v < 2; v++) {
        struct live live;
        struct rdtls_config_options options = options_of(both_versions[v]);
        struct rdtls_endpoint_options small = small_endpoint();
        live_begin_with(&live, &options, &options);
        live_connect(&live);
        host_free(&live.client);
        live.client = host_with(&options, &small);
        change(&live.server, &options);
        const struct fingerprint after = own_fingerprint(&live.server);
        cr_assert_eq(rdtls_endpoint_connect(live.client.endpoint, &live.path, 0, 0, &live.id),
                     RDTLS_OK);
        hosts_exchange(&live.client, &live.server, &live.path, 0);
        cr_assert_eq(live.client.connected, 1);
        expect_presented(&live, &after);
        cr_expect_eq(live.server.closed, 1);
        cr_expect_eq(live.server.last_status, RDTLS_REPLACED);
        live_expect_talking(&live);
        live_free(&live);
    }
}

/* What a configuration says about associations later is the newest's. */
Test(set_config, the_idle_time_is_the_new_ones)
{
    struct live live;
    struct rdtls_config_options options = options_of(0xfefd);
    live_begin_with(&live, &options, &options);
    live_connect(&live);
    options.idle_timeout_ms = 0;
    change(&live.server, &options);
    rdtls_endpoint_tick(live.server.endpoint, 60 * minute);
    host_poll(&live.server);
    cr_expect_eq(live.server.closed, 0, "the old time is over, and none holds");
    live_free(&live);
}

/* A certificate of each kind of key follows one of each other kind; the lanes go on. */
Test(set_config, keys_of_every_kind_follow_each_other, .timeout = 60)
{
    enum { KINDS = 4 };
    struct pem_text keys[KINDS];
    struct pem_text certificates[KINDS];
    EVP_PKEY *made[KINDS] = {EVP_EC_gen("P-256"), EVP_RSA_gen(2048), EVP_EC_gen("P-384"),
                             EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};
    for (size_t i = 0; i < KINDS; i++) {
        keys[i] = key_pem(made[i]);
        certificates[i] = certificate_pem(made[i]);
        EVP_PKEY_free(made[i]);
    }
    for (size_t v = 0; v < 2; v++) {
        struct live live;
        struct rdtls_config_options options = options_of(both_versions[v]);
        live_begin_with(&live, &options, &options);
        for (size_t i = 0; i < KINDS * KINDS; i++) {
            size_t kind = i % 2 == 0 ? i / 2 % KINDS : (i / 2 + i / KINDS + 1) % KINDS;
            struct rdtls_path path = path_number((uint16_t)(10 + i));
            options.certificate_pem = certificates[kind].text;
            options.certificate_pem_len = certificates[kind].len;
            options.private_key_pem = keys[kind].text;
            options.private_key_pem_len = keys[kind].len;
            change(&live.server, &options);
            const struct fingerprint shown = own_fingerprint(&live.server);
            cr_assert_eq(rdtls_endpoint_connect(live.client.endpoint, &path, 0, 0, &live.id),
                         RDTLS_OK);
            exchange_all_paths(&live);
            cr_assert_eq(live.server.connected, i + 2, "version %zu, change %zu", v, i);
            expect_presented(&live, &shown);
        }
        live_free(&live);
    }
}

/* A signature that was asked for under the old configuration is answered under the new one, whose
 * key is of another kind; the request says which certificate it is for. */
Test(set_config, a_signature_elsewhere_is_awaited_across_a_change)
{
    struct remote_key keys[2] = {remote_key_new(), remote_key_of(EVP_RSA_gen(2048))};
    struct live live = {.client = host_new(), .server = signing_host(&keys[0])};
    struct host *server = &live.server;
    struct rdtls_path paths[2] = {path_number(1), path_number(2)};
    struct rdtls_config_options options = remote_options(&keys[1]);
    const struct fingerprint before = own_fingerprint(server);
    (void)begin_and_park(&live.client, server, &paths[0], 0);
    change(server, &options);
    const struct fingerprint after = own_fingerprint(server);
    (void)begin_and_park(&live.client, server, &paths[1], 0);
    cr_assert_eq(server->question_count, 2);
    cr_expect_eq(in_use(server), 2);
    const struct question *questions = server->questions;
    cr_expect_arr_eq(questions[0].request.fingerprint, before.bytes, RDTLS_FINGERPRINT_LEN);
    cr_expect_arr_eq(questions[1].request.fingerprint, after.bytes, RDTLS_FINGERPRINT_LEN);
    struct signature signature = remote_sign(&keys[1], &questions[1].request);
    cr_expect_eq(complete(server, questions[0].id, &signature, 0), RDTLS_TOO_LONG);
    cr_expect_eq(complete(server, questions[1].id, &signature, 0), RDTLS_OK);
    signature = remote_sign(&keys[0], &questions[0].request);
    cr_expect_eq(complete(server, questions[0].id, &signature, 0), RDTLS_OK);
    exchange_all_paths(&live);
    cr_expect_eq(rdtls_endpoint_stats(server->endpoint)->handshakes_completed, 2);
    cr_expect_eq(in_use(server), 1);
    live_free(&live);
    for (size_t i = 0; i < 2; i++)
        remote_key_free(&keys[i]);
}
