/*
 * The kernel's randomness as the generator of a library context, taken in large pieces. libcrypto's
 * own generator asks for the process id (a system call) at every draw, to notice a fork, and a
 * handshake draws four times. A process that uses this one must not fork and go on with libcrypto
 * in the child.
 */
#ifndef PEERS_KERNEL_RANDOM_H
#define PEERS_KERNEL_RANDOM_H

#include <openssl/types.h>
#include <stdbool.h>

struct kernel_random {
    OSSL_PROVIDER *standard; /* named by hand as soon as there is a second one */
    OSSL_PROVIDER *ours;
};

/* For a library context that one thread uses, before anything was drawn from it. Remove it before
 * the context is freed, whether it was installed or not. */
bool kernel_random_install(struct kernel_random *random, OSSL_LIB_CTX *library);
void kernel_random_remove(struct kernel_random *random);

#endif
