/* Another configuration takes the place of the one in use: what was agreed on stays, what is fixed
 * is refused. */
#include "crafted_support.h"
#include "host_signer_support.h"
#include "set_config_support.h"
#include "wire/alert.h"

static enum rdtls_status refusal(struct host *host, const struct rdtls_config_options *options)
{
    struct rdtls_config *config;
    cr_assert_eq(rdtls_config_new(options, &config), RDTLS_OK);
    enum rdtls_status status = rdtls_endpoint_set_config(host->endpoint, config, 0);
    cr_expect_eq(config->holders.count, 1, "it is not held");
    rdtls_config_free(config);
    return status;
}

Test(set_config, what_cannot_change_is_refused)
{
    struct live live;
    struct remote_key remote = remote_key_new();
    struct rdtls_config_options options = options_of(0xfefd);
    live_begin_with(&live, &options, &options);
    live_connect(&live);
    options = options_of(0xfefc);
    cr_expect_eq(refusal(&live.server, &options), RDTLS_INVALID_ARGUMENT, "no room for 1.3");
    options = remote_options(&remote);
    cr_expect_eq(refusal(&live.server, &options), RDTLS_INVALID_ARGUMENT, "another signs");
    cr_expect_eq(in_use(&live.server), 1);
    cr_expect_eq(rdtls_endpoint_stats(live.server.endpoint)->configs_set, 0);
    live_expect_talking(&live);
    live_free(&live);
    remote_key_free(&remote);
}

/* An endpoint holds what it uses, and no more. */
Test(set_config, each_configuration_is_given_up_once)
{
    enum { CONFIGS = 4 };
    struct rdtls_config *configs[CONFIGS];
    struct rdtls_config_options options = options_of(0xfefd);
    struct live live;
    live_begin_with(&live, &options, &options);
    for (size_t i = 0; i < CONFIGS; i++) {
        cr_assert_eq(rdtls_config_new(&options, &configs[i]), RDTLS_OK);
        cr_assert_eq(rdtls_endpoint_set_config(live.server.endpoint, configs[i], 0), RDTLS_OK);
        for (size_t k = 0; k <= i; k++)
            cr_expect_eq(configs[k]->holders.count, k == i ? 2 : 1);
    }
    cr_expect_eq(live.server.config->holders.count, 1);
    /* The one in use once more, and that of a handshake in flight. */
    struct rdtls_config *last = configs[CONFIGS - 1];
    cr_assert_eq(rdtls_endpoint_set_config(live.server.endpoint, last, 0), RDTLS_OK);
    cr_expect_eq(last->holders.count, 2);
    live_connect(&live);
    host_free(&live.client);
    rdtls_endpoint_destroy(live.server.endpoint);
    for (size_t i = 0; i < CONFIGS; i++) {
        cr_expect_eq(configs[i]->holders.count, 1);
        rdtls_config_free(configs[i]);
    }
    rdtls_config_free(live.server.config);
    free(live.server.memory);
}

static void drop_all(struct host *host)
{
    uint8_t datagram[DATAGRAM_MAX];
    while (host_take(host, datagram) > 0)
        continue;
}

/* Handshakes of three configurations are in flight when the endpoint ends, or time out. */
Test(set_config, what_is_in_flight_gives_its_own_up)
{
    for (int ends = 0; ends < 2; ends++) {
        struct host client = host_new();
        struct host server = host_new();
        struct rdtls_config_options options = options_of(0xfefd);
        uint8_t hello[DATAGRAM_MAX];
        for (uint16_t i = 1; i <= 3; i++) {
            struct rdtls_path path = path_number(i);
            size_t len = take_second_hello(&client, &server, &path, hello);
            host_receive(&server, &path, hello, len, 0);
            drop_all(&server);
            change(&server, &options);
            cr_expect_eq(in_use(&server), i + 1u);
        }
        rdtls_endpoint_accept(server.endpoint, false);
        for (uint64_t now = 0; ends == 1 && now < 40; now++) {
            rdtls_endpoint_tick(server.endpoint, now * SECOND);
            host_poll(&server);
            drop_all(&server);
        }
        cr_expect_eq(in_use(&server), ends == 1 ? 1 : 4);
        host_free(&client);
        host_free(&server);
    }
}

static const char *protocol_at(const struct host *host, struct rdtls_id id)
{
    struct rdtls_info info;
    cr_assert_eq(rdtls_endpoint_info(host->endpoint, id, &info), RDTLS_OK);
    return info.alpn != NULL ? info.alpn : "none";
}

static void prefer(struct rdtls_config_options *options, const char *const *names, size_t count)
{
    options->alpn_protocols = names;
    options->alpn_protocol_count = count;
}

Test(set_config, the_name_of_a_protocol_stays)
{
    static const char *const first[] = {"echo/1", "echo/2", "echo/1"};
    static const char *const then[] = {"echo/3", "echo/4", "echo/1"};
    static const char *const clients[] = {"echo/2", "echo/4", "echo/3"};
    struct live live;
    for (size_t v = 0; v < 2; v++) {
        struct rdtls_config_options server = options_of(both_versions[v]);
        struct rdtls_config_options client = options_of(both_versions[v]);
        struct rdtls_path path = path_number(2);
        struct rdtls_id other;
        prefer(&server, first, 3);
        prefer(&client, clients, 3);
        live_begin_with(&live, &client, &server);
        live_connect(&live);
        struct rdtls_id id = live.server.last_connected;
        const char *name = protocol_at(&live.server, id);
        cr_expect_str_eq(name, "echo/2");
        prefer(&server, then, 3);
        change(&live.server, &server);
        prefer(&client, then, 1);
        change(&live.client, &client);
        cr_assert_eq(rdtls_endpoint_connect(live.client.endpoint, &path, 0, 0, &other), RDTLS_OK);
        hosts_exchange(&live.client, &live.server, &path, 0);
        cr_assert_eq(live.server.connected, 2);
        cr_expect_str_eq(protocol_at(&live.server, live.server.last_connected), "echo/3");
        cr_expect_str_eq(protocol_at(&live.client, other), "echo/3");
        cr_expect_eq(protocol_at(&live.server, id), name, "where it was told, it stays");
        cr_expect_str_eq(name, "echo/2");
        cr_expect_str_eq(protocol_at(&live.client, live.id), "echo/2");
        live_free(&live);
    }
}

Test(set_config, protocols_are_remembered_up_to_a_limit)
{
    static char names[RDTLS_ALPN_NAMES_MAX + 1][RDTLS_ALPN_NAME_MAX + 1];
    const char *list[RDTLS_ALPN_MAX];
    struct host server = host_new();
    struct rdtls_config_options options = options_of(0xfefd);
    for (size_t i = 0; i <= RDTLS_ALPN_NAMES_MAX; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%0*zu", RDTLS_ALPN_NAME_MAX, i);
        list[i % RDTLS_ALPN_MAX] = names[i];
        prefer(&options, list, i % RDTLS_ALPN_MAX + 1);
        if (i < RDTLS_ALPN_NAMES_MAX)
            change(&server, &options);
    }
    cr_expect_eq(refusal(&server, &options), RDTLS_NO_ROOM, "one too many");
    cr_expect_eq(in_use(&server), 1);
    list[0] = names[1];
    list[1] = names[RDTLS_ALPN_NAMES_MAX - 1];
    prefer(&options, list, 2);
    change(&server, &options);
    host_free(&server);
}

/* The size that was said in the handshake is the one that holds, in both directions of a change. */
Test(set_config, record_sizes_stay_as_agreed)
{
    static const uint16_t limits[2][2] = {{100, 16384}, {16384, 100}};
    static const uint8_t payload[200];
    for (size_t v = 0; v < 2; v++) {
        for (size_t i = 0; i < 2; i++) {
            struct live live;
            struct rdtls_config_options options = options_of(both_versions[v]);
            const struct rdtls_config_options client = options;
            options.record_size_limit = limits[i][0];
            live_begin_with(&live, &client, &options);
            live_connect(&live);
            options.record_size_limit = limits[i][1];
            change(&live.server, &options);
            association_of(&live.client, live.id)->record_size_limit = 0; /* it breaks its word */
            cr_assert_eq(
                rdtls_endpoint_send(live.client.endpoint, live.id, payload, sizeof(payload)),
                RDTLS_OK);
            host_carry(&live.client, &live.server, &live.path);
            cr_expect_eq(live.server.records, i);
            cr_expect_eq(live.server.closed, 1 - i);
            if (i == 0)
                cr_expect_eq(live.server.last_status, RDTLS_ALERT_RECORD_OVERFLOW);
            live_free(&live);
        }
    }
}

/* A cookie that a client has on its way is good behind the change; a secret that was replaced is
 * good for as long as its last cookies. */
Test(set_config, cookies_stay_good)
{
    static const uint8_t secret[RDTLS_COOKIE_SECRET_LEN] = {7};
    static const struct {
        bool given;
        uint64_t at_s;
        bool good;
    } cases[] = {
        {false, 0, true}, {false, 29, true}, {true, 0, true}, {true, 29, true}, {true, 61, false}};
    for (size_t v = 0; v < 2; v++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            struct rdtls_config_options options = options_of(both_versions[v]);
            struct rdtls_endpoint_options small = small_endpoint();
            struct host client = host_with(&options, &small);
            struct host server = host_with(&options, &small);
            struct rdtls_path path = path_number(1);
            uint8_t hello[DATAGRAM_MAX];
            size_t len = take_second_hello(&client, &server, &path, hello);
            options.cookie_secret = cases[i].given ? secret : NULL;
            change(&server, &options);
            host_receive(&server, &path, hello, len, cases[i].at_s * SECOND);
            cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_started, cases[i].good,
                         "version %zu, case %zu", v, i);
            host_free(&client);
            host_free(&server);
        }
    }
}

static const struct ticket_secrets *ticket_secrets_of(const struct host *host)
{
    return &host->endpoint->environment.handshake.policy->ticket_secrets;
}

/* Tickets that clients have stay good as well, unless other secrets are given. */
Test(set_config, the_secrets_of_tickets_stay)
{
    static const uint8_t secrets[1][RDTLS_TICKET_SECRET_LEN] = {{5}};
    struct rdtls_config_options options = options_of(0xfefd);
    struct rdtls_endpoint_options small = small_endpoint();
    options.tickets = true;
    struct host server = host_with(&options, &small);
    const struct ticket_secrets first = *ticket_secrets_of(&server);
    cr_assert_eq(first.count, 1);
    change(&server, &options);
    cr_expect_arr_eq(ticket_secrets_of(&server), &first, sizeof(first));
    options.ticket_secrets = secrets;
    options.ticket_secret_count = 1;
    change(&server, &options);
    const struct ticket_secrets given = *ticket_secrets_of(&server);
    cr_expect_arr_neq(&given, &first, sizeof(first));
    options.ticket_secret_count = 0;
    change(&server, &options);
    cr_expect_arr_eq(ticket_secrets_of(&server), &given, sizeof(given));
    host_free(&server);
}
