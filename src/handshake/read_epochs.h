/*
 * The epochs that an association of 1.3 reads, as KeyUpdates come (RFC 9147 section 8).
 *
 *     read_moves: the peer has updated      n current, n + 1 made anew for each record that may be
 * its first a record of n + 1 was authentic       n + 1 current, n made anew for each late record:
 * read_lags READ_LATE_MAX records later           n + 1 alone
 *
 * One secret is kept for all of them, the oldest, from which the others follow: so what was read
 * before is given up when late records have had their time, and no later than with the next
 * KeyUpdate.
 */
#ifndef HANDSHAKE_READ_EPOCHS_H
#define HANDSHAKE_READ_EPOCHS_H

#include "handshake/association.h"

/* Late records are taken until so many have come under the new keys: what is later than that has
 * been lost. */
enum { READ_LATE_MAX = 1024 };

/* The newest secret that the peer sends under, and which epoch's it is. digest_len bytes. */
uint16_t read_epochs_secret(const struct association *association, uint8_t secret[DIGEST_LEN_MAX]);

/* The peer has updated its keys; the epoch does not move before a record has come under the new
 * ones. */
void read_epochs_announce(struct association *association);

/* Keys of the epoch behind the current one, when read_moves; of the one before it, when read_lags.
 * The caller wipes them. */
void read_epochs_other_keys(const struct association *association, struct traffic_keys_13 *keys);

/* A record was authentic under the next epoch's keys: it is the current one now. */
void read_epochs_move(struct association *association, const struct traffic_keys_13 *keys);

/* A record of the current epoch was authentic: has the one before it had its time? */
void read_epochs_age(struct association *association);

#endif
