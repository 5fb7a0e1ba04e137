/*
 * One session over paths that the kernel gives to different shards, as a browser's candidates are:
 * a server with several shards, and a peer in this program that looks for such source ports.
 *
 *     many_shards uring|mmsg
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "many_shards_host.h"

enum {
    NS_PER_S = 1000000000,
    NS_PER_MS = 1000000,
    ANSWER_MS = 3000,
    TRIES_MAX = 200, /* source ports, until one lands on a shard */
    DATAGRAM_MAX = 2048,
    STUN_LEN = 60,
};

static unsigned passed;
static unsigned failed;

static void judge(bool is_right, const char *name, const char *what)
{
    if (is_right)
        return;
    printf("FAIL %s %s\n", name, what);
    failed++;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static int socket_to(uint16_t port)
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

static void say(int fd, uint8_t as, enum host_command command, uint32_t owner)
{
    uint8_t datagram[STUN_LEN] = {as, (uint8_t)command, (uint8_t)owner};
    ssize_t sent = send(fd, datagram, sizeof(datagram), 0);
    (void)sent; /* what is lost is missed later */
}

/* 0: nothing came. */
static size_t hear(int fd, uint8_t datagram[DATAGRAM_MAX], int timeout_ms)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    if (poll(&waiting, 1, timeout_ms) != 1)
        return 0;
    ssize_t len = recv(fd, datagram, DATAGRAM_MAX, 0);
    return len > 0 ? (size_t)len : 0;
}

/* Who answered? -1: nobody, or something else. DTLS that comes meanwhile is dropped: it comes
 * again. */
static int ask(int fd, uint8_t as, enum host_command command, uint32_t owner)
{
    uint8_t answer[DATAGRAM_MAX];
    say(fd, as, command, owner);
    size_t len = hear(fd, answer, ANSWER_MS);
    while (len > 0 && rdtls_classify(answer, len) == RDTLS_PROTOCOL_DTLS)
        len = hear(fd, answer, ANSWER_MS);
    bool is_answer = len == STUN_LEN && answer[0] == as + 1 && answer[1] == (uint8_t)command;
    return is_answer ? answer[2] : -1;
}

/* A socket whose datagrams the kernel gives to that shard. */
static int socket_that_lands_on(const struct host *host, uint32_t shard)
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

/* The peer: a DTLS server behind two sockets. */
struct peer {
    struct rdtls_config *config;
    struct rdtls_conn *conn;
    int at_owner;  /* lands on the session's shard */
    int elsewhere; /* does not */
    int send_by;
    uint32_t connected;
    uint32_t closed;
    uint32_t echoes;
};

static void peer_start(struct peer *peer, const struct host *host)
{
    struct rdtls_config_options options;
    *peer = (struct peer){.at_owner = socket_that_lands_on(host, 0),
                          .elsewhere = socket_that_lands_on(host, 1)};
    peer->send_by = peer->at_owner;
    rdtls_config_options_defaults(&options);
    if (rdtls_config_new(&options, &peer->config) != RDTLS_OK ||
        rdtls_conn_new(peer->config, RDTLS_SERVER, 0, now_ns(), &peer->conn) != RDTLS_OK)
        exit(EXIT_FAILURE);
}

static void peer_end(struct peer *peer)
{
    rdtls_conn_free(peer->conn);
    rdtls_config_free(peer->config);
    close(peer->at_owner);
    close(peer->elsewhere);
}

static void peer_poll(struct peer *peer)
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

/* Take what comes at either socket for so long, or until the count is reached. */
static void peer_run(struct peer *peer, const uint32_t *count, uint32_t enough, int timeout_ms)
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

static void peer_say(struct peer *peer, int by)
{
    uint8_t record[RDTLS_RECORD_HEADROOM + 5 + RDTLS_RECORD_TAILROOM];
    size_t len;
    memcpy(record + RDTLS_RECORD_HEADROOM, "hello", 5);
    if (rdtls_conn_seal(peer->conn, record, 5, &len) != RDTLS_OK || send(by, record, len, 0) < 0)
        perror("send a record");
}

/* The handshake begins on one path and is moved, in its middle, to one that lands on another shard:
 * all of it belongs to the first. */
static void check_one_session(struct host *host)
{
    enum { RECORDS = 100 };
    const char *name = "one-session";
    struct peer peer;
    peer_start(&peer, host);
    judge(ask(peer.elsewhere, AS_RTP, COMMAND_WHERE, 0) == 1, name, "nobody has taught it yet");
    judge(ask(peer.at_owner, AS_STUN, COMMAND_CHECK, 0) == 0, name, "the first path's check");
    judge(ask(peer.elsewhere, AS_STUN, COMMAND_CHECK, 0) == 0, name, "the second path's check");
    peer.send_by = peer.elsewhere;
    peer_run(&peer, &peer.connected, 1, ANSWER_MS);
    judge(peer.connected == 1, name, "the handshake goes on by the other path");
    for (uint32_t i = 1; i <= RECORDS; i++) {
        peer_say(&peer, i % 2 == 0 ? peer.at_owner : peer.elsewhere);
        peer_run(&peer, &peer.echoes, i, ANSWER_MS);
    }
    judge(peer.echoes == RECORDS, name, "data both ways");
    judge(ask(peer.elsewhere, AS_RTP, COMMAND_WHERE, 0) == 0, name, "media go to the owner");
    judge(ask(peer.at_owner, AS_RTP, COMMAND_WHERE, 0) == 0, name, "as on the other path");
    judge(ask(peer.elsewhere, AS_STUN, COMMAND_WHERE, 0) == 0, name, "and so does STUN");
    judge(host->shards[0].connected == 1 && host->shards[1].connected == 0, name, "one session");
    judge(host->shards[0].echoes == RECORDS, name, "whose owner had all data");

    /* A session of another shard takes the path over, without anybody having told the first. */
    judge(ask(peer.elsewhere, AS_STUN, COMMAND_CHECK, 1) == 1, name, "the new owner's check");
    judge(ask(peer.elsewhere, AS_RTP, COMMAND_WHERE, 0) == 1, name, "the path is the new owner's");
    judge(ask(peer.at_owner, AS_RTP, COMMAND_WHERE, 0) == 0, name, "the other one is not");
    rdtls_conn_close(peer.conn);
    peer.send_by = peer.at_owner;
    peer_run(&peer, &peer.closed, 1, ANSWER_MS);
    peer_end(&peer);
    passed++;
}

static void check_refusals(const struct host *host)
{
    const char *name = "refusals";
    int fd = socket_that_lands_on(host, 1);
    judge(ask(fd, AS_STUN, COMMAND_TO_SELF, 0) == 1, name, "a shard does not pass on to itself");
    judge(ask(fd, AS_STUN, COMMAND_NOWHERE, 0) == 1, name, "nor to one that does not exist");
    int where = ask(fd, AS_STUN, COMMAND_CIRCLE, 0);
    judge(where == (1 + 3) % (int)host->shard_count, name, "three hops, and no more");
    close(fd);
    passed++;
}

static uint32_t count_answers(int fd, uint8_t as, int timeout_ms)
{
    uint8_t answer[DATAGRAM_MAX];
    uint32_t count = 0;
    while (hear(fd, answer, timeout_ms) > 0)
        count += answer[0] == as + 1;
    return count;
}

/* The owner sleeps: what hosts pass on fills half of its mailbox and is refused from there on, what
 * is steered finds the other half. */
static void check_full_mailbox(struct host *host)
{
    enum { STUN_COUNT = 2000, RTP_COUNT = 300, BURST = 50, BURST_PAUSE_US = 2000 };
    const char *name = "full-mailbox";
    int sleeper = socket_that_lands_on(host, 0);
    int steered = socket_that_lands_on(host, 1);
    int stranger = socket_that_lands_on(host, 1);
    const int large = 1 << 20;
    (void)setsockopt(stranger, SOL_SOCKET, SO_RCVBUF, &large, sizeof(large));
    (void)setsockopt(steered, SOL_SOCKET, SO_RCVBUF, &large, sizeof(large));
    judge(ask(steered, AS_STUN, COMMAND_CHECK, 0) == 0, name, "the steered path's check");
    uint32_t refused_before = host->shards[1].no_room;
    say(sleeper, AS_STUN, COMMAND_SLEEP, 0);
    usleep(BURST_PAUSE_US);
    for (int i = 0; i < STUN_COUNT; i++) {
        say(stranger, AS_STUN, COMMAND_BOUNCE, 0);
        if (i % BURST == 0)
            usleep(BURST_PAUSE_US);
    }
    for (int i = 0; i < RTP_COUNT; i++)
        say(steered, AS_RTP, COMMAND_WHERE, 0);
    uint32_t media = count_answers(steered, AS_RTP, 3 * SLEEP_MS);
    uint32_t stun = count_answers(stranger, AS_STUN, SLEEP_MS);
    uint32_t refused = host->shards[1].no_room - refused_before;
    printf("   %u of STUN answered and %u refused, %u of media answered\n", (unsigned)stun,
           (unsigned)refused, (unsigned)media);
    judge(media == RTP_COUNT, name, "what is steered finds room");
    judge(refused > 0 && stun + refused == STUN_COUNT, name, "each is answered or refused");
    close(sleeper);
    close(steered);
    close(stranger);
    passed++;
}

/* All shards pass on to all others at once. */
static void check_round_about(const struct host *host)
{
    enum { SOCKETS = 8, ROUNDS = 3000 };
    const char *name = "round-about";
    int sockets[SOCKETS];
    uint32_t answers = 0;
    uint8_t answer[DATAGRAM_MAX];
    for (int i = 0; i < SOCKETS; i++)
        sockets[i] = socket_to(host->port);
    for (int round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < SOCKETS; i++)
            say(sockets[i], AS_STUN, COMMAND_BOUNCE, ((uint32_t)round + i) % host->shard_count);
        for (uint32_t i = 0; i < SOCKETS; i++) {
            size_t len = hear(sockets[i], answer, ANSWER_MS);
            answers += len == STUN_LEN && answer[2] == ((uint32_t)round + i) % host->shard_count;
        }
    }
    judge(answers == SOCKETS * ROUNDS, name, "each is answered by its owner, once");
    for (int i = 0; i < SOCKETS; i++)
        close(sockets[i]);
    passed++;
}

int main(int argc, char **argv)
{
    static struct host host;
    struct rdtls_server_stats stats;
    enum rdtls_io io = argc > 1 && strcmp(argv[1], "mmsg") == 0 ? RDTLS_IO_MMSG : RDTLS_IO_URING;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    host_start(&host, 2, io);
    check_refusals(&host);
    check_one_session(&host);
    check_full_mailbox(&host);
    host_stop(&host, &stats);
    judge(stats.datagrams_passed_on > 0, "figures", "what was passed on is counted");
    judge(stats.datagrams_not_passed_on == host.shards[0].no_room + host.shards[1].no_room,
          "figures", "so is what was not");
    host_start(&host, HOST_SHARDS_MAX, io);
    check_round_about(&host);
    check_refusals(&host);
    host_stop(&host, &stats);
    judge(stats.datagrams_not_passed_on == 0, "figures", "nothing was dropped");
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
