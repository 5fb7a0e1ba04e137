/* RAND_set_rand_method is deprecated since 3.0 in favour of a provider of one's own, which takes
 * ten times as much code. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "libcrypto_random.h"

#include <openssl/rand.h>

#include "seeded.h"

/* libcrypto passes no context to a RAND method, so this has to be the one of the process. */
static struct seeded numbers;

static int fill(unsigned char *out, int len)
{
    if (len < 0)
        return 0;
    seeded_fill(&numbers, out, (size_t)len);
    return 1;
}

static int status(void)
{
    return 1;
}

static const RAND_METHOD method = {
    .bytes = fill,
    .pseudorand = fill,
    .status = status,
};

bool libcrypto_random_install(void)
{
    uint8_t first[8];
    uint8_t second[8];
    if (RAND_set_rand_method(&method) != 1)
        return false;
    libcrypto_random_seed(1);
    bool drawn = RAND_bytes(first, sizeof(first)) == 1;
    libcrypto_random_seed(1);
    drawn = drawn && RAND_priv_bytes(second, sizeof(second)) == 1;
    for (unsigned i = 0; i < sizeof(first); i++)
        drawn = drawn && first[i] == second[i];
    return drawn;
}

void libcrypto_random_seed(uint64_t seed)
{
    numbers = (struct seeded){seed};
}
