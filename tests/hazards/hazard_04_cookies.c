/* Hazard 4: a cookie is good for one address, port and hello, and not for long. The MAC itself:
 * tests/unit/test_cookie.c. */
#include "live_support.h"

/* Is a handshake begun for it? */
static bool is_let_in(struct host *server, const struct rdtls_path *path, const uint8_t *hello,
                      size_t len, uint64_t now)
{
    uint8_t out[DATAGRAM_MAX];
    uint64_t before = rdtls_endpoint_stats(server->endpoint)->handshakes_started;
    host_receive(server, path, hello, len, now);
    while (host_take(server, out) > 0) {
    }
    return rdtls_endpoint_stats(server->endpoint)->handshakes_started != before;
}

Test(hazard_04, is_bound_to_every_byte_of_the_path)
{
    struct host client = host_new();
    struct host server = host_new();
    struct rdtls_path path = path_number(1);
    uint8_t hello[DATAGRAM_MAX];
    size_t len = take_second_hello(&client, &server, &path, hello);
    for (size_t at = 0; at < sizeof(path); at++) {
        struct rdtls_path other = path;
        ((uint8_t *)&other)[at] ^= 1;
        cr_expect_not(is_let_in(&server, &other, hello, len, 0), "byte %zu", at);
    }
    cr_expect(is_let_in(&server, &path, hello, len, 0));
    host_free(&client);
    host_free(&server);
}

Test(hazard_04, is_bound_to_the_hello)
{
    struct host client = host_new();
    struct host server = host_new();
    struct rdtls_path path = path_number(1);
    uint8_t hello[DATAGRAM_MAX];
    size_t len = take_second_hello(&client, &server, &path, hello);
    enum { SUITES_END = COOKIE_AT + 1 + COOKIE_BYTES + 2 + 4 };
    for (size_t at = BODY_AT; at < SUITES_END; at++) {
        hello[at] ^= 1;
        cr_expect_not(is_let_in(&server, &path, hello, len, 0), "byte %zu", at);
        hello[at] ^= 1;
    }
    cr_expect(is_let_in(&server, &path, hello, len, 0));
    host_free(&client);
    host_free(&server);
}

Test(hazard_04, an_old_one_is_refused)
{
    struct host client = host_new();
    struct host server = host_new();
    struct rdtls_path path = path_number(1);
    uint8_t hello[DATAGRAM_MAX];
    size_t len = take_second_hello(&client, &server, &path, hello);
    cr_expect_not(is_let_in(&server, &path, hello, len, 61 * (uint64_t)SECOND));
    cr_expect(is_let_in(&server, &path, hello, len, 29 * (uint64_t)SECOND));
    host_free(&client);
    host_free(&server);
}
