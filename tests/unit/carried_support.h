/* Two connections whose hosts carry the handshake inside messages of their own, as browsers do
 * inside STUN: each message has one of the datagrams that are kept, and the CRC-32 of those that
 * have come. Hosts repeat until they know better; the network loses, duplicates and reorders by a
 * seed. */
#ifndef TESTS_CARRIED_SUPPORT_H
#define TESTS_CARRIED_SUPPORT_H

#include <criterion/criterion.h>
#include <ringdtls/ringdtls.h>
#include <string.h>

enum {
    CARRIED_MAX = 1400,
    COPIES_MAX = 64,
    HEARD_MAX = 128,
    ACKNOWLEDGED_MAX = 8, /* in one message, the newest */
    ON_THE_WAY_MAX = 128,
    ATTRIBUTE_DATAGRAM = 0xC070,
    ATTRIBUTE_ACKNOWLEDGED = 0xC071,
};

/* A message on the network. */
struct parcel {
    uint64_t due;
    bool to_server;
    size_t len;
    uint8_t bytes[CARRIED_MAX];
};

struct network {
    uint64_t random;
    unsigned lose, repeat, delay; /* per cent */
    size_t count;
    struct parcel parcels[ON_THE_WAY_MAX];
};

/* A datagram of the flight that is repeated, as it was transmitted. */
struct copy {
    size_t len;
    uint32_t crc;
    bool arrived;
    uint8_t bytes[CARRIED_MAX];
};

struct carrier {
    struct rdtls_config *config;
    struct rdtls_conn *conn;
    bool is_server;
    bool connected;
    bool closed;
    enum rdtls_status status;
    size_t data_len;
    struct copy copies[COPIES_MAX];
    size_t copy_count;
    size_t next; /* of the copies, to be carried */
    bool reads_acknowledgements;
    uint32_t heard[HEARD_MAX]; /* of the peer's datagrams, in the order of their coming */
    size_t heard_count;
    uint64_t sends_at;
    size_t flights;
    size_t ended;                  /* flights whose last datagram was transmitted */
    size_t kept;                   /* datagrams, in all flights */
    size_t carried;                /* and how often one of them was sent */
    size_t unkept;                 /* datagrams that are none of a flight */
    uint32_t crcs[COPIES_MAX * 4]; /* of all that were kept */
};

static inline uint32_t crc_32(const uint8_t *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (UINT32_C(0xEDB88320) & (0 - (crc & 1)));
    }
    return ~crc;
}

static inline uint64_t network_draw(struct network *network)
{
    network->random ^= network->random << 13;
    network->random ^= network->random >> 7;
    network->random ^= network->random << 17;
    return network->random >> 11;
}

static inline bool network_does(struct network *network, unsigned per_cent)
{
    return network_draw(network) % 100 < per_cent;
}

static inline void network_send(struct network *network, const struct carrier *from,
                                const uint8_t *message, size_t len, uint64_t now)
{
    const uint64_t millisecond = 1000000;
    int copies = network_does(network, network->repeat) ? 2 : 1;
    for (int i = 0; i < copies; i++) {
        if (network_does(network, network->lose))
            continue;
        cr_assert_lt(network->count, ON_THE_WAY_MAX);
        struct parcel *parcel = &network->parcels[network->count++];
        uint64_t delay =
            network_does(network, network->delay) ? 5 + network_draw(network) % 200 : 5;
        *parcel = (struct parcel){
            .due = now + delay * millisecond,
            .to_server = !from->is_server,
            .len = len,
        };
        memcpy(parcel->bytes, message, len);
    }
}

/* The next one that is due; false: none. */
static inline bool network_deliver(struct network *network, uint64_t now, struct parcel *parcel)
{
    for (size_t i = 0; i < network->count; i++) {
        if (network->parcels[i].due > now)
            continue;
        *parcel = network->parcels[i];
        network->parcels[i] = network->parcels[--network->count];
        return true;
    }
    return false;
}

static inline void carrier_init(struct carrier *carrier, const struct rdtls_config_options *options,
                                enum rdtls_role role)
{
    *carrier = (struct carrier){.is_server = role == RDTLS_SERVER, .reads_acknowledgements = true};
    cr_assert_eq(rdtls_config_new(options, &carrier->config), RDTLS_OK);
    cr_assert_eq(rdtls_conn_new(carrier->config, role, 0, 0, &carrier->conn), RDTLS_OK);
    cr_assert_eq(rdtls_conn_set_external_retransmission(carrier->conn, true), RDTLS_OK);
}

static inline void carrier_free(struct carrier *carrier)
{
    rdtls_conn_free(carrier->conn);
    rdtls_config_free(carrier->config);
}

static inline bool carrier_has_kept(const struct carrier *carrier, uint32_t crc)
{
    for (size_t i = 0; i < carrier->kept; i++)
        if (carrier->crcs[i] == crc)
            return true;
    return false;
}

/* What was transmitted: nothing twice. */
static inline void keep(struct carrier *carrier, const uint8_t *datagram,
                        const struct rdtls_flight_datagram *sent)
{
    cr_assert_eq(sent->first, carrier->flights == carrier->ended, "flights do not mix");
    if (sent->first) {
        carrier->flights++;
        carrier->copy_count = 0;
        carrier->next = 0;
    }
    carrier->ended += sent->last;
    cr_assert_lt(carrier->copy_count, COPIES_MAX);
    struct copy *copy = &carrier->copies[carrier->copy_count++];
    *copy = (struct copy){.len = sent->len, .crc = crc_32(datagram, sent->len)};
    memcpy(copy->bytes, datagram, sent->len);
    cr_assert_not(carrier_has_kept(carrier, copy->crc), "a datagram was made twice");
    carrier->crcs[carrier->kept++] = copy->crc;
}

static inline void carrier_settle(struct carrier *carrier)
{
    struct rdtls_event event;
    struct rdtls_flight_datagram sent;
    uint8_t datagram[CARRIED_MAX];
    while (rdtls_conn_poll(carrier->conn, &event)) {
        carrier->connected = carrier->connected || event.kind == RDTLS_EVENT_CONNECTED;
        carrier->closed = carrier->closed || event.kind == RDTLS_EVENT_CLOSED;
        carrier->status = event.status;
        if (event.kind == RDTLS_EVENT_DATA)
            carrier->data_len += event.data_len;
    }
    for (;;) {
        cr_assert_eq(rdtls_conn_transmit_flight(carrier->conn, datagram, sizeof(datagram), &sent),
                     RDTLS_OK);
        if (sent.len == 0)
            break;
        if (sent.repeat)
            keep(carrier, datagram, &sent);
        else
            carrier->unkept++;
    }
}

/* Is a copy still to be carried? By the peer's acknowledgements, or where there are none, by what
 * the library says. */
static inline bool copy_is_out(const struct carrier *carrier, const struct copy *copy)
{
    return carrier->reads_acknowledgements ? !copy->arrived
                                           : rdtls_conn_awaits_answer(carrier->conn);
}

static inline bool carrier_has_more(const struct carrier *carrier)
{
    for (size_t i = 0; i < carrier->copy_count; i++)
        if (copy_is_out(carrier, &carrier->copies[i]))
            return true;
    return false;
}

static inline size_t put_16(uint8_t *out, size_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return 2;
}

static inline size_t get_16(const uint8_t *in)
{
    return (size_t)in[0] << 8 | in[1];
}

/* The next datagram in turn, and what has been heard. */
static inline void carrier_send(struct carrier *carrier, struct network *network, uint64_t now)
{
    uint8_t message[CARRIED_MAX];
    size_t len = 0;
    for (size_t i = 0; i < carrier->copy_count; i++) {
        const struct copy *copy = &carrier->copies[carrier->next++ % carrier->copy_count];
        if (!copy_is_out(carrier, copy))
            continue;
        len += put_16(message + len, ATTRIBUTE_DATAGRAM);
        len += put_16(message + len, copy->len);
        memcpy(message + len, copy->bytes, copy->len);
        len += copy->len;
        carrier->carried++;
        break;
    }
    size_t listed =
        carrier->heard_count < ACKNOWLEDGED_MAX ? carrier->heard_count : ACKNOWLEDGED_MAX;
    len += put_16(message + len, ATTRIBUTE_ACKNOWLEDGED);
    len += put_16(message + len, listed * 4);
    for (size_t i = carrier->heard_count - listed; i < carrier->heard_count; i++) {
        len += put_16(message + len, carrier->heard[i] >> 16);
        len += put_16(message + len, carrier->heard[i] & 0xffff);
    }
    network_send(network, carrier, message, len, now);
}

static inline void carrier_note(struct carrier *carrier, uint32_t crc)
{
    size_t known = 0;
    while (known < carrier->heard_count && carrier->heard[known] != crc)
        known++;
    if (known < carrier->heard_count)
        return;
    cr_assert_lt(carrier->heard_count, HEARD_MAX);
    carrier->heard[carrier->heard_count++] = crc;
}

static inline void carrier_receive(struct carrier *carrier, const struct carrier *from,
                                   struct parcel *parcel, uint64_t now)
{
    size_t at = 0;
    while (at < parcel->len) {
        size_t type = get_16(parcel->bytes + at);
        size_t len = get_16(parcel->bytes + at + 2);
        uint8_t *value = parcel->bytes + at + 4;
        at += 4 + len;
        if (type == ATTRIBUTE_DATAGRAM) {
            uint32_t crc = crc_32(value, len);
            cr_assert(carrier_has_kept(from, crc), "it differs from its first copy");
            rdtls_conn_receive(carrier->conn, value, len, now);
            if (rdtls_conn_has_taken(carrier->conn))
                carrier_note(carrier, crc);
            carrier_settle(carrier);
        }
        for (size_t i = 0; type == ATTRIBUTE_ACKNOWLEDGED && i < len; i += 4)
            for (size_t j = 0; j < carrier->copy_count; j++)
                if (carrier->copies[j].crc == (get_16(value + i) << 16 | get_16(value + i + 2)))
                    carrier->copies[j].arrived = true;
    }
}

#define MILLISECOND UINT64_C(1000000)
#define SECOND      UINT64_C(1000000000)

static const uint16_t both_versions[] = {0xfefd, 0xfefc};

/* A retransmission timer that would run between any two messages, if one did. */
static inline struct rdtls_config_options carried_options(uint16_t version, uint16_t mtu)
{
    /* Not what depends on the libcrypto that is found. */
    static const uint16_t groups[] = {29, 23, 24};
    struct rdtls_config_options options;
    rdtls_config_options_defaults(&options);
    options.versions = version == both_versions[0] ? &both_versions[0] : &both_versions[1];
    options.version_count = 1;
    options.groups = groups;
    options.group_count = 3;
    options.mtu = mtu;
    options.retransmit_initial_ms = options.retransmit_max_ms = 20;
    options.retransmit_count_max = 1000000;
    options.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    options.client_certificate_offer = true;
    return options;
}

struct carried {
    struct carrier client;
    struct carrier server;
    struct network network;
    uint64_t now;
};

static inline void carried_init(struct carried *carried, const struct rdtls_config_options *options,
                                uint64_t seed)
{
    *carried = (struct carried){
        .network = {.random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1},
    };
    carrier_init(&carried->client, options, RDTLS_CLIENT);
    carrier_init(&carried->server, options, RDTLS_SERVER);
    carrier_settle(&carried->client);
}

static inline void carried_free(struct carried *carried)
{
    carrier_free(&carried->client);
    carrier_free(&carried->server);
}

static inline void turn_of(struct carried *carried, struct carrier *carrier)
{
    if (carried->now >= rdtls_conn_deadline(carrier->conn)) {
        rdtls_conn_tick(carrier->conn, carried->now);
        carrier_settle(carrier);
    }
    if (carried->now < carrier->sends_at)
        return;
    carrier->sends_at = carried->now + 50 * MILLISECOND;
    carrier_send(carrier, &carried->network, carried->now);
}

static inline void carried_run(struct carried *carried, uint64_t until)
{
    struct carrier *client = &carried->client;
    struct carrier *server = &carried->server;
    struct parcel parcel;
    while (carried->now < until) {
        bool is_over = client->connected && server->connected && !carrier_has_more(client) &&
                       !carrier_has_more(server);
        if (is_over)
            return;
        turn_of(carried, client);
        turn_of(carried, server);
        while (network_deliver(&carried->network, carried->now, &parcel)) {
            if (parcel.to_server)
                carrier_receive(server, client, &parcel, carried->now);
            else
                carrier_receive(client, server, &parcel, carried->now);
        }
        carried->now += 5 * MILLISECOND;
    }
}

/* A record of data, which goes beside the messages. */
static inline void say(struct carried *carried, struct carrier *from, struct carrier *to)
{
    uint8_t record[RDTLS_RECORD_HEADROOM + 3 + RDTLS_RECORD_TAILROOM] = {0};
    size_t len;
    size_t before = to->data_len;
    cr_assert_eq(rdtls_conn_seal(from->conn, record, 3, &len), RDTLS_OK);
    rdtls_conn_receive(to->conn, record, len, carried->now);
    carrier_settle(to);
    cr_assert_eq(to->data_len, before + 3);
}
#endif
