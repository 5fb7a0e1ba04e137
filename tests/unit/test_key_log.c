/* Secrets for those who look into their own traffic. */
#include "conn_support.h"
#include "endpoint/connection.h"

/* Only from CONNECTED on, and only where the configuration wants it. */
Test(key_log, has_to_be_wanted)
{
    struct rdtls_config_options options = default_options();
    char line[RDTLS_KEY_LOG_MAX] = "";
    struct pair pair = pair_with(&options, &options);
    cr_expect_eq(rdtls_conn_key_log(pair.client.conn, line), RDTLS_INVALID_ARGUMENT);
    pair_free(&pair);
    options.key_log = true;
    struct peer fresh;
    peer_init(&fresh, &options, RDTLS_CLIENT);
    cr_expect_eq(rdtls_conn_key_log(fresh.conn, line), RDTLS_NOT_CONNECTED);
    peer_free(&fresh);
    cr_expect_str_empty(line);
    pair = pair_with(&options, &options);
    cr_expect_eq(rdtls_conn_key_log(pair.client.conn, line), RDTLS_OK);
    cr_expect_eq(strncmp(line, "CLIENT_RANDOM ", 14), 0);
    pair_free(&pair);
}

/* Two lines of which Wireshark derives the keys of both directions; the same at both ends. */
Test(key_log, of_1_3)
{
    static const uint16_t versions[] = {0xfefc};
    static const struct {
        uint16_t suite;
        size_t secret_len;
    } cases[] = {{0x1301, 32}, {0x1302, 48}, {0x1303, 32}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rdtls_config_options options = default_options();
        options.versions = versions;
        options.version_count = 1;
        options.cipher_suites = &cases[i].suite;
        options.cipher_suite_count = 1;
        options.key_log = true;
        struct pair pair = pair_with(&options, &options);
        char at_client[RDTLS_KEY_LOG_MAX];
        char at_server[RDTLS_KEY_LOG_MAX];
        cr_assert_eq(rdtls_conn_key_log(pair.client.conn, at_client), RDTLS_OK);
        cr_assert_eq(rdtls_conn_key_log(pair.server.conn, at_server), RDTLS_OK);
        cr_expect_str_eq(at_client, at_server);
        size_t line_len = 24 + 2 * 32 + 1 + 2 * cases[i].secret_len + 1;
        cr_assert_eq(strlen(at_client), 2 * line_len);
        cr_expect_eq(strncmp(at_client, "CLIENT_TRAFFIC_SECRET_0 ", 24), 0);
        cr_expect_eq(strncmp(at_client + line_len, "SERVER_TRAFFIC_SECRET_0 ", 24), 0);
        /* The association's name first, then what must not be the same. */
        cr_expect_arr_eq(at_client + 24, at_client + line_len + 24, 65);
        cr_expect_arr_neq(at_client + 89, at_client + line_len + 89, 2 * cases[i].secret_len);
        pair_free(&pair);
    }
}

/* A KeyUpdate moves the peer's secret on before a record of the next epoch has come. */
Test(key_log, counts_key_updates)
{
    static const struct {
        uint16_t read_epoch;
        bool read_moves;
        const char *client;
    } cases[] = {{3, false, "CLIENT_TRAFFIC_SECRET_0 "},
                 {3, true, "CLIENT_TRAFFIC_SECRET_1 "},
                 {4, false, "CLIENT_TRAFFIC_SECRET_1 "},
                 {UINT16_MAX, false, "CLIENT_TRAFFIC_SECRET_65532 "}};
    struct rdtls_config config = {.key_log = true};
    struct connection_environment environment = {.config = &config};
    struct connection connection = {.state = CONNECTION_CONNECTED};
    struct association *association = &connection.association;
    association->version = VERSION_13;
    association_choose_suite(association, suite_find(SUITE_AES_256_GCM_SHA384));
    association->role = RDTLS_SERVER;
    association->write.epoch = UINT16_MAX;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char lines[RDTLS_KEY_LOG_MAX];
        association->read.epoch = cases[i].read_epoch;
        association->read_moves = cases[i].read_moves;
        cr_assert_eq(connection_key_log(&environment, &connection, lines), RDTLS_OK);
        cr_expect_eq(strncmp(lines, cases[i].client, strlen(cases[i].client)), 0, "%s", lines);
        cr_expect_not_null(strstr(lines, "\nSERVER_TRAFFIC_SECRET_65532 "));
        cr_expect_lt(strlen(lines), (size_t)RDTLS_KEY_LOG_MAX);
    }
}
