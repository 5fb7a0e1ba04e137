/*
 * Had it to end as it did? With few faults: both sides CONNECTED within a bound. On a bad network a
 * handshake may fail, but only when it was given no chance:
 *
 *     A client's flight goes out at some moment s. If from half a second before s until a second
 * after it the network harms no datagram of this path, then the flight arrives, the answer arrives,
 * and so does everything after it: a handshake is six one-way trips of at most a tenth of a second.
 * So each client that timed out must have had harm in every such window.
 */
#ifndef SIMULATION_VERDICT_H
#define SIMULATION_VERDICT_H

#include "world.h"

void verdict_judge(struct world *world, uint64_t bound_ns);

#endif
