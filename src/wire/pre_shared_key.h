/*
 * Resumption in the hellos of DTLS 1.3: psk_key_exchange_modes and pre_shared_key (RFC 8446
 * sections 4.2.9, 4.2.11). Views; form alone is judged here.
 *
 *     ClientHello:  ... extensions ... | pre_shared_key: identities | binders |
 *                   '------------ what the binders cover -----------'
 */
#ifndef WIRE_PRE_SHARED_KEY_H
#define WIRE_PRE_SHARED_KEY_H

#include "base/reader.h"
#include "base/status.h"
#include "base/writer.h"
#include "wire/codepoints.h"
#include "wire/extensions.h"

enum {
    BINDER_MIN = 32,
    BINDERS_LENGTH_LEN = 2,    /* in front of the list */
    PSK_IDENTITY_HEAD_LEN = 2, /* in front of a ticket; the obfuscated age is behind it */
    PSK_OBFUSCATED_AGE_LEN = 4,
    /* pre_shared_key of one identity, without the ticket and its binder */
    PSK_OFFER_OVERHEAD =
        4 + 2 + PSK_IDENTITY_HEAD_LEN + PSK_OBFUSCATED_AGE_LEN + BINDERS_LENGTH_LEN + 1,
    PSK_MODES_LEN = 4 + 1 + 1, /* psk_key_exchange_modes of one mode */
};

/* In a ClientHello that was read. */
struct psk_offer {
    bool modes_present;
    struct bytes modes; /* not empty when present */
    bool present;
    bool is_last;            /* no extension came behind it */
    struct bytes identities; /* one at least; each is whole */
    struct bytes binders;    /* likewise; behind their length in two bytes */
};

/* false: not one of these. Otherwise *well_formed says whether its body is. */
bool psk_offer_read(const struct extension *extension, struct psk_offer *offer, bool *well_formed);

struct psk_identity {
    struct bytes ticket;
    uint32_t obfuscated_age;
    struct bytes binder;
};

/* What is left of an offer's identities and binders. */
struct psk_walk {
    struct reader identities;
    struct reader binders;
};

/* Are there as many binders as identities? */
bool psk_offer_is_paired(const struct psk_offer *offer);

struct psk_walk psk_walk_begin(const struct psk_offer *offer);

/* The next identity with the binder at the same place; false: there is none. */
bool psk_walk_next(struct psk_walk *walk, struct psk_identity *identity);

/* A mode of ours is among them. */
bool psk_offer_allows_dhe(const struct psk_offer *offer);

/* We ask for no other than psk_dhe_ke. */
void psk_modes_write(struct writer *writer);

/* One identity. Nothing may be written behind it. */
void psk_offer_write(struct writer *writer, const struct psk_identity *identity);

/* How many of a ClientHello's bytes its binder covers, when psk_offer_write has ended it. */
size_t psk_covered_len(size_t body_len, size_t binder_len);

#endif
