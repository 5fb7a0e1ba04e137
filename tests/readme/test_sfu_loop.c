/* The loop of README.md with both ends in one process: classified datagrams, fingerprints, SRTP
 * keys, data behind the handshake, a lost flight that the timer repeats, the end. */
#include "sfu.h"

#include <stdio.h>
#include <stdlib.h>

enum { ON_THE_WAY_MAX = 16, DATAGRAM_MAX = 2048 };

/* What the host's socket would do: the datagrams that were sent to one end. */
struct wire {
    uint8_t datagrams[ON_THE_WAY_MAX][DATAGRAM_MAX];
    size_t len[ON_THE_WAY_MAX];
    size_t count;
    bool loses; /* all that is sent */
};

/* One end: a host with one peer. */
struct sfu {
    struct session session;
    struct wire to_peer;
    struct rdtls_srtp_keys keys;
    bool has_media;
    bool has_ended;
    size_t stun;
    size_t srtp;
    size_t data;
};

static const struct rdtls_path only_path = {.remote_port = 1};

struct session *session_of(struct sfu *sfu, const struct rdtls_path *path)
{
    return path->remote_port == only_path.remote_port && !sfu->has_ended ? &sfu->session : NULL;
}

static struct sfu *host_of(struct session *session)
{
    return session->host;
}

void on_stun(struct sfu *sfu, const struct rdtls_path *path, uint8_t *datagram, size_t len)
{
    (void)path;
    (void)datagram;
    sfu->stun += len;
}

void on_srtp(struct session *session, uint8_t *packet, size_t len)
{
    (void)packet;
    host_of(session)->srtp += len;
}

void on_data(struct session *session, const uint8_t *data, size_t len)
{
    (void)data;
    host_of(session)->data += len;
}

void start_media(struct session *session, const struct rdtls_srtp_keys *keys)
{
    host_of(session)->keys = *keys;
    host_of(session)->has_media = true;
}

void send_datagram(struct session *session, const uint8_t *datagram, size_t len)
{
    struct wire *wire = &host_of(session)->to_peer;
    if (wire->loses || wire->count == ON_THE_WAY_MAX)
        return;
    memcpy(wire->datagrams[wire->count], datagram, len);
    wire->len[wire->count++] = len;
}

void end_session(struct session *session)
{
    rdtls_conn_free(session->conn);
    session->conn = NULL;
    host_of(session)->has_ended = true;
}

/* Deliver what is on the way; false when there was nothing. */
static bool deliver(struct sfu *from, struct sfu *to, uint64_t now)
{
    static struct wire arrived;
    arrived = from->to_peer;
    from->to_peer.count = 0;
    for (size_t i = 0; i < arrived.count; i++)
        on_datagram(to, &only_path, arrived.datagrams[i], arrived.len[i], now);
    return arrived.count > 0;
}

static void talk(struct sfu *client, struct sfu *server, uint64_t now)
{
    enum { ROUNDS_MAX = 16 };
    for (int i = 0; i < ROUNDS_MAX; i++) {
        bool moved = deliver(client, server, now);
        if (!deliver(server, client, now) && !moved)
            return;
    }
}

static bool keys_agree(const struct rdtls_srtp_keys *one, const struct rdtls_srtp_keys *other)
{
    return one->profile == RDTLS_SRTP_AEAD_AES_128_GCM && one->profile == other->profile &&
           memcmp(one->local_key, other->remote_key, one->key_len) == 0 &&
           memcmp(one->remote_key, other->local_key, one->key_len) == 0 &&
           memcmp(one->local_salt, other->remote_salt, one->salt_len) == 0;
}

static bool say(struct sfu *from, struct sfu *to)
{
    uint8_t record[RDTLS_RECORD_HEADROOM + 4 + RDTLS_RECORD_TAILROOM] = {0};
    size_t len;
    if (rdtls_conn_seal(from->session.conn, record, 4, &len) != RDTLS_OK)
        return false;
    on_datagram(to, &only_path, record, len, 0);
    return to->data == 4;
}

static void client_begin(struct sfu *client, const struct rdtls_config *config,
                         const struct rdtls_fingerprint *fingerprint)
{
    if (rdtls_conn_new(config, RDTLS_CLIENT, 0, 0, &client->session.conn) != RDTLS_OK ||
        rdtls_conn_set_fingerprints(client->session.conn, fingerprint, 1) != RDTLS_OK)
        abort();
}

/* The fingerprints of each other's certificates are what signalling would bring. */
static bool run(const struct rdtls_config *config, struct sfu *client, struct sfu *server)
{
    static uint8_t check[] = {0, 1, 0, 0}; /* STUN begins so */
    static uint8_t media[] = {0x80, 111, 0, 1};
    static const uint64_t later = 1100000000; /* behind the first time-out */
    struct rdtls_fingerprint fingerprint = {.hash = RDTLS_HASH_SHA256};
    if (rdtls_config_fingerprint(config, fingerprint.digest) != RDTLS_OK ||
        on_offer(&server->session, config, &fingerprint, 1, 0) != RDTLS_OK)
        return false;
    client_begin(client, config, &fingerprint);
    /* The first flight is lost. */
    client->to_peer.loses = true;
    on_timer(&client->session, 0);
    client->to_peer.loses = false;
    if (client->session.deadline > later)
        return false;
    on_timer(&client->session, later);
    talk(client, server, later);
    on_datagram(server, &only_path, check, sizeof(check), later);
    on_datagram(server, &only_path, media, sizeof(media), later);
    if (!client->has_media || !server->has_media || !keys_agree(&client->keys, &server->keys) ||
        !say(client, server) || !say(server, client))
        return false;
    rdtls_conn_close(client->session.conn);
    on_timer(&client->session, later);
    talk(client, server, later);
    return client->has_ended && server->has_ended && server->stun == sizeof(check) &&
           server->srtp == sizeof(media);
}

int main(void)
{
    static struct sfu server;
    static struct sfu client;
    struct rdtls_config *config;
    server.session.host = &server;
    client.session.host = &client;
    if (configure(&config) != RDTLS_OK)
        return 1;
    bool good = run(config, &client, &server);
    rdtls_conn_free(client.session.conn);
    rdtls_conn_free(server.session.conn);
    rdtls_config_free(config);
    puts(good ? "ok sfu_loop" : "FAIL sfu_loop it did not do what README.md says");
    puts(good ? "1 passed, 0 failed" : "0 passed, 1 failed");
    return good ? 0 : 1;
}
