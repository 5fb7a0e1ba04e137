/* Which fingerprints of a list decide, and which lists are none. */
#include "signalled_pair_support.h"

struct list {
    struct rdtls_fingerprint of[RDTLS_SIGNALLED_MAX];
    size_t count;
    bool is_good;
};

static void expect_verdict(const struct list *list, bool is_late, const uint16_t *version)
{
    struct pair pair = pair_to_be(version);
    struct list own = *list;
    tell(&pair.server, &pair.client, RDTLS_HASH_SHA256);
    /* What is all zeros stands for the server's own under that hash. */
    for (size_t i = 0; i < own.count; i++)
        if (own.of[i].digest[0] == 0)
            own.of[i] = fingerprint_under(pair.server.config, own.of[i].hash);
    if (is_late)
        pair_run(&pair);
    cr_assert_eq(rdtls_conn_set_fingerprints(pair.client.conn, own.of, own.count), RDTLS_OK);
    peer_poll(&pair.client);
    pair_run(&pair);
    cr_expect_eq(pair.client.connected, list->is_good);
    cr_expect_eq(pair.client.status, list->is_good ? RDTLS_OK : RDTLS_ALERT_BAD_CERTIFICATE);
    pair_free(&pair);
}

/* [rfc8122#5.1] "An endpoint MUST select the set of fingerprints that use its most preferred hash
 * function (out of those offered by the peer) and verify that each certificate used matches one
 * fingerprint out of that set." "If a certificate does not match any such fingerprint, the endpoint
 * MUST NOT establish the TLS connection." */
Test(signalled_lists, of_several_hashes_the_strongest_decides)
{
    const struct rdtls_fingerprint right_256 = {.hash = RDTLS_HASH_SHA256};
    const struct rdtls_fingerprint right_384 = {.hash = RDTLS_HASH_SHA384};
    const struct rdtls_fingerprint right_512 = {.hash = RDTLS_HASH_SHA512};
    const struct rdtls_fingerprint wrong_256 = wrong_fingerprint(RDTLS_HASH_SHA256);
    const struct rdtls_fingerprint wrong_384 = wrong_fingerprint(RDTLS_HASH_SHA384);
    const struct rdtls_fingerprint wrong_512 = wrong_fingerprint(RDTLS_HASH_SHA512);
    const struct list lists[] = {
        {{right_256, wrong_384}, 2, false},
        {{wrong_384, right_256}, 2, false},
        {{right_256, right_384, wrong_512}, 3, false},
        {{wrong_256, right_384}, 2, true},
        {{right_512, wrong_384, wrong_256}, 3, true},
        {{wrong_256, right_256}, 2, true},
        {{wrong_512, wrong_512, wrong_512, wrong_512, wrong_512, wrong_512, wrong_512, right_512},
         RDTLS_SIGNALLED_MAX,
         true},
        {{right_256, right_256}, 2, true},
        {{right_256, right_256, wrong_512, wrong_512}, 4, false},
    };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        expect_verdict(&lists[i], false, only_12);
        expect_verdict(&lists[i], true, only_13);
    }
}

Test(signalled_lists, lists_that_cannot_be_meant)
{
    struct pair pair = pair_to_be(only_12);
    struct rdtls_fingerprint many[RDTLS_SIGNALLED_MAX + 1];
    struct rdtls_conn *conn = pair.server.conn;
    for (size_t i = 0; i <= RDTLS_SIGNALLED_MAX; i++)
        many[i] = wrong_fingerprint(RDTLS_HASH_SHA256);
    cr_expect_eq(rdtls_conn_set_fingerprints(conn, many, 0), RDTLS_INVALID_ARGUMENT);
    cr_expect_eq(rdtls_conn_set_fingerprints(conn, NULL, 1), RDTLS_INVALID_ARGUMENT);
    cr_expect_eq(rdtls_conn_set_fingerprints(conn, many, RDTLS_SIGNALLED_MAX + 1),
                 RDTLS_INVALID_ARGUMENT);
    /* [rfc8122#5] MD5 and SHA-1 are 1 and 2 of the registry, SHA-224 is 3. */
    for (int hash = 0; hash < 256; hash++) {
        many[1].hash = (enum rdtls_hash)hash;
        bool is_known = hash >= RDTLS_HASH_SHA256 && hash <= RDTLS_HASH_SHA512;
        cr_expect_eq(rdtls_conn_set_fingerprints(conn, many, 2),
                     is_known ? RDTLS_OK : RDTLS_INVALID_ARGUMENT);
    }
    tell(&pair.server, &pair.client, RDTLS_HASH_SHA256);
    tell(&pair.client, &pair.server, RDTLS_HASH_SHA256);
    many[1].hash = (enum rdtls_hash)2;
    cr_expect_eq(rdtls_conn_set_fingerprints(conn, many, 2), RDTLS_INVALID_ARGUMENT);
    pair_run(&pair);
    cr_expect(pair.server.connected, "what was refused has changed nothing");
    pair_free(&pair);
}

/* The digest is as long as its hash makes it: nothing behind it is looked at. */
Test(signalled_lists, what_lies_behind_a_digest)
{
    static const size_t lens[HASHES] = {32, 48, 64};
    for (size_t hash = 0; hash < HASHES; hash++) {
        struct pair pair = pair_to_be(only_13);
        struct rdtls_fingerprint right = fingerprint_under(pair.server.config, each_hash[hash]);
        memset(right.digest + lens[hash], 0xa5, sizeof(right.digest) - lens[hash]);
        cr_assert_eq(expect_one(&pair.client, &right), RDTLS_OK);
        tell(&pair.server, &pair.client, RDTLS_HASH_SHA256);
        pair_run(&pair);
        cr_expect(pair.client.connected && pair.server.connected);
        pair_free(&pair);
    }
}

/* One bit, wherever it is. */
Test(signalled_lists, every_bit_of_a_digest_counts)
{
    for (size_t bit = 0; bit < 8 * 64; bit += 37) {
        struct pair pair = pair_to_be(only_12);
        struct rdtls_fingerprint list[2] = {
            wrong_fingerprint(RDTLS_HASH_SHA512),
            fingerprint_under(pair.server.config, RDTLS_HASH_SHA512)};
        list[1].digest[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_eq(rdtls_conn_set_fingerprints(pair.client.conn, list, 2), RDTLS_OK);
        pair_run(&pair);
        cr_expect_eq(pair.client.status, RDTLS_ALERT_BAD_CERTIFICATE);
        pair_free(&pair);
    }
}
