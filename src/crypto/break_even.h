/* From how many jobs on eight lanes are cheaper than libcrypto, by kind. A call of the engine takes
 * the same time however many of its lanes are filled, so one measurement of each side is enough. */
#ifndef CRYPTO_BREAK_EVEN_H
#define CRYPTO_BREAK_EVEN_H

#include "crypto/lane_engine.h"
#include "crypto/lane_libcrypto.h"

enum { BREAK_EVEN_NEVER = LANES_WIDE + 1 };

/* Figures of one machine (measured there with this very code), for a host that lends no clock. */
void break_even_assume(uint8_t break_even[LANE_KIND_COUNT]);

/* Who is measured. The first key of a kind stands for all of its kind, also for those of other
 * sets: the engine's time does not depend on the key, but on its length, and certificates of
 * different lengths are rarely used together. */
struct break_even_parties {
    const struct lane_engine *engine;
    const struct lane_libcrypto *libcrypto;
    const struct lane_keys *keys; /* NULL: none */
};

/* Measure on this machine: two milliseconds, with an RSA key of 2048 bits four, of 4096 bits
 * twenty. Signing is measured with its nonces; where the engine has no key of that kind, the figure
 * is the assumed one. */
void break_even_measure(const struct break_even_parties *parties, const struct lane_clock *clock,
                        uint8_t break_even[LANE_KIND_COUNT]);

#endif
