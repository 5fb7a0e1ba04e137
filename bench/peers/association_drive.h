/* What the server does with its associations: first contact, handshake, echo, timers, the end. */
#ifndef PEERS_ASSOCIATION_DRIVE_H
#define PEERS_ASSOCIATION_DRIVE_H

#include "shard.h"

void association_take_datagram(struct shard *shard, const struct path *path,
                               const uint8_t *datagram, size_t len);

/* Look at the timers that are due at shard->now_ns: retransmit, give up, close what is idle. */
void association_run_timers(struct shard *shard);

/* When association_run_timers has something to do next; UINT64_MAX: never. */
uint64_t association_deadline(const struct shard *shard);

void association_say_close(struct shard *shard, struct association *association);
void association_discard(struct shard *shard, struct association *association);

#endif
