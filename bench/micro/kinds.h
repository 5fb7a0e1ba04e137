/* The kinds of operation that are measured: a row for each. */
#ifndef MICRO_KINDS_H
#define MICRO_KINDS_H

#include "meter.h"
#include "pair.h"

enum { KIND_COUNT = 27 };

/* What DTLS 1.3 may cost on top of DTLS 1.2: the difference between these two. */
#define KIND_HANDSHAKE_12 "full handshake, X25519, AES-128"
#define KIND_HANDSHAKE_13 "DTLS 1.3: full handshake, X25519, AES-128"

struct kind;

/* A round is prepared, run and cleaned up; the meter is on while it runs. */
struct operation {
    bool connected; /* its rounds want associations that are open */
    bool (*prepare)(struct pair *pair, const struct kind *kind); /* false: it went wrong */
    size_t (*run)(struct pair *pair, const struct kind *kind);   /* how many; 0: it went wrong */
    void (*clean_up)(struct pair *pair);
};

struct kind {
    const char *name; /* as printed, and in all files of figures */
    const struct operation *operation;
    struct pair_terms terms;
    size_t payload_len; /* of records */
};

struct round {
    size_t operations;
    struct meter_reading cost; /* of them all */
};

extern const struct kind kinds[KIND_COUNT];

/* NULL: there is none of this name. */
const struct kind *kind_named(const char *name);

/* The two ends, ready for rounds. NULL: it went wrong. */
struct pair *kind_open(const struct kind *kind);

/* round NULL: it is not metered. false: it went wrong. */
bool kind_round(const struct kind *kind, struct pair *pair, struct round *round);

#endif
