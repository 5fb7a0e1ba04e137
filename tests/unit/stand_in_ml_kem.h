/*
 * ML-KEM-768 for a libcrypto that has none: a provider that looks like it from outside (names,
 * lengths, the check of an encapsulation key, the rejection of a ciphertext) and has nothing of its
 * strength. So what is around it can be tested everywhere.
 */
#ifndef TESTS_STAND_IN_ML_KEM_H
#define TESTS_STAND_IN_ML_KEM_H

#include <stdbool.h>

/* For the rest of the process, unless libcrypto has its own. false: it could not be loaded. */
bool stand_in_ml_kem_load(void);

/* How often the stand-in has made, imported or used a key; 0 as long as it is not there. */
unsigned stand_in_ml_kem_uses(void);

/* Does libcrypto have its own? Ask before the stand-in is loaded. */
bool libcrypto_has_ml_kem(void);

#endif
