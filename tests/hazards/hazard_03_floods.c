/* Hazard 3: a flood of hellos without cookie, of strays, and of hellos with a good cookie that go
 * silent: memory stays flat, limits hold, and those who mean it still get in. Over real sockets and
 * with figures: tests/flood. */
#include "endpoint/endpoint.h"
#include "fragment_support.h"

enum { TLS12_CID = 25, ACK = 26 };

static void expect_untouched(const struct host *host)
{
    const struct rdtls_endpoint *endpoint = host->endpoint;
    cr_expect_eq(endpoint->connections.fresh, 0);
    cr_expect_eq(endpoint->environment.handshakes.fresh, 0);
    cr_expect_eq(endpoint->environment.blocks.slots.fresh, 0);
    cr_expect_eq(endpoint->sessions.entries.fresh, 0);
    cr_expect_eq(endpoint->stats.lane_jobs, 0);
}

Test(hazard_03, strays_cost_nothing_and_are_not_answered)
{
    enum { STRAYS = 20000 };
    static const uint8_t types[] = {CONTENT_ALERT,     CONTENT_CHANGE_CIPHER_SPEC,
                                    CONTENT_HANDSHAKE, CONTENT_APPLICATION_DATA,
                                    TLS12_CID,         ACK};
    struct host server = host_new();
    uint8_t out[DATAGRAM_MAX];
    for (unsigned i = 0; i < STRAYS; i++) {
        struct rdtls_path path = path_number((uint16_t)i);
        uint8_t stray[64] = {types[i % sizeof(types)],
                             0xfe,
                             0xfd,
                             0,
                             (uint8_t)(i / 8 % 2),
                             [RECORD_LENGTH_AT + 1] = 51,
                             [MESSAGE_AT] = 14};
        host_receive(&server, &path, stray, sizeof(stray), i);
        cr_assert_eq(host_take(&server, out), 0);
    }
    cr_expect_eq(discarded(&server, RDTLS_DISCARD_STRANGER), STRAYS);
    expect_untouched(&server);
    host_free(&server);
}

Test(hazard_03, hellos_without_a_cookie_cost_no_memory)
{
    enum { HELLOS = 5000 };
    struct host server = host_new();
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    uint8_t hello[DATAGRAM_MAX];
    uint8_t answer[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    size_t len = host_take(&client, hello);
    for (uint16_t i = 0; i < HELLOS; i++) {
        struct rdtls_path from = path_number(i);
        store_u16(hello + BODY_AT + 2, i); /* another random */
        host_receive(&server, &from, hello, len, i);
        size_t answer_len = host_take(&server, answer);
        cr_assert(answer_len > 0 && answer_len <= len);
        cr_assert_eq(host_take(&server, answer), 0);
    }
    expect_untouched(&server);
    host_free(&server);
    host_free(&client);
}

/* Each comes from an address that it has proven, and says nothing more. */
Test(hazard_03, silent_handshakes_stay_within_the_limit_and_end)
{
    enum { MORE_THAN_FIT = 50 };
    struct host server = host_new();
    uint8_t out[DATAGRAM_MAX];
    uint32_t limit = server.endpoint->options.handshakes_max;
    for (uint16_t i = 0; i < MORE_THAN_FIT; i++) {
        struct host client = host_new();
        struct rdtls_path path = path_number(i);
        size_t len = take_second_hello(&client, &server, &path, out);
        host_receive(&server, &path, out, len, 0);
        while (host_take(&server, out) > 0) {
        }
        host_free(&client);
    }
    cr_expect_eq(server.endpoint->stats.handshakes_peak, limit);
    cr_expect_eq(discarded(&server, RDTLS_DISCARD_FULL), MORE_THAN_FIT - limit);
    rdtls_endpoint_tick(server.endpoint, 31 * (uint64_t)SECOND);
    host_poll(&server);
    while (host_take(&server, out) > 0)
        host_poll(&server);
    cr_expect_eq(server.endpoint->stats.handshakes_open, 0);
    cr_expect_eq(server.endpoint->connections.used, 0);
    cr_expect_eq(server.endpoint->environment.blocks.slots.used, 0);
    host_free(&server);
}

/* One that is there to take what it can: five messages and nearly all of a hello, each as long as a
 * message may be, and the first bytes of the hello, which would let them go, never come. */
static void take_all_blocks(struct host *server, const struct rdtls_path *path)
{
    enum { PIECE = 1000, MESSAGES = REASSEMBLY_WINDOW };
    static const uint8_t bytes[PIECE] = {1};
    begin_longest_hello(server, path, 0);
    for (uint16_t seq = 0; seq < MESSAGES; seq++)
        for (uint32_t at = REASSEMBLY_BLOCK_DATA; at + PIECE <= REASSEMBLY_MESSAGE_MAX; at += PIECE)
            send_fragment(server, path, 2,
                          (struct fragment){seq, REASSEMBLY_MESSAGE_MAX, at, {bytes, PIECE}});
}

/* 189 handshakes held all blocks of an endpoint for thousands, and nobody else's hello could be put
 * together for half a minute. */
Test(hazard_03, who_takes_all_blocks_does_not_keep_others_out)
{
    enum { GREEDY = 31, CUT = 40 };
    struct host server = host_new();
    struct host client = host_new();
    struct rdtls_path path = path_number(1000);
    uint8_t hello[DATAGRAM_MAX];
    uint8_t first[DATAGRAM_MAX];
    uint8_t second[DATAGRAM_MAX];
    size_t first_len;
    size_t second_len;
    for (uint16_t i = 0; i < GREEDY; i++) {
        struct rdtls_path greedy = path_number(i);
        take_all_blocks(&server, &greedy);
    }
    const struct block_pool *blocks = &server.endpoint->environment.blocks;
    cr_assert_gt(blocks->slots.used, GREEDY * BLOCKS_GUARANTEED, "there was something to take");
    cr_assert_leq(blocks->common - blocks->common_lent, blocks->common / 2);
    size_t len = take_second_hello(&client, &server, &path, hello);
    cut_hello(hello, len, len - BODY_AT - CUT, first, &first_len, second, &second_len);
    host_receive(&server, &path, first, first_len, 0);
    host_receive(&server, &path, second, second_len, 0);
    hosts_exchange(&client, &server, &path, 0);
    cr_expect_eq(client.connected, 1);
    cr_expect_eq(server.connected, 1);
    host_free(&server);
    host_free(&client);
}

/* What one handshake may have shrinks with what is left; what it is guaranteed never does. */
Test(hazard_03, shares_shrink_with_what_is_left)
{
    enum { HANDSHAKES = 100, MOST = 195 };
    struct block_pool blocks;
    uint32_t count = block_pool_count(HANDSHAKES);
    uint8_t *memory = calloc(count, REASSEMBLY_BLOCK_LEN);
    uint32_t held[HANDSHAKES] = {0};
    block_pool_init(&blocks, memory, REASSEMBLY_BLOCK_LEN, count, HANDSHAKES);
    for (size_t i = 0; i < HANDSHAKES; i++) {
        while (held[i] < MOST && block_pool_lend(&blocks, held[i]) != POOL_NONE)
            held[i]++;
        cr_expect_geq(held[i], BLOCKS_GUARANTEED, "handshake %zu", i);
        if (i >= 2)
            cr_expect_leq(held[i], held[i - 1]);
        for (int apart = 0; apart < BLOCKS_APART; apart++)
            cr_expect_neq(pool_lend(&blocks.slots), POOL_NONE, "what it needs beside messages");
    }
    cr_expect_lt(held[2], MOST / 2, "two have taken what there was to take");
    cr_expect_leq(blocks.common_lent, blocks.common);
    free(memory);
}

static struct host limited_server(uint32_t hellos_per_second)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    options.hellos_per_second = hellos_per_second;
    return host_with(&config, &options);
}

/* They were counted before their cookies were looked at: whoever sent hellos in a client's name
 * spent its budget. */
Test(hazard_03, hellos_in_a_clients_name_do_not_spend_its_budget)
{
    enum { SPOOFED = 1000, PER_SECOND = 5 };
    struct host server = limited_server(PER_SECOND);
    struct host client = host_new();
    struct host liar = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_path elsewhere = path_number(2); /* the same address, another port */
    struct rdtls_id id;
    uint8_t hello[DATAGRAM_MAX];
    uint8_t spoofed[DATAGRAM_MAX];
    uint8_t answer[DATAGRAM_MAX];
    size_t len = take_second_hello(&client, &server, &path, hello);
    cr_assert_eq(rdtls_endpoint_connect(liar.endpoint, &elsewhere, 0, 0, &id), RDTLS_OK);
    size_t spoofed_len = host_take(&liar, spoofed);
    unsigned answered = 0;
    for (unsigned i = 0; i < SPOOFED; i++) {
        host_receive(&server, &elsewhere, spoofed, spoofed_len, i);
        answered += host_take(&server, answer) > 0;
    }
    cr_expect_lt(answered, PER_SECOND);
    host_receive(&server, &path, hello, len, SPOOFED);
    cr_expect_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_started, 1);
    hosts_exchange(&client, &server, &path, SPOOFED);
    cr_expect_eq(server.connected, 1);
    host_free(&server);
    host_free(&client);
    host_free(&liar);
}

/* Nor is a good cookie a licence for more than the rate. */
Test(hazard_03, hellos_with_good_cookies_have_a_budget_too)
{
    enum { HELLOS = 20, PER_SECOND = 5 };
    struct host server = limited_server(PER_SECOND);
    uint8_t hello[DATAGRAM_MAX];
    for (uint16_t i = 0; i < HELLOS; i++) {
        struct rdtls_path from = path_number(i);
        uint64_t now = i < PER_SECOND ? 0 : SECOND / 2;
        struct host one = host_new();
        struct rdtls_id id;
        cr_assert_eq(rdtls_endpoint_connect(one.endpoint, &from, 0, now, &id), RDTLS_OK);
        host_receive(&server, &from, hello, host_take(&one, hello), now);
        size_t len = host_take(&server, hello);
        if (len > 0) {
            host_receive(&one, &from, hello, len, now);
            host_receive(&server, &from, hello, host_take(&one, hello), now);
            while (host_take(&server, hello) > 0) {
            }
        }
        host_free(&one);
    }
    uint64_t started = rdtls_endpoint_stats(server.endpoint)->handshakes_started;
    cr_expect(started >= PER_SECOND && started <= PER_SECOND + PER_SECOND / 2 + 1);
    host_free(&server);
}
