/* Hazard 13, in DTLS 1.3: keys change before they have protected too much, also of an association
 * that only sends, and when all handshake slots are lent at that moment. */
#include "live_13_support.h"

static const uint64_t after = UINT64_C(1) << 23;
static const uint64_t much_later = UINT64_C(36000) * SECOND;

static struct live one_way(void)
{
    struct live live;
    struct rdtls_config_options options;
    live_13_options(&options);
    options.idle_timeout_ms = 0;
    live_begin_with(&live, &options, &options);
    hosts_exchange(&live.client, &live.server, &live.path, 0);
    cr_assert_eq(live.server.connected, 1);
    live_at_client(&live)->association.write.next_sequence = after;
    live_at_server(&live)->association.read.window = (struct replay_window){after - 1, 1};
    return live;
}

static void send_one(struct live *live)
{
    cr_assert_eq(rdtls_endpoint_send(live->client.endpoint, live->id, (const uint8_t *)"abc", 3),
                 RDTLS_OK);
    cr_expect_leq(rdtls_endpoint_deadline(live->client.endpoint), much_later);
    rdtls_endpoint_tick(live->client.endpoint, much_later);
    hosts_exchange(&live->client, &live->server, &live->path, much_later);
}

static void expect_new_keys(struct live *live)
{
    rdtls_endpoint_tick(live->client.endpoint, much_later + SECOND);
    host_poll(&live->client);
    cr_expect_eq(live->client.closed, 0);
    cr_expect_eq(live_at_client(live)->association.write.epoch, 4);
    live_expect_talking(live);
}

Test(hazard_13, who_has_heard_nothing_for_hours_changes_its_keys)
{
    struct live live = one_way();
    send_one(&live);
    expect_new_keys(&live);
    live_free(&live);
}

Test(hazard_13, keys_are_changed_as_soon_as_there_is_a_slot)
{
    struct live live = one_way();
    struct pool *pool = &live.client.endpoint->environment.handshakes;
    uint32_t lent[64];
    size_t count = 0;
    while (pool->used < small_endpoint().handshakes_max)
        lent[count++] = pool_lend(pool);
    send_one(&live);
    cr_expect_eq(live_at_client(&live)->association.write.epoch, 3);
    while (count > 0)
        pool_give_back(pool, lent[--count]);
    send_one(&live);
    expect_new_keys(&live);
    live_free(&live);
}

static void ask(struct live *live)
{
    connection_update_keys(&live->client.endpoint->environment, live_at_client(live), 0);
}

/* Who wants new keys while some are on their way has them with those. */
Test(hazard_13, wishes_for_new_keys_are_granted_together)
{
    struct live live;
    live_13_init(&live);
    for (int i = 0; i < 3; i++)
        ask(&live);
    live_expect_talking(&live); /* which sends what waits */
    live_expect_talking(&live);
    cr_expect_eq(live_at_client(&live)->association.write.epoch, 4);
    cr_expect_not(live_at_client(&live)->update_wanted);
    live_free(&live);
}

/* A message_seq comes once. */
Test(hazard_13, no_key_update_behind_the_last_message)
{
    struct live live;
    live_13_init(&live);
    live_at_client(&live)->association.final_message_seq = UINT16_MAX;
    ask(&live);
    cr_expect_eq(live_at_client(&live)->handshake, POOL_NONE);
    live_free(&live);
}
