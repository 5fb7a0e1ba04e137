/* gettimeofday of the test's own, which usrsctp asks for round trips and lifetimes: with virtual
 * time it would find that nothing takes any. */
#ifndef TESTS_STAND_IN_CLOCK_H
#define TESTS_STAND_IN_CLOCK_H

#include <stdint.h>

/* From now on it is so late, for all of the process. 0: as late as it is. */
void stand_in_clock_set(uint64_t now_ns);

#endif
