#include "app/memory_watch.h"

#include <stdio.h>
#include <unistd.h>

uint64_t memory_resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return 0;
    }
    unsigned long size = 0;
    unsigned long resident = 0;
    const int read = fscanf(file, "%lu %lu", &size, &resident);
    fclose(file);
    return read == 2 ? (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

void memory_watch_start(struct memory_watch *watch, uint64_t resident_bytes)
{
    *watch = (struct memory_watch){.start = {0, resident_bytes}, .peak = {0, resident_bytes}};
}

void memory_watch_sample(struct memory_watch *watch, struct memory_point point)
{
    if (point.connections >= watch->peak.connections) {
        watch->peak = point;
    }
    if (watch->thousand.connections == 0 && point.connections >= MEMORY_WATCH_CONNECTIONS_MIN) {
        watch->thousand = point;
    }
}

static double slope(struct memory_point from, struct memory_point to)
{
    return ((double)to.resident_bytes - (double)from.resident_bytes) /
           (double)(to.connections - from.connections);
}

bool memory_watch_from_start(const struct memory_watch *watch, double *bytes)
{
    if (watch->peak.connections < MEMORY_WATCH_CONNECTIONS_MIN) {
        return false;
    }
    *bytes = slope(watch->start, watch->peak);
    return true;
}

bool memory_watch_marginal(const struct memory_watch *watch, double *bytes)
{
    const struct memory_point from = watch->thousand;
    if (from.connections == 0 ||
        watch->peak.connections < from.connections + MEMORY_WATCH_CONNECTIONS_MIN) {
        return false;
    }
    *bytes = slope(from, watch->peak);
    return true;
}
