#include "kinds.h"

#include <assert.h>
#include <string.h>

enum {
    REPEATS = 32, /* cheap operations are done so many times a connection and round */
    OPERATIONS = REPEATS * PAIR_CONNECTIONS,
    PAYLOAD_MAX = 1100,
    STRANGER_FRAGMENT_LEN = 24, /* what a record of no data has: explicit nonce and tag */
    /* In a ClientHello by our client, which has no session id: records, message, version, random.
     */
    SESSION_ID_LEN_AT = 13 + 12 + 2 + 32,
    COOKIE_LEN_AT = SESSION_ID_LEN_AT + 1,
    COOKIE_AT = COOKIE_LEN_AT + 1,
};

static_assert((int)OPERATIONS <= (int)PAIR_DATAGRAMS_MAX,
              "a round's records are under way at once");

static const uint8_t payload[PAYLOAD_MAX];

static size_t run_handshakes(struct pair *pair, const struct kind *kind)
{
    (void)kind;
    size_t connected = pair->server.connected;
    const uint64_t *resumed = &pair_server_stats(pair)->handshakes_resumed;
    uint64_t expected = *resumed + (pair->session_len > 0 ? PAIR_CONNECTIONS : 0);
    if (!pair_connect(pair))
        return 0;
    pair_settle(pair);
    bool good = pair->server.connected - connected == PAIR_CONNECTIONS && *resumed == expected;
    return good ? PAIR_CONNECTIONS : 0;
}

static bool prepare_hellos(struct pair *pair, const struct kind *kind)
{
    (void)kind;
    if (!pair_connect(pair))
        return false;
    pair_collect_from_client(pair);
    return pair->to_server.count == PAIR_CONNECTIONS;
}

static bool spoil_cookie(struct pair_mail *mail)
{
    if (mail->len <= COOKIE_AT || mail->bytes[SESSION_ID_LEN_AT] != 0 ||
        mail->bytes[COOKIE_LEN_AT] == 0)
        return false;
    mail->bytes[COOKIE_AT] ^= 1;
    return true;
}

static bool prepare_bad_cookies(struct pair *pair, const struct kind *kind)
{
    (void)kind;
    if (!pair_connect(pair) || !pair_step(pair))
        return false;
    pair_collect_from_client(pair);
    bool good = pair->to_server.count == PAIR_CONNECTIONS;
    for (size_t i = 0; good && i < pair->to_server.count; i++)
        good = spoil_cookie(&pair->to_server.mail[i]);
    return good;
}

/* Each hello is answered by a HelloVerifyRequest, and nothing else comes of it. */
static size_t run_hellos(struct pair *pair, const struct kind *kind)
{
    (void)kind;
    const struct rdtls_endpoint_stats *stats = pair_server_stats(pair);
    uint64_t started = stats->handshakes_started;
    uint64_t cookies = stats->cookies_sent;
    for (int i = 0; i < REPEATS; i++)
        pair_serve(pair);
    bool good = stats->handshakes_started == started && stats->cookies_sent - cookies == OPERATIONS;
    return good ? OPERATIONS : 0;
}

static bool prepare_strangers(struct pair *pair, const struct kind *kind)
{
    static const uint8_t header[] = {
        23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, STRANGER_FRAGMENT_LEN};
    (void)kind;
    pair->to_server.count = PAIR_CONNECTIONS;
    for (size_t i = 0; i < PAIR_CONNECTIONS; i++) {
        struct pair_mail *mail = &pair->to_server.mail[i];
        memset(mail, 0, sizeof(*mail));
        memcpy(mail->bytes, header, sizeof(header));
        mail->path.remote_port = (uint16_t)(i + 1);
        mail->len = sizeof(header) + STRANGER_FRAGMENT_LEN;
    }
    return true;
}

/* A record of each association that the server has opened already. */
static bool prepare_replays(struct pair *pair, const struct kind *kind)
{
    for (size_t i = 0; i < PAIR_CONNECTIONS; i++)
        if (rdtls_endpoint_send(pair->client.endpoint, pair->client.ids[i], payload,
                                kind->payload_len) != RDTLS_OK)
            return false;
    pair_collect_from_client(pair);
    pair_serve(pair);
    return pair->to_server.count == PAIR_CONNECTIONS;
}

static size_t run_discards(struct pair *pair, enum rdtls_discard reason)
{
    const uint64_t *discarded = &pair_server_stats(pair)->records_discarded[reason];
    uint64_t before = *discarded;
    for (int i = 0; i < REPEATS; i++)
        pair_serve(pair);
    return *discarded - before == OPERATIONS ? OPERATIONS : 0;
}

static size_t run_strangers(struct pair *pair, const struct kind *kind)
{
    (void)kind;
    return run_discards(pair, RDTLS_DISCARD_STRANGER);
}

static size_t run_replays(struct pair *pair, const struct kind *kind)
{
    (void)kind;
    return run_discards(pair, RDTLS_DISCARD_REPLAY);
}

static bool send_records(struct pair *pair, size_t payload_len)
{
    for (size_t i = 0; i < PAIR_CONNECTIONS; i++)
        for (int k = 0; k < REPEATS; k++)
            if (rdtls_endpoint_send(pair->client.endpoint, pair->client.ids[i], payload,
                                    payload_len) != RDTLS_OK)
                return false;
    return true;
}

static bool prepare_records(struct pair *pair, const struct kind *kind)
{
    bool sent = send_records(pair, kind->payload_len);
    pair_collect_from_client(pair);
    return sent && pair->to_server.count == OPERATIONS;
}

static size_t run_open(struct pair *pair, const struct kind *kind)
{
    (void)kind;
    size_t received = pair->server.records;
    pair_serve(pair);
    return pair->server.records - received == OPERATIONS ? OPERATIONS : 0;
}

/* The client's own sealing stands for everybody's: both roles run the same code. */
static size_t run_seal(struct pair *pair, const struct kind *kind)
{
    meter_begin();
    bool sent = send_records(pair, kind->payload_len);
    meter_end();
    return sent ? OPERATIONS : 0;
}

static void drop_sealed(struct pair *pair)
{
    pair_collect_from_client(pair);
}

/* With a cookie, as by default every one is. */
static const struct operation handshakes = {.run = run_handshakes, .clean_up = pair_close};
static const struct operation first_hellos = {
    .prepare = prepare_hellos, .run = run_hellos, .clean_up = pair_close};
static const struct operation bad_cookies = {
    .prepare = prepare_bad_cookies, .run = run_hellos, .clean_up = pair_close};
static const struct operation strangers = {.prepare = prepare_strangers, .run = run_strangers};
static const struct operation replays = {
    .connected = true, .prepare = prepare_replays, .run = run_replays};
static const struct operation open_records = {
    .connected = true, .prepare = prepare_records, .run = run_open};
static const struct operation seal_records = {
    .connected = true, .run = run_seal, .clean_up = drop_sealed};

enum {
    X25519 = 29,
    P256 = 23,
    AES_128 = 0xc02b,
    AES_256 = 0xc02c,
    AES_128_13 = 0x1301,
};

const struct kind kinds[] = {
    {KIND_HANDSHAKE_12, &handshakes, {X25519, AES_128, false, false}, 0},
    {"full handshake, X25519, AES-256", &handshakes, {X25519, AES_256, false, false}, 0},
    {"full handshake, P-256, AES-128", &handshakes, {P256, AES_128, false, false}, 0},
    {"full handshake, P-256, AES-256", &handshakes, {P256, AES_256, false, false}, 0},
    {"full handshake, X25519, AES-128, client certificate",
     &handshakes,
     {X25519, AES_128, true, false},
     0},
    {"full handshake, X25519, AES-256, client certificate",
     &handshakes,
     {X25519, AES_256, true, false},
     0},
    {"full handshake, P-256, AES-128, client certificate",
     &handshakes,
     {P256, AES_128, true, false},
     0},
    {"full handshake, P-256, AES-256, client certificate",
     &handshakes,
     {P256, AES_256, true, false},
     0},
    {"hello without cookie, answered", &first_hellos, {X25519, AES_128, false, false}, 0},
    {"hello with a bad cookie, answered", &bad_cookies, {X25519, AES_128, false, false}, 0},
    {"look-up misses: stranger's record, dropped", &strangers, {X25519, AES_128, false, false}, 0},
    {"look-up hits: replayed record, dropped", &replays, {X25519, AES_128, false, false}, 64},
    {"open 16 bytes, AES-128", &open_records, {X25519, AES_128, false, false}, 16},
    {"open 64 bytes, AES-128", &open_records, {X25519, AES_128, false, false}, 64},
    {"open 1100 bytes, AES-128", &open_records, {X25519, AES_128, false, false}, PAYLOAD_MAX},
    {"open 1100 bytes, AES-256", &open_records, {X25519, AES_256, false, false}, PAYLOAD_MAX},
    {"seal 16 bytes, AES-128", &seal_records, {X25519, AES_128, false, false}, 16},
    {"seal 64 bytes, AES-128", &seal_records, {X25519, AES_128, false, false}, 64},
    {"seal 1100 bytes, AES-128", &seal_records, {X25519, AES_128, false, false}, PAYLOAD_MAX},
    {"seal 1100 bytes, AES-256", &seal_records, {X25519, AES_256, false, false}, PAYLOAD_MAX},
    {KIND_HANDSHAKE_13, &handshakes, {X25519, AES_128_13, false, false}, 0},
    {KIND_HANDSHAKE_13 ", client certificate", &handshakes, {X25519, AES_128_13, true, false}, 0},
    {"DTLS 1.3: hello without cookie, answered",
     &first_hellos,
     {X25519, AES_128_13, false, false},
     0},
    {"DTLS 1.3: open 1100 bytes, AES-128",
     &open_records,
     {X25519, AES_128_13, false, false},
     PAYLOAD_MAX},
    {"DTLS 1.3: seal 1100 bytes, AES-128",
     &seal_records,
     {X25519, AES_128_13, false, false},
     PAYLOAD_MAX},
    {"resumed handshake, AES-128", &handshakes, {X25519, AES_128, false, true}, 0},
    {"DTLS 1.3: resumed handshake, X25519, AES-128",
     &handshakes,
     {X25519, AES_128_13, false, true},
     0},
};

static_assert(sizeof(kinds) / sizeof(kinds[0]) == KIND_COUNT,
              "the header tells how many there are");

const struct kind *kind_named(const char *name)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

struct pair *kind_open(const struct kind *kind)
{
    struct pair *pair = pair_new(&kind->terms);
    if (pair == NULL || !kind->operation->connected)
        return pair;
    bool connected = pair_connect(pair);
    pair_settle(pair);
    if (connected && pair->server.connected == PAIR_CONNECTIONS)
        return pair;
    pair_free(pair);
    return NULL;
}

bool kind_round(const struct kind *kind, struct pair *pair, struct round *round)
{
    const struct operation *operation = kind->operation;
    if (operation->prepare != NULL && !operation->prepare(pair, kind))
        return false;
    if (round != NULL)
        meter_on();
    size_t operations = operation->run(pair, kind);
    if (round != NULL)
        *round = (struct round){operations, meter_off()};
    if (operation->clean_up != NULL)
        operation->clean_up(pair);
    return operations > 0;
}
