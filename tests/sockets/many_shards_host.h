/*
 * A host with sessions on the shards of one server, as an SFU has them: each session belongs to one
 * shard, and its datagrams say which, as the user name of a STUN check does. What it is told:
 *
 *     [ 0: as STUN | 128: as RTP ][ command ][ owner ][ our role ][ anything ... ]
 *
 * and each is answered from where it ended up, with first byte + 1, the command, and the number of
 * the shard that answers.
 */
#ifndef TESTS_MANY_SHARDS_HOST_H
#define TESTS_MANY_SHARDS_HOST_H

#include <ringdtls/ringdtls.h>
#include <stdatomic.h>

enum {
    HOST_SHARDS_MAX = 4,
    HOST_DATAGRAM_MIN = 4,
    AS_STUN = 0,
    AS_RTP = 128,
};

enum host_command {
    COMMAND_WHERE,  /* whoever gets it answers */
    COMMAND_BOUNCE, /* the owner answers: passed on to it when it arrives elsewhere */
    COMMAND_CHECK, /* as BOUNCE; the path becomes one of the session's, which begins with its first:
                      we are the DTLS client */
    COMMAND_SLEEP, /* the owner does nothing else for a while, then answers */
    COMMAND_TO_SELF, /* answered with the status of passing it on to oneself */
    COMMAND_NOWHERE, /* the same, to a shard that does not exist */
    COMMAND_CIRCLE,  /* passed on from shard to shard until that is refused; then answered */
};

enum { SLEEP_MS = 300 };

struct host_shard {
    bool has_session;
    struct rdtls_id session;
    _Atomic uint32_t connected;
    _Atomic uint32_t echoes;
    _Atomic uint32_t no_room; /* of pass_on */
};

struct host {
    struct rdtls_config *config;
    struct rdtls_server *server;
    uint32_t shard_count;
    uint16_t port;
    struct host_shard shards[HOST_SHARDS_MAX];
};

/* Ends the program when it cannot. */
void host_start(struct host *host, uint32_t shard_count, enum rdtls_io io);
void host_stop(struct host *host, struct rdtls_server_stats *stats);

#endif
