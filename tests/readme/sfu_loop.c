/* The loop of README.md, compiled and run: an SFU that tells its peers apart itself drives one
 * connection. */
#include <ringdtls/ringdtls.h>
#include <stdio.h>
#include <string.h>

/* What the host's socket would do: the last datagrams that were sent, for the other side to
 * receive. */
struct wire {
    uint8_t datagrams[8][2048];
    size_t len[8];
    size_t count;
};

struct peer {
    struct rdtls_conn *conn;
    struct wire *out;
    bool connected;
};

static void send_datagram(struct peer *peer, const uint8_t *datagram, size_t len)
{
    memcpy(peer->out->datagrams[peer->out->count], datagram, len);
    peer->out->len[peer->out->count++] = len;
}

static void start_media(struct peer *peer)
{
    peer->connected = true;
}

static void forget(struct peer *peer)
{
    peer->connected = false;
}

static void from_peer(struct peer *peer, const uint8_t *data, size_t len)
{
    (void)peer;
    (void)data;
    (void)len;
}

/* README: begin */
static void on_dtls(struct peer *peer, uint8_t *datagram, size_t len, uint64_t now)
{
    struct rdtls_event event;
    uint8_t out[1200];
    rdtls_conn_receive(peer->conn, datagram, len, now);
    while (rdtls_conn_poll(peer->conn, &event)) {
        if (event.kind == RDTLS_EVENT_CONNECTED)
            start_media(peer);
        else if (event.kind == RDTLS_EVENT_DATA)
            from_peer(peer, event.data, event.data_len);
        else if (event.kind == RDTLS_EVENT_CLOSED)
            forget(peer);
    }
    while (rdtls_conn_transmit(peer->conn, out, sizeof(out), &len) == RDTLS_OK && len > 0)
        send_datagram(peer, out, len);
    /* and at rdtls_conn_deadline(peer->conn): rdtls_conn_tick(peer->conn, now), then the two loops
     * again */
}
/* README: end */

/* Deliver what is on the way to a peer; false when there was nothing. */
static bool deliver(struct wire *wire, struct peer *to)
{
    struct wire arrived = *wire;
    wire->count = 0;
    for (size_t i = 0; i < arrived.count; i++)
        on_dtls(to, arrived.datagrams[i], arrived.len[i], 0);
    return arrived.count > 0;
}

int main(void)
{
    static struct wire to_server;
    static struct wire to_client;
    struct rdtls_config_options options;
    struct rdtls_config *config;
    struct peer server = {.out = &to_client};
    struct peer client = {.out = &to_server};
    rdtls_config_options_defaults(&options);
    if (rdtls_config_new(&options, &config) != RDTLS_OK ||
        rdtls_conn_new(config, RDTLS_SERVER, 0, 0, &server.conn) != RDTLS_OK ||
        rdtls_conn_new(config, RDTLS_CLIENT, 0, 0, &client.conn) != RDTLS_OK)
        return 1;
    on_dtls(&client, to_client.datagrams[0], 0, 0);
    for (int i = 0; i < 10 && (deliver(&to_server, &server) || deliver(&to_client, &client)); i++) {
    }
    bool good = server.connected && client.connected;
    rdtls_conn_free(server.conn);
    rdtls_conn_free(client.conn);
    rdtls_config_free(config);
    puts(good ? "ok sfu_loop" : "FAIL sfu_loop not connected");
    puts(good ? "1 passed, 0 failed" : "0 passed, 1 failed");
    return good ? 0 : 1;
}
