#include "loadgen/schedule.h"

static uint64_t share(uint64_t total, uint32_t thread, uint32_t threads)
{
    return total / threads + (thread < total % threads ? 1 : 0);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Of the whole run. */
static uint64_t attempts_total(const struct load_options *options)
{
    if (options->handshakes != 0) {
        return options->handshakes;
    }
    return options->rate > 0 ? (uint64_t)(options->rate * options->duration_s) : SCHEDULE_ENDLESS;
}

static uint64_t in_flight_total(const struct load_options *options)
{
    const uint64_t limit =
        options->rate > 0 ? (uint64_t)SCHEDULE_OPEN_LOOP_MAX : options->concurrency;
    return least(limit, attempts_total(options));
}

uint32_t schedule_threads(const struct load_options *options, uint32_t cores)
{
    const uint32_t wanted = options->threads != 0 ? options->threads : cores;
    return (uint32_t)least(wanted, in_flight_total(options));
}

struct schedule schedule_of(const struct load_options *options, uint32_t thread, uint32_t threads)
{
    const uint64_t total = attempts_total(options);
    struct schedule schedule = {
        .attempts = total == SCHEDULE_ENDLESS ? total : share(total, thread, threads),
        .in_flight_max = (uint32_t)share(in_flight_total(options), thread, threads),
        .duration_ns = SCHEDULE_ENDLESS,
        .interval_ns = options->rate > 0 ? 1e9 / options->rate : 0,
        .thread = thread,
        .threads = threads,
    };
    if (options->handshakes == 0) {
        schedule.duration_ns = (uint64_t)(options->duration_s * 1e9);
    }
    schedule.open_max = options->hold ? (uint32_t)schedule.attempts : schedule.in_flight_max;
    return schedule;
}

uint64_t schedule_due_ns(const struct schedule *schedule, uint64_t n)
{
    const double arrival = (double)n * schedule->threads + schedule->thread;
    return (uint64_t)(arrival * schedule->interval_ns);
}
