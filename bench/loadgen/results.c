#include "loadgen/results.h"

#include <stdio.h>
#include <string.h>

#include "app/protocol_words.h"

const char *load_failure_name(enum load_failure failure)
{
    switch (failure) {
    case FAILURE_ECHO_LOST:
        return "echo_lost";
    case FAILURE_ECHO_WRONG:
        return "echo_wrong";
    case FAILURE_NOT_STARTED:
        return "not_started";
    case FAILURE_COUNT:
        break;
    }
    return "unknown";
}

void results_note(struct results *results, const struct rdtls_info *info, uint64_t latency_ns)
{
    if (info->resumed) {
        results->resumed++;
        histogram_record(&results->resumed_latency_ns, latency_ns);
    }
    for (size_t i = 0; i < EXTRAS_VERSIONS_MAX; i++) {
        if (info->version == version_words[i].value) {
            results->completed_by_version[i]++;
        }
    }
    if (results->info.version == 0) {
        results->info = *info;
        results->info.alpn = NULL;
        snprintf(results->alpn, sizeof(results->alpn), "%s", info->alpn != NULL ? info->alpn : "");
    }
}

void results_merge(struct results *into, const struct results *from)
{
    into->attempted += from->attempted;
    into->completed += from->completed;
    into->resumed += from->resumed;
    into->failed += from->failed;
    into->interrupted += from->interrupted;
    for (size_t i = 0; i < EXTRAS_VERSIONS_MAX; i++) {
        into->completed_by_version[i] += from->completed_by_version[i];
    }
    for (size_t i = 0; i < RDTLS_STATUS_COUNT; i++) {
        into->failed_by_status[i] += from->failed_by_status[i];
    }
    for (size_t i = 0; i < FAILURE_COUNT; i++) {
        into->failed_otherwise[i] += from->failed_otherwise[i];
    }
    into->records_echoed += from->records_echoed;
    into->records_repeated += from->records_repeated;
    into->begun_late_ns =
        from->begun_late_ns > into->begun_late_ns ? from->begun_late_ns : into->begun_late_ns;
    into->last_end_ns =
        from->last_end_ns > into->last_end_ns ? from->last_end_ns : into->last_end_ns;
    into->gave_up = into->gave_up || from->gave_up;
    if (into->info.version == 0) {
        into->info = from->info;
        memcpy(into->alpn, from->alpn, sizeof(into->alpn));
    }
    histogram_merge(&into->latency_ns, &from->latency_ns);
    histogram_merge(&into->resumed_latency_ns, &from->resumed_latency_ns);
    histogram_merge(&into->echo_ns, &from->echo_ns);
}
