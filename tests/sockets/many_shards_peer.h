/* A peer of that host: sockets whose datagrams land on the shard that is wanted, and a DTLS
 * connection behind two of them. */
#ifndef TESTS_MANY_SHARDS_PEER_H
#define TESTS_MANY_SHARDS_PEER_H

#include "many_shards_host.h"

enum {
    NS_PER_S = 1000000000,
    ANSWER_MS = 3000,
    DATAGRAM_MAX = 2048,
    STUN_LEN = 60,
};

uint64_t now_ns(void);

/* Connected to the host's port. */
int socket_to(uint16_t port);

/* One whose datagrams the kernel gives to that shard. Ends the program when there is none. */
int socket_that_lands_on(const struct host *host, uint32_t shard);

/* host_role: what the host is to take in a session that begins with this. */
void say(int fd, uint8_t as, enum host_command command, uint32_t owner);
extern enum rdtls_role host_role;

/* 0: nothing came. */
size_t hear(int fd, uint8_t datagram[DATAGRAM_MAX], int timeout_ms);

/* Who answered? -1: nobody, or something else. DTLS that comes meanwhile is dropped: it comes
 * again. */
int ask(int fd, uint8_t as, enum host_command command, uint32_t owner);

/* The same, with another patience than ANSWER_MS. */
struct question {
    uint8_t as;
    enum host_command command;
    uint32_t owner;
};
int ask_for(int fd, const struct question *question, int timeout_ms);

/* In the role that is not host_role. */
struct peer {
    enum rdtls_role role;
    struct rdtls_config *config;
    struct rdtls_conn *conn;
    int at_owner;  /* lands on the session's shard, 0 */
    int elsewhere; /* on shard 1 */
    int send_by;
    uint32_t connected;
    uint32_t closed;
    uint32_t echoes;
};

void peer_start(struct peer *peer, const struct host *host);
void peer_end(struct peer *peer);

/* Take note of events, and send what is to be sent. */
void peer_poll(struct peer *peer);

/* Take what comes at either socket for so long, or until the count is reached. */
void peer_run(struct peer *peer, const uint32_t *count, uint32_t enough, int timeout_ms);

/* A record of five bytes. */
void peer_say(struct peer *peer, int by);

#endif
