/*
 * One session over paths that the kernel gives to different shards, as a browser's candidates are:
 * a server with several shards, and a peer in this program that looks for such source ports.
 *
 *     many_shards uring|mmsg
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "many_shards_peer.h"

static unsigned passed;
static unsigned failed;

static void judge(bool is_right, const char *name, const char *what)
{
    if (is_right)
        return;
    printf("FAIL %s %s\n", name, what);
    failed++;
}

/* Shards tell each other whose a path is: soon they agree. */
static bool comes_to(int fd, uint32_t shard)
{
    enum { ROUNDS = 20 };
    for (int i = 0; i < ROUNDS; i++)
        if (ask(fd, AS_RTP, COMMAND_WHERE, 0) == (int)shard)
            return true;
    return false;
}

/* The handshake begins on one path and is moved, in its middle, to one that lands on another shard:
 * all of it belongs to the first. */
static void check_one_session(const struct host *host, enum rdtls_role role)
{
    enum { RECORDS = 100 };
    const char *name = role == RDTLS_CLIENT ? "one-session-client" : "one-session-server";
    struct peer peer;
    uint32_t connected_before = host->shards[0].connected;
    uint32_t echoes_before = host->shards[0].echoes;
    host_role = role;
    peer_start(&peer, host);
    judge(ask(peer.elsewhere, AS_RTP, COMMAND_WHERE, 0) == 1, name, "nobody has taught it yet");
    judge(ask(peer.at_owner, AS_STUN, COMMAND_CHECK, 0) == 0, name, "the first path's check");
    judge(ask(peer.elsewhere, AS_STUN, COMMAND_CHECK, 0) == 0, name, "the second path's check");
    if (peer.role == RDTLS_CLIENT)
        peer_poll(&peer); /* its hello goes by the first path, all that follows by the second */
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
    judge(host->shards[0].connected == connected_before + 1 && host->shards[1].connected == 0, name,
          "one session");
    judge(host->shards[0].echoes == echoes_before + RECORDS, name, "whose owner had all data");

    /* Checks of other shards' sessions in its name, wherever these live, take nothing away. */
    for (uint32_t other = 1; other < host->shard_count; other++) {
        judge(ask(peer.elsewhere, AS_STUN, COMMAND_CHECK, other) == (int)other, name,
              "somebody else's check");
        judge(comes_to(peer.elsewhere, 0), name, "the path stays");
    }
    peer_say(&peer, peer.elsewhere);
    peer_run(&peer, &peer.echoes, RECORDS + 1, ANSWER_MS);
    judge(peer.echoes == RECORDS + 1, name, "and so do its records");
    rdtls_conn_close(peer.conn);
    peer.send_by = peer.at_owner;
    peer_run(&peer, &peer.closed, 1, ANSWER_MS);

    /* It has ended: now a session of another shard may have the path. */
    judge(ask(peer.elsewhere, AS_STUN, COMMAND_CHECK, 1) == 1, name, "the new owner's check");
    judge(comes_to(peer.elsewhere, 1), name, "the path is the new owner's");
    judge(ask(peer.at_owner, AS_RTP, COMMAND_WHERE, 0) == 0, name, "the other one is not");
    peer_end(&peer);
    passed++;
}

/* It came before the check that opens its path, on the wrong shard: it is answered as soon as the
 * owner is known, and not when the client says it again. */
static void check_early_hello(const struct host *host)
{
    const char *name = "early-hello";
    struct peer peer;
    struct rdtls_info info;
    host_role = RDTLS_SERVER;
    peer_start(&peer, host);
    peer.send_by = peer.elsewhere;
    peer_poll(&peer);
    judge(ask(peer.elsewhere, AS_STUN, COMMAND_CHECK, 0) == 0, name, "the check");
    peer_run(&peer, &peer.connected, 1, ANSWER_MS);
    rdtls_conn_info(peer.conn, &info);
    judge(peer.connected == 1, name, "the handshake completes");
    judge(info.retransmits == 0, name, "without anything having been said again");
    rdtls_conn_close(peer.conn);
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
static void check_full_mailbox(const struct host *host)
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

/* The same datagram, as fast as the kernel takes it, and nobody reads the answers. */
struct flood {
    int socket;
    uint8_t datagram[DATAGRAM_MAX];
    size_t len;
    atomic_bool ends;
    pthread_t thread;
};

static void *flood_on_and_on(void *argument)
{
    struct flood *flood = argument;
    while (!atomic_load(&flood->ends)) {
        ssize_t sent = send(flood->socket, flood->datagram, flood->len, 0);
        (void)sent;
    }
    return NULL;
}

static void flood_begin(struct flood *flood, const struct host *host)
{
    flood->socket = socket_that_lands_on(host, 0);
    atomic_store(&flood->ends, false);
    if (pthread_create(&flood->thread, NULL, flood_on_and_on, flood) != 0)
        exit(EXIT_FAILURE);
}

static void flood_end(struct flood *flood)
{
    atomic_store(&flood->ends, true);
    pthread_join(flood->thread, NULL);
    close(flood->socket);
}

/* What the kernel drops is said again. */
static void expect_progress(struct peer *peer, const char *name)
{
    enum { EXCHANGES = 50, AGAIN_MS = 50, FLOOD_S = 10 };
    uint64_t end = now_ns() + (uint64_t)FLOOD_S * NS_PER_S;
    uint32_t enough = peer->echoes + EXCHANGES;
    while (peer->echoes < enough && now_ns() < end) {
        peer_say(peer, peer->at_owner);
        peer_run(peer, &peer->echoes, peer->echoes + 1, AGAIN_MS);
    }
    judge(peer->echoes >= enough, name, "an association goes on");
    const struct question question = {AS_STUN, COMMAND_WHERE, 0};
    uint32_t answers = 0;
    end = now_ns() + (uint64_t)FLOOD_S * NS_PER_S;
    while (answers < EXCHANGES && now_ns() < end)
        answers += ask_for(peer->at_owner, &question, AGAIN_MS) == 0;
    judge(answers >= EXCHANGES, name, "and so does STUN");
}

/* A flood at the owner's own socket, of STUN or of hellos: neither keeps the others out. */
static void check_floods(const struct host *host)
{
    static struct flood flood;
    struct rdtls_config *config = NULL;
    struct rdtls_conn *client = NULL;
    struct rdtls_config_options options;
    struct peer peer;
    peer_start(&peer, host);
    judge(ask(peer.at_owner, AS_STUN, COMMAND_CHECK, 0) == 0, "floods", "the check");
    peer_poll(&peer);
    peer_run(&peer, &peer.connected, 1, ANSWER_MS);
    judge(peer.connected == 1, "floods", "a session before it");

    flood.len = STUN_LEN;
    flood.datagram[1] = COMMAND_WHERE;
    flood_begin(&flood, host);
    expect_progress(&peer, "flood-of-stun");
    flood_end(&flood);

    rdtls_config_options_defaults(&options);
    if (rdtls_config_new(&options, &config) != RDTLS_OK ||
        rdtls_conn_new(config, RDTLS_CLIENT, 0, now_ns(), &client) != RDTLS_OK ||
        rdtls_conn_transmit(client, flood.datagram, DATAGRAM_MAX, &flood.len) != RDTLS_OK)
        exit(EXIT_FAILURE);
    flood_begin(&flood, host);
    expect_progress(&peer, "flood-of-hellos");
    flood_end(&flood);
    rdtls_conn_free(client);
    rdtls_config_free(config);
    rdtls_conn_close(peer.conn);
    peer_run(&peer, &peer.closed, 1, ANSWER_MS);
    peer_end(&peer);
    passed++;
}

/* One session that checks paths without end teaches only so many of them; all are answered. */
static void check_lessons(const struct host *host)
{
    enum { SOCKETS = 64, PER_SECOND = 16 };
    const char *name = "lessons";
    int sockets[SOCKETS];
    uint32_t answered = 0;
    uint32_t taught = 0;
    host_role = RDTLS_SERVER;
    for (int i = 0; i < SOCKETS; i++)
        sockets[i] = socket_that_lands_on(host, 1);
    uint64_t begin = now_ns();
    for (int i = 0; i < SOCKETS; i++)
        answered += ask(sockets[i], AS_STUN, COMMAND_CHECK, 0) == 0;
    uint32_t seconds = (uint32_t)((now_ns() - begin) / NS_PER_S);
    for (int i = 0; i < SOCKETS; i++) {
        taught += ask(sockets[i], AS_RTP, COMMAND_WHERE, 0) == 0;
        close(sockets[i]);
    }
    judge(answered == SOCKETS, name, "each check is answered by the owner");
    judge(taught >= PER_SECOND, name, "paths are taught");
    judge(taught <= PER_SECOND * (seconds + 2), name, "but not without end");
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
    check_one_session(&host, RDTLS_CLIENT);
    check_one_session(&host, RDTLS_SERVER);
    check_early_hello(&host);
    check_full_mailbox(&host);
    check_floods(&host);
    check_lessons(&host);
    host_stop(&host, &stats);
    judge(stats.datagrams_passed_on > 0, "figures", "what was passed on is counted");
    judge(stats.datagrams_not_passed_on == host.shards[0].no_room + host.shards[1].no_room,
          "figures", "so is what was not");
    host_start(&host, HOST_SHARDS_MAX, io);
    check_round_about(&host);
    check_refusals(&host);
    check_one_session(&host, RDTLS_SERVER);
    host_stop(&host, &stats);
    judge(stats.datagrams_not_passed_on == 0, "figures", "nothing was dropped");
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
