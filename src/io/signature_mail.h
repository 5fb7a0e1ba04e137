/*
 * Signatures on their way to a shard: any thread posts, the shard's thread collects. A ring of
 * fixed size without locks; a post takes its place with one compare-and-swap, and a full ring
 * refuses.
 *
 *     posted ->  [ letter ][ letter ][ ... ]  -> collected
 *
 * Each place counts its turns, so that neither side ever looks at half a letter: even: empty, odd:
 * a letter lies there. All zero is an empty ring, and pages that no letter has reached stay
 * untouched.
 */
#ifndef IO_SIGNATURE_MAIL_H
#define IO_SIGNATURE_MAIL_H

#include <ringdtls/connection.h>
#include <stdatomic.h>

#include "base/status.h"

enum { SIGNATURE_MAIL_MAX = 4096 }; /* a power of two */

struct signature_letter {
    struct rdtls_id id;
    uint32_t len;
    uint8_t signature[RDTLS_SIGNATURE_MAX];
};

struct signature_place {
    _Atomic uint32_t turn;
    struct signature_letter letter;
};

struct signature_mail {
    struct signature_place *places; /* NULL: nobody posts here */
    _Atomic uint32_t posted;        /* wraps around */
    uint32_t collected;             /* the shard's own */
    _Atomic uint32_t bell;          /* 1: has been rung, and nobody has come yet */
};

/* false: no memory, errno says so. */
MUST_CHECK bool signature_mail_open(struct signature_mail *mail);
void signature_mail_close(struct signature_mail *mail);

/* Any thread. false: full. *ring_bell: the shard may be asleep, and nobody else wakes it. */
MUST_CHECK bool signature_mail_post(struct signature_mail *mail,
                                    const struct signature_letter *letter, bool *ring_bell);

/* The shard. To be called before a pass collects: who posts later rings again. */
void signature_mail_come(struct signature_mail *mail);

/* The shard: the next letter; false when there is none. */
MUST_CHECK bool signature_mail_collect(struct signature_mail *mail,
                                       struct signature_letter *letter);

/* The shard: does one lie there? */
bool signature_mail_waits(const struct signature_mail *mail);

#endif
