/* Memory that libcrypto does not get: whatever is made says so, leaves nothing behind, and can be
 * made later. Each allocation of a making fails in turn, until one needs none of those that fail.
 */
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "conn_support.h"
#include "endpoint_support.h"

enum { ALLOCATIONS_MAX = 100000 };

static bool is_failing;
static size_t allocations_left; /* until the one that fails */

static bool fails_now(void)
{
    if (!is_failing || allocations_left-- > 0)
        return false;
    is_failing = false;
    return true;
}

static void *failing_malloc(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails_now() ? NULL : malloc(len);
}

static void *failing_realloc(void *block, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails_now() ? NULL : realloc(block, len);
}

static void plain_free(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    free(block);
}

/* Before anybody in the process has used libcrypto: later it does not let us. */
__attribute__((constructor)) static void take_the_place_of_malloc(void)
{
    (void)CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free);
}

/* Make it and give it back; true: it was made. */
typedef bool (*making)(const struct rdtls_config *config);

static bool expect(enum rdtls_status status)
{
    cr_assert(status == RDTLS_OK || status == RDTLS_NO_MEMORY, "%s", rdtls_status_name(status));
    return status == RDTLS_OK;
}

static bool make_config(const struct rdtls_config *config)
{
    (void)config;
    struct rdtls_config_options options = default_options();
    struct rdtls_config *made = NULL;
    bool is_made = expect(rdtls_config_new(&options, &made));
    if (is_made)
        rdtls_config_free(made);
    return is_made;
}

static bool make_client_conn(const struct rdtls_config *config)
{
    struct rdtls_conn *made = NULL;
    bool is_made = expect(rdtls_conn_new(config, RDTLS_CLIENT, 0, 0, &made));
    if (is_made)
        rdtls_conn_free(made);
    return is_made;
}

static bool make_server_conn(const struct rdtls_config *config)
{
    struct rdtls_conn *made = NULL;
    bool is_made = expect(rdtls_conn_new(config, RDTLS_SERVER, 0, 0, &made));
    if (is_made)
        rdtls_conn_free(made);
    return is_made;
}

static bool make_endpoint(const struct rdtls_config *config)
{
    struct rdtls_endpoint_options options = small_endpoint();
    options.connections_max = 4;
    options.handshakes_max = 2;
    options.events_max = 4;
    struct rdtls_endpoint *made = NULL;
    size_t len = rdtls_endpoint_footprint(&options);
    void *memory = aligned_alloc(HOST_ALIGNMENT, (len / HOST_ALIGNMENT + 1) * HOST_ALIGNMENT);
    cr_assert_not_null(memory);
    memset(memory, 0, len);
    bool is_made = expect(rdtls_endpoint_init(memory, config, &options, 0, &made));
    if (is_made)
        rdtls_endpoint_destroy(made);
    free(memory);
    return is_made;
}

/* An endpoint that cannot have another goes on with the one that it has. */
static bool set_config(const struct rdtls_config *config)
{
    static struct host host;
    if (host.endpoint == NULL) {
        struct rdtls_config_options options = default_options();
        const struct rdtls_endpoint_options small = small_endpoint();
        host = host_with(&options, &small);
    }
    return expect(rdtls_endpoint_set_config(host.endpoint, config, 0));
}

/* How many allocations have failed, each in a making of its own. */
static size_t fail_each(making make, const struct rdtls_config *config)
{
    /* What libcrypto keeps for ever, it has after the first. */
    cr_assert(make(config));
    size_t failed = 0;
    for (bool was_needed = true; was_needed && failed < ALLOCATIONS_MAX; failed += was_needed) {
        ERR_clear_error();
        allocations_left = failed;
        is_failing = true;
        bool is_made = make(config);
        was_needed = !is_failing;
        is_failing = false;
        ERR_clear_error();
        cr_assert(is_made || was_needed, "it failed without a reason");
    }
    return failed;
}

Test(out_of_memory, whatever_is_made_says_so)
{
    struct rdtls_config_options options = default_options();
    struct rdtls_config *config;
    cr_assert_eq(rdtls_config_new(&options, &config), RDTLS_OK);
    static const making makings[] = {make_config, make_client_conn, make_server_conn, make_endpoint,
                                     set_config};
    for (size_t i = 0; i < sizeof(makings) / sizeof(makings[0]); i++) {
        size_t failed = fail_each(makings[i], config);
        cr_log_info("making %zu: each of %zu allocations has failed", i, failed);
        cr_expect_gt(failed, 0);
        cr_expect_lt(failed, ALLOCATIONS_MAX);
        cr_expect(makings[i](config), "it can be made later");
    }
    rdtls_config_free(config);
}

/* Between two configurations that are there already. */
static struct pair pair_again(const struct pair *old)
{
    struct pair pair = {.client.config = old->client.config, .server.config = old->server.config};
    rdtls_conn_free(old->client.conn);
    rdtls_conn_free(old->server.conn);
    cr_assert_eq(rdtls_conn_new(pair.client.config, RDTLS_CLIENT, 0, 0, &pair.client.conn),
                 RDTLS_OK);
    cr_assert_eq(rdtls_conn_new(pair.server.config, RDTLS_SERVER, 0, 0, &pair.server.conn),
                 RDTLS_OK);
    return pair;
}

/* What libcrypto could not compute is an internal error, or counts as wrong: never as right. */
static bool is_refusal(enum rdtls_status status)
{
    return status == RDTLS_ALERT_INTERNAL_ERROR || status == RDTLS_ALERT_DECRYPT_ERROR ||
           status == RDTLS_ALERT_ILLEGAL_PARAMETER;
}

static void expect_end(const struct pair *pair, bool may_fail, size_t failed)
{
    const struct peer *client = &pair->client;
    const struct peer *server = &pair->server;
    if (client->connected && server->connected)
        return;
    cr_assert(may_fail, "%zu: it failed without a reason", failed);
    cr_assert(client->closed && server->closed, "%zu: one waits for ever", failed);
    const bool ours = is_refusal(client->status);
    const enum rdtls_status said = ours ? client->status : server->status;
    cr_expect(is_refusal(said), "%zu: %s", failed, rdtls_status_name(said));
    cr_expect_eq(ours ? server->status : client->status, RDTLS_RECEIVED_ALERT + said);
}

/* In the middle of a handshake that handshake fails, at either end, and the peer is told. */
Test(out_of_memory, a_handshake_fails_with_an_alert)
{
    struct rdtls_config_options options = default_options();
    options.client_certificate_offer = true;
    options.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    struct pair pair = pair_with(&options, &options);
    cr_assert(pair.client.connected && pair.server.connected);
    size_t failed = 0;
    for (bool was_needed = true; was_needed && failed < ALLOCATIONS_MAX; failed += was_needed) {
        pair = pair_again(&pair);
        allocations_left = failed;
        is_failing = true;
        pair_run(&pair);
        was_needed = !is_failing;
        is_failing = false;
        expect_end(&pair, was_needed, failed);
    }
    cr_log_info("each of %zu allocations has failed", failed);
    cr_expect(failed > 0 && failed < ALLOCATIONS_MAX);
    pair_free(&pair);
}
