/* Whole handshakes that hosts carry and repeat, through a network that loses, duplicates and
 * reorders: every one opens, and nothing is made twice. */
#include "carried_support.h"
#include "rsa_support.h"

static void expect_nothing_repeated(const struct carrier *carrier, uint64_t seed)
{
    struct rdtls_info info;
    rdtls_conn_info(carrier->conn, &info);
    cr_assert_eq(info.retransmits, 0, "seed %lu", (unsigned long)seed);
    cr_assert_eq(carrier->flights, 2, "a hello and a last flight, or an answer and a last word");
    cr_assert_eq(carrier->ended, 2);
    cr_assert_eq(carrier->unkept, 0, "all that was transmitted is of a flight");
}

struct conditions {
    uint16_t version;
    uint16_t mtu;
    bool acknowledgements; /* hosts read the peer's, otherwise they ask the library */
};

/* Returns how many datagrams both have made, and how often one was carried. */
static void open_through(const struct conditions *conditions, uint64_t seed, bool faults,
                         size_t totals[2])
{
    struct rdtls_config_options options = carried_options(conditions->version, conditions->mtu);
    struct carried carried;
    carried_init(&carried, &options, seed);
    if (faults) {
        carried.network.lose = 25;
        carried.network.repeat = 10;
        carried.network.delay = 30;
    }
    carried.client.reads_acknowledgements = conditions->acknowledgements;
    carried.server.reads_acknowledgements = conditions->acknowledgements;
    carried_run(&carried, 29 * SECOND);
    cr_assert(carried.client.connected && carried.server.connected, "seed %lu",
              (unsigned long)seed);
    expect_nothing_repeated(&carried.client, seed);
    expect_nothing_repeated(&carried.server, seed);
    say(&carried, &carried.client, &carried.server);
    say(&carried, &carried.server, &carried.client);
    totals[0] = carried.client.kept + carried.server.kept;
    totals[1] = carried.client.carried + carried.server.carried;
    carried_free(&carried);
}

static void open_by_seeds(const struct conditions *conditions)
{
    enum { SEEDS = 60 };
    size_t calm[2];
    size_t most = 0;
    open_through(conditions, 0, false, calm);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        size_t totals[2];
        open_through(conditions, seed, true, totals);
        /* A signature may be a byte or two longer, and cut a flight elsewhere. */
        cr_assert_leq(totals[0], calm[0] + 2, "as many as without faults, not more");
        most = totals[1] > most ? totals[1] : most;
    }
    cr_expect_gt(most, calm[0], "nothing was ever lost?");
}

Test(carried_handshakes, every_handshake_of_12_opens)
{
    open_by_seeds(&(struct conditions){both_versions[0], 900, true});
    open_by_seeds(&(struct conditions){both_versions[0], 256, true});
}

Test(carried_handshakes, every_handshake_of_13_opens)
{
    open_by_seeds(&(struct conditions){both_versions[1], 900, true});
    open_by_seeds(&(struct conditions){both_versions[1], 256, true});
}

/* Hosts that have no acknowledgements of their own: what the library says is enough. */
Test(carried_handshakes, what_awaits_an_answer_is_enough_to_know)
{
    open_by_seeds(&(struct conditions){both_versions[0], 900, false});
    open_by_seeds(&(struct conditions){both_versions[1], 900, false});
}

/* A client's last flight of 1.3 in more records than an ACK lists, or than are remembered. */
Test(carried_handshakes, a_long_last_flight_is_acknowledged_as_well)
{
    enum { CHAIN = 10, SEEDS = 5 };
    static char chain[CHAIN * sizeof(((struct pem_text *)NULL)->text)];
    EVP_PKEY *key = rsa_key(2048, 65537);
    const struct pem_text certificate = certificate_pem(key);
    const struct pem_text private_key = key_pem(key);
    for (int i = 0; i < CHAIN; i++)
        memcpy(chain + (size_t)i * certificate.len, certificate.text, certificate.len);
    struct rdtls_config_options options = carried_options(both_versions[1], 256);
    options.certificate_pem = chain;
    options.certificate_pem_len = CHAIN * certificate.len;
    options.private_key_pem = private_key.text;
    options.private_key_pem_len = private_key.len;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct carried carried;
        carried_init(&carried, &options, seed);
        carried.network.lose = 10;
        carried_run(&carried, 29 * SECOND);
        cr_assert(carried.client.connected && carried.server.connected);
        cr_expect_gt(carried.client.copy_count, 16);
        cr_expect_not(rdtls_conn_awaits_answer(carried.client.conn), "it was acknowledged");
        expect_nothing_repeated(&carried.client, seed);
        expect_nothing_repeated(&carried.server, seed);
        carried_free(&carried);
    }
    EVP_PKEY_free(key);
}
