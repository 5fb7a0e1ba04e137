#include "many_shards_peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    NS_PER_MS = 1000000,
    TRIES_MAX = 200, /* source ports, until one lands on a shard */
};

uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

int socket_to(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        perror("many_shards: a socket");
        exit(EXIT_FAILURE);
    }
    return fd;
}

enum rdtls_role host_role = RDTLS_SERVER;

void say(int fd, uint8_t as, enum host_command command, uint32_t owner)
{
    uint8_t datagram[STUN_LEN] = {as, (uint8_t)command, (uint8_t)owner, (uint8_t)host_role};
    ssize_t sent = send(fd, datagram, sizeof(datagram), 0);
    (void)sent; /* what is lost is missed later */
}

size_t hear(int fd, uint8_t datagram[DATAGRAM_MAX], int timeout_ms)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    if (poll(&waiting, 1, timeout_ms) != 1)
        return 0;
    ssize_t len = recv(fd, datagram, DATAGRAM_MAX, 0);
    return len > 0 ? (size_t)len : 0;
}

int ask_for(int fd, const struct question *question, int timeout_ms)
{
    uint8_t answer[DATAGRAM_MAX];
    say(fd, question->as, question->command, question->owner);
    size_t len = hear(fd, answer, timeout_ms);
    while (len > 0 && rdtls_classify(answer, len) == RDTLS_PROTOCOL_DTLS)
        len = hear(fd, answer, timeout_ms);
    bool is_answer =
        len == STUN_LEN && answer[0] == question->as + 1 && answer[1] == (uint8_t)question->command;
    return is_answer ? answer[2] : -1;
}

int ask(int fd, uint8_t as, enum host_command command, uint32_t owner)
{
    const struct question question = {as, command, owner};
    return ask_for(fd, &question, ANSWER_MS);
}

int socket_that_lands_on(const struct host *host, uint32_t shard)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        int fd = socket_to(host->port);
        if (ask(fd, AS_STUN, COMMAND_WHERE, 0) == (int)shard)
            return fd;
        close(fd);
    }
    printf("FAIL no source port leads to shard %u\n", (unsigned)shard);
    exit(EXIT_FAILURE);
}

void peer_start(struct peer *peer, const struct host *host)
{
    struct rdtls_config_options options;
    *peer = (struct peer){.role = host_role == RDTLS_CLIENT ? RDTLS_SERVER : RDTLS_CLIENT,
                          .at_owner = socket_that_lands_on(host, 0),
                          .elsewhere = socket_that_lands_on(host, 1)};
    peer->send_by = peer->at_owner;
    rdtls_config_options_defaults(&options);
    if (rdtls_config_new(&options, &peer->config) != RDTLS_OK ||
        rdtls_conn_new(peer->config, peer->role, 0, now_ns(), &peer->conn) != RDTLS_OK)
        exit(EXIT_FAILURE);
}

void peer_end(struct peer *peer)
{
    rdtls_conn_free(peer->conn);
    rdtls_config_free(peer->config);
    close(peer->at_owner);
    close(peer->elsewhere);
}

void peer_poll(struct peer *peer)
{
    struct rdtls_event event;
    uint8_t out[DATAGRAM_MAX];
    size_t len = 0;
    while (rdtls_conn_poll(peer->conn, &event)) {
        peer->connected += event.kind == RDTLS_EVENT_CONNECTED;
        peer->closed += event.kind == RDTLS_EVENT_CLOSED;
        peer->echoes += event.kind == RDTLS_EVENT_DATA;
    }
    while (rdtls_conn_transmit(peer->conn, out, sizeof(out), &len) == RDTLS_OK && len > 0)
        if (send(peer->send_by, out, len, 0) < 0)
            perror("send");
}

void peer_run(struct peer *peer, const uint32_t *count, uint32_t enough, int timeout_ms)
{
    uint64_t end = now_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    struct pollfd waiting[2] = {{.fd = peer->at_owner, .events = POLLIN},
                                {.fd = peer->elsewhere, .events = POLLIN}};
    while (*count < enough && now_ns() < end) {
        int ready = poll(waiting, 2, 10);
        for (int i = 0; ready > 0 && i < 2; i++) {
            uint8_t datagram[DATAGRAM_MAX];
            if ((waiting[i].revents & POLLIN) == 0)
                continue;
            ssize_t len = recv(waiting[i].fd, datagram, sizeof(datagram), 0);
            if (len > 0 && rdtls_classify(datagram, (size_t)len) == RDTLS_PROTOCOL_DTLS)
                rdtls_conn_receive(peer->conn, datagram, (size_t)len, now_ns());
            peer_poll(peer);
        }
        if (rdtls_conn_deadline(peer->conn) <= now_ns())
            rdtls_conn_tick(peer->conn, now_ns());
        peer_poll(peer);
    }
}

void peer_say(struct peer *peer, int by)
{
    uint8_t record[RDTLS_RECORD_HEADROOM + 5 + RDTLS_RECORD_TAILROOM];
    size_t len;
    memcpy(record + RDTLS_RECORD_HEADROOM, "hello", 5);
    if (rdtls_conn_seal(peer->conn, record, 5, &len) != RDTLS_OK || send(by, record, len, 0) < 0)
        perror("send a record");
}
