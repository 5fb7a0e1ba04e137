/*
 * A configuration as one endpoint uses it. Another one may take its place at any time: handshakes
 * go on with the one that they began with, and everything else follows the newest.
 *
 *     edition_new  ->  environment_adopt: handshakes begin under it  ->  another is adopted
 *                                                                            |
 *                       its last handshake has ended: freed, its configuration given up
 *
 * An established association keeps nothing of an edition. So an edition lasts as long as the
 * slowest handshake that began under it, and handshakes have a time-out.
 */
#ifndef ENDPOINT_EDITION_H
#define ENDPOINT_EDITION_H

#include "base/list.h"
#include "endpoint/config.h"
#include "handshake/handshake.h"

/* The application protocols that an endpoint has ever been told of, by place: an association's is
 * told for as long as it lives, whatever became of the list that it was chosen from. */
struct protocol_names {
    uint32_t count;
    char text[RDTLS_ALPN_NAMES_MAX][RDTLS_ALPN_NAME_MAX + 1];
};

/* What all configurations of one endpoint, or of one server, have in common. */
struct common_ground {
    bool has_room_for_13; /* in the slots of connections */
    bool host_signs;
    struct protocol_names protocols;
};

struct edition {
    struct handshake_environment
        handshake; /* first: lent to the handshakes that begin under it, and led back from there */
    struct list_node node; /* in the environment's list */
    const struct rdtls_config *config;
    struct policy own_policy; /* where secrets go on from the edition before: the configuration's
                                 but for them */
    struct lane_keys *keys;
    uint64_t number; /* for whoever posts it to a shard */
    uint32_t users;  /* handshakes, and one more while it is the newest */
};

struct connection_environment;

/* The ground that a first configuration lays. */
void common_ground_lay(struct common_ground *ground, const struct rdtls_config *config);

/* May this configuration follow? Its protocols are entered when it may. INVALID_ARGUMENT: it speaks
 * 1.3 where there is no room for it, or another signs. NO_ROOM: too many protocols so far. */
MUST_CHECK enum rdtls_status common_ground_admit(struct common_ground *ground,
                                                 const struct rdtls_config *config);

/* Holds the configuration. Any thread. NULL: no memory, or libcrypto cannot. */
struct edition *edition_new(const struct rdtls_config *config, const struct lane_engine *engine);

/* One that was never adopted. NULL: nothing happens. */
void edition_free(struct edition *edition);

/* From now on handshakes begin under it; it is the environment's. protocols: where
 * those of this edition have been entered; NULL: there will never be another edition. */
void environment_adopt(struct connection_environment *environment, struct edition *edition,
                       const struct protocol_names *protocols);

/* What a handshake that begins now is lent, until it is given back. */
const struct handshake_environment *environment_lend(struct connection_environment *environment);
void environment_take_back(struct connection_environment *environment,
                           const struct handshake_environment *lent);

/* Free all editions, also those whose handshakes have not been ended. */
void environment_drop_editions(struct connection_environment *environment);

#endif
