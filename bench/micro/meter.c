#include "meter.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <time.h>
#include <valgrind/callgrind.h>

static struct {
    struct meter_reading reading;
    uint64_t begun_ns;
    bool is_on;
    bool in_part;
} meter;

static uint64_t cpu_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void *counted_malloc(size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    meter.reading.allocations += meter.in_part;
    return malloc(len);
}

static void *counted_realloc(void *old, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    meter.reading.allocations += meter.in_part;
    return realloc(old, len);
}

static void uncounted_free(void *old, const char *file, int line)
{
    (void)file;
    (void)line;
    free(old);
}

bool meter_install(void)
{
    return CRYPTO_set_mem_functions(counted_malloc, counted_realloc, uncounted_free) == 1;
}

void meter_on(void)
{
    meter.reading = (struct meter_reading){0};
    meter.is_on = true;
}

struct meter_reading meter_off(void)
{
    meter.is_on = false;
    return meter.reading;
}

void meter_begin(void)
{
    if (!meter.is_on)
        return;
    meter.begun_ns = cpu_ns();
    meter.in_part = true;
    CALLGRIND_TOGGLE_COLLECT;
}

void meter_end(void)
{
    if (!meter.is_on)
        return;
    CALLGRIND_TOGGLE_COLLECT;
    meter.in_part = false;
    meter.reading.cpu_ns += cpu_ns() - meter.begun_ns;
}
