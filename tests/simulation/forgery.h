/* Records that nobody with a key has made, put before real ones: none of them may change anything.
 */
#ifndef SIMULATION_FORGERY_H
#define SIMULATION_FORGERY_H

#include "world.h"

/* Before the datagram is received: a corrupted copy of its protected record, or something blind in
 * the clear. */
void forgery_try(struct world *world, struct host *host, const struct flying *datagram);

/* After it was received: the same protected record once more. */
void forgery_replay(struct world *world, struct host *host, const struct flying *datagram);

/* What is no hello and comes from where no association is known to be changes nothing either,
 * whoever sent it. false: it is none of these, and was not received. */
bool forgery_receive_stranger(struct world *world, struct host *host,
                              const struct flying *datagram);

#endif
