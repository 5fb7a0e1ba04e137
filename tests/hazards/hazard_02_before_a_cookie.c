/* Hazard 2: no allocation and no public-key operation for anybody who has not brought a cookie
 * back: both are counted. */
#include "live_support.h"

#include <openssl/crypto.h>

static unsigned long allocations;

static void *counted_malloc(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    allocations++;
    return malloc(len);
}

static void *counted_realloc(void *memory, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    allocations++;
    return realloc(memory, len);
}

static void counted_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

/* Before anybody in the process has used libcrypto: later it does not let us. */
__attribute__((constructor)) static void count_allocations(void)
{
    (void)CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free);
}

/* Our own code allocates nothing after creation (a script looks at the archive); what libcrypto
 * does on its behalf goes through here. */
Test(hazard_02, no_allocation_and_no_public_key_operation)
{
    enum { HELLOS = 1000 };
    struct live live;
    uint8_t hello[DATAGRAM_MAX];
    uint8_t out[DATAGRAM_MAX];
    live_begin(&live);
    size_t len = host_take(&live.client, hello);
    cr_expect_gt(allocations, 0, "they are counted");
    allocations = 0;
    for (uint16_t i = 0; i < HELLOS; i++) {
        struct rdtls_path path = path_number(i);
        store_u16(hello + BODY_AT + 2, i);
        host_receive(&live.server, &path, hello, len, i);
        cr_assert_gt(host_take(&live.server, out), 0);
    }
    cr_expect_eq(allocations, 0);
    const struct rdtls_endpoint_stats *stats = rdtls_endpoint_stats(live.server.endpoint);
    cr_expect_eq(stats->lane_jobs, 0);
    for (size_t i = 0; i < RDTLS_AHEAD_KIND_COUNT; i++)
        cr_expect_eq(stats->made_ahead[i], 0);
    cr_expect_eq(stats->cookies_sent, HELLOS);
    live_free(&live);
}
