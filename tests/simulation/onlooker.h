/*
 * Who has been given the keys of 1.3 that one side of a path sends under, and reads along: which
 * record it is, and what lies in it. Keys are learned from the sender's memory before they can be
 * gone from it, and the last few are remembered.
 */
#ifndef SIMULATION_ONLOOKER_H
#define SIMULATION_ONLOOKER_H

#include "endpoint/connection.h"
#include "records.h"

enum { ONLOOKER_KEYS_MAX = 8, ONLOOKER_RECORD_MAX = 2048 };

struct known_keys {
    struct traffic_keys_13 keys;
    enum aead_kind aead;
    uint16_t epoch;
    struct replay_window window; /* the records that went out */
};

struct onlooker {
    struct known_keys known[ONLOOKER_KEYS_MAX];
    unsigned count;
    unsigned next; /* the oldest, once there are as many as can be */
    const struct protection_engines *engines;
};

/* What was seen. */
struct sight {
    struct opened_record opened; /* within bytes */
    size_t known;                /* which keys */
    uint16_t epoch;
    bool is_repeated; /* its number went out before */
    uint8_t bytes[ONLOOKER_RECORD_MAX];
};

/* The keys that the connection sends under now. */
void onlooker_learn(struct onlooker *onlooker, const struct connection *connection,
                    const struct handshake *handshake);

/* false: under no keys that are known. */
bool onlooker_open(const struct onlooker *onlooker, const uint8_t *datagram,
                   const struct seen_record *record, struct sight *sight);

/* The record goes out. */
void onlooker_note(struct onlooker *onlooker, const struct sight *sight);

#endif
