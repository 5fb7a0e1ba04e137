/* libcrypto's randomness from a seed: without it key pairs and ECDSA nonces would differ from run
 * to run, and with them the length of every signature. For the simulation alone. */
#ifndef SIMULATION_LIBCRYPTO_RANDOM_H
#define SIMULATION_LIBCRYPTO_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* From here on libcrypto draws from the seed. false: it does not let us. */
bool libcrypto_random_install(void);

/* Start the numbers anew. */
void libcrypto_random_seed(uint64_t seed);

#endif
