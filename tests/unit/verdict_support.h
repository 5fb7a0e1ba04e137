/* A pair of which one end, the judge, has ended its handshake and waits for its host's verdict,
 * while the other is CONNECTED and talks. */
#ifndef TESTS_VERDICT_SUPPORT_H
#define TESTS_VERDICT_SUPPORT_H

#include "conn_support.h"
#include "signalled_support.h"

#include "endpoint/conn.h"

enum { SECOND_NS = 1000000000, SAID_MAX = 4096 };

/* Who judges what, in which version. */
struct judging {
    uint16_t version;
    enum rdtls_role judge;
    enum rdtls_verify verify; /* HOST or SIGNALLED */
};

static const struct judging each_judging[] = {
    {0xfefd, RDTLS_SERVER, RDTLS_VERIFY_HOST},      {0xfefd, RDTLS_CLIENT, RDTLS_VERIFY_HOST},
    {0xfefd, RDTLS_SERVER, RDTLS_VERIFY_SIGNALLED}, {0xfefd, RDTLS_CLIENT, RDTLS_VERIFY_SIGNALLED},
    {0xfefc, RDTLS_SERVER, RDTLS_VERIFY_HOST},      {0xfefc, RDTLS_CLIENT, RDTLS_VERIFY_HOST},
    {0xfefc, RDTLS_SERVER, RDTLS_VERIFY_SIGNALLED}, {0xfefc, RDTLS_CLIENT, RDTLS_VERIFY_SIGNALLED},
};
enum { JUDGINGS = sizeof(each_judging) / sizeof(each_judging[0]) };

struct court {
    struct pair pair;
    struct peer *judge;
    struct peer *talker;
    enum rdtls_verify verify;
};

static inline struct rdtls_config_options court_options(const struct judging *judging)
{
    static const uint16_t profiles[] = {RDTLS_SRTP_AEAD_AES_128_GCM};
    struct rdtls_config_options options = default_options();
    options.versions = &judging->version;
    options.version_count = 1;
    options.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.client_certificate_offer = true;
    options.srtp_profiles = profiles;
    options.srtp_profile_count = 1;
    options.key_log = true;
    return options;
}

static inline void court_begin(struct court *court, const struct judging *judging,
                               const struct rdtls_config_options *given)
{
    struct rdtls_config_options options = *given;
    bool is_client = judging->judge == RDTLS_CLIENT;
    options.verify = is_client ? judging->verify : RDTLS_VERIFY_NONE;
    peer_init(&court->pair.client, &options, RDTLS_CLIENT);
    options.verify = is_client ? RDTLS_VERIFY_NONE : judging->verify;
    peer_init(&court->pair.server, &options, RDTLS_SERVER);
    court->judge = is_client ? &court->pair.client : &court->pair.server;
    court->talker = is_client ? &court->pair.server : &court->pair.client;
    court->verify = judging->verify;
}

static inline void court_open(struct court *court, const struct judging *judging)
{
    struct rdtls_config_options options = court_options(judging);
    court_begin(court, judging, &options);
    pair_run(&court->pair);
    cr_assert(court->talker->connected && court->judge->asked && !court->judge->connected);
}

/* The verdict: yes. What follows has not been polled. */
static inline void court_accept(struct court *court)
{
    struct rdtls_fingerprint right = fingerprint_under(court->talker->config, RDTLS_HASH_SHA512);
    enum rdtls_status status = court->verify == RDTLS_VERIFY_HOST
                                   ? rdtls_conn_verify_peer(court->judge->conn, true)
                                   : rdtls_conn_set_fingerprints(court->judge->conn, &right, 1);
    cr_assert_eq(status, RDTLS_OK);
}

static inline enum rdtls_status court_refuse(struct court *court)
{
    const struct rdtls_fingerprint wrong = wrong_fingerprint(RDTLS_HASH_SHA256);
    return court->verify == RDTLS_VERIFY_HOST
               ? rdtls_conn_verify_peer(court->judge->conn, false)
               : rdtls_conn_set_fingerprints(court->judge->conn, &wrong, 1);
}

static inline void court_close(struct court *court)
{
    pair_free(&court->pair);
}

/* A record of the talker's: len bytes that all say `said`. Returns the datagram's length. */
static inline size_t say(struct court *court, uint8_t said, size_t len, uint8_t out[SAID_MAX])
{
    size_t record_len;
    memset(out + RDTLS_RECORD_HEADROOM, said, len);
    cr_assert_eq(rdtls_conn_seal(court->talker->conn, out, len, &record_len), RDTLS_OK);
    return record_len;
}

/* The judge hears it. Nothing is polled. */
static inline void hear(struct court *court, const uint8_t *datagram, size_t len)
{
    static uint8_t copy[SAID_MAX];
    memcpy(copy, datagram, len);
    rdtls_conn_receive(court->judge->conn, copy, len, 0);
}

static inline void tell_judge(struct court *court, uint8_t said, size_t len)
{
    uint8_t datagram[SAID_MAX];
    hear(court, datagram, say(court, said, len, datagram));
}

/* The next event at the judge is a record whose bytes all say this. */
static inline void expect_told(struct court *court, uint8_t said, size_t len)
{
    struct rdtls_event event;
    cr_assert(rdtls_conn_poll(court->judge->conn, &event));
    cr_assert_eq(event.kind, RDTLS_EVENT_DATA);
    cr_assert_eq(event.data_len, len);
    for (size_t i = 0; i < len; i++)
        cr_assert_eq(event.data[i], said);
}

static inline void expect_event(struct court *court, enum rdtls_event_kind kind)
{
    struct rdtls_event event;
    cr_assert(rdtls_conn_poll(court->judge->conn, &event));
    cr_assert_eq(event.kind, kind);
    court->judge->status = event.status;
}

static inline void expect_silence(struct court *court)
{
    struct rdtls_event event;
    cr_assert_not(rdtls_conn_poll(court->judge->conn, &event));
}

static inline uint64_t dropped(const struct court *court, enum rdtls_discard reason)
{
    return court->judge->conn->stats.records_discarded[reason];
}

#endif
