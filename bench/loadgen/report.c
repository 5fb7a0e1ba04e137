#include "loadgen/report.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>

#include "app/address.h"
#include "app/protocol_words.h"
#include "app/streams.h"

static const char *version_name(uint16_t version)
{
    switch (version) {
    case 0xfeff:
        return "DTLS 1.0";
    case PROTOCOL_DTLS_1_2:
        return "DTLS 1.2";
    case PROTOCOL_DTLS_1_3:
        return "DTLS 1.3";
    default:
        return NULL;
    }
}

static double rate_per_second(const struct report *report)
{
    return report->elapsed_s > 0 ? (double)report->results->completed / report->elapsed_s : 0;
}

static double quantile_us(const struct histogram *histogram, double share)
{
    return (double)histogram_quantile(histogram, share) / 1e3;
}

static void say_latency(const char *title, const struct histogram *histogram)
{
    if (histogram->count == 0) {
        return;
    }
    say("%-12s p50 %.0f   p90 %.0f   p99 %.0f   p99.9 %.0f   max %.0f us\n", title,
        quantile_us(histogram, 0.5), quantile_us(histogram, 0.9), quantile_us(histogram, 0.99),
        quantile_us(histogram, 0.999), (double)histogram->max / 1e3);
}

static void say_failures(const struct results *results)
{
    for (size_t i = 0; i < RDTLS_STATUS_COUNT; i++) {
        if (results->failed_by_status[i] > 0) {
            say("%-12s %" PRIu64 "\n", rdtls_status_name((enum rdtls_status)i),
                results->failed_by_status[i]);
        }
    }
    for (int i = 0; i < FAILURE_COUNT; i++) {
        if (results->failed_otherwise[i] > 0) {
            say("%-12s %" PRIu64 "\n", load_failure_name((enum load_failure)i),
                results->failed_otherwise[i]);
        }
    }
}

static void say_extras(const struct results *results)
{
    const char *srtp = word_of(srtp_words, results->info.srtp_profile);
    if (results->alpn[0] != '\0') {
        say(", protocol %s", results->alpn);
    }
    if (srtp != NULL) {
        say(", %s", srtp);
    }
}

/* Only where it was not the same for all. */
static void say_versions(const struct results *results)
{
    for (size_t i = 0; version_words[i].word != NULL; i++) {
        const uint64_t count = results->completed_by_version[i];
        if (count > 0 && count < results->completed) {
            say("  DTLS %-5s %" PRIu64 "\n", version_words[i].word, count);
        }
    }
}

void report_table(const struct report *report)
{
    const struct results *results = report->results;
    const char *version = version_name(results->info.version);
    char target[ADDRESS_TEXT_MAX];
    address_format(&report->options->target, target);
    say("target       %s", target);
    if (version != NULL) {
        say(", %s, cipher suite 0x%04x", version, results->info.cipher_suite);
        say_extras(results);
    }
    say("\n%-12s %" PRIu64 "\n", "attempted", results->attempted);
    say("%-12s %" PRIu64 ", %.1f a second over %.2f s\n", "completed", results->completed,
        rate_per_second(report), report->elapsed_s);
    say_versions(results);
    if (report->options->resume > 0) {
        say("%-12s %" PRIu64 "\n", "resumed", results->resumed);
    }
    say("%-12s %" PRIu64 "\n", "failed", results->failed);
    say_failures(results);
    if (results->interrupted > 0) {
        say("%-12s %" PRIu64 "\n", "interrupted", results->interrupted);
    }
    say_latency("handshake", &results->latency_ns);
    say_latency("resumed", &results->resumed_latency_ns);
    if (report->options->rate > 0) {
        say("%-12s at most %.0f us after it was due\n", "begun",
            (double)results->begun_late_ns / 1e3);
    }
    if (report->options->data_len > 0) {
        say("%-12s %" PRIu64 " of %" PRIu32 " bytes, %" PRIu64 " sent again\n", "echoes",
            results->records_echoed, report->options->data_len, results->records_repeated);
        say_latency("echo", &results->echo_ns);
    }
    say("%-12s %" PRIu64 "\n", "retransmits", report->engine->endpoint.retransmits);
}

static void put(cJSON *object, const char *key, uint64_t value)
{
    cJSON_AddNumberToObject(object, key, (double)value);
}

/* Several statuses may share a name: a key must not come twice. */
static void put_sum(cJSON *object, const char *key, uint64_t value)
{
    cJSON *there = cJSON_GetObjectItemCaseSensitive(object, key);
    if (there != NULL) {
        cJSON_SetNumberValue(there, there->valuedouble + (double)value);
    } else if (value > 0) {
        put(object, key, value);
    }
}

static void put_failures(cJSON *root, const struct results *results)
{
    cJSON *by_reason = cJSON_AddObjectToObject(root, "failed_by_reason");
    for (size_t i = 0; i < RDTLS_STATUS_COUNT; i++) {
        put_sum(by_reason, rdtls_status_name((enum rdtls_status)i), results->failed_by_status[i]);
    }
    for (int i = 0; i < FAILURE_COUNT; i++) {
        put_sum(by_reason, load_failure_name((enum load_failure)i), results->failed_otherwise[i]);
    }
}

static void put_latency(cJSON *root, const char *key, const struct histogram *histogram)
{
    if (histogram->count == 0) {
        cJSON_AddNullToObject(root, key);
        return;
    }
    cJSON *latency = cJSON_AddObjectToObject(root, key);
    cJSON_AddNumberToObject(latency, "p50", quantile_us(histogram, 0.5));
    cJSON_AddNumberToObject(latency, "p90", quantile_us(histogram, 0.9));
    cJSON_AddNumberToObject(latency, "p99", quantile_us(histogram, 0.99));
    cJSON_AddNumberToObject(latency, "p999", quantile_us(histogram, 0.999));
    cJSON_AddNumberToObject(latency, "max", (double)histogram->max / 1e3);
}

static void put_text(cJSON *object, const char *key, const char *text)
{
    if (text != NULL) {
        cJSON_AddStringToObject(object, key, text);
    } else {
        cJSON_AddNullToObject(object, key);
    }
}

static void put_completed_by_version(cJSON *root, const struct results *results)
{
    cJSON *by_version = cJSON_AddObjectToObject(root, "completed_by_version");
    for (size_t i = 0; version_words[i].word != NULL; i++) {
        put(by_version, version_words[i].word, results->completed_by_version[i]);
    }
}

static void put_version(cJSON *root, const struct results *results)
{
    const char *version = version_name(results->info.version);
    put_text(root, "group", word_of(group_words, results->info.group));
    put_text(root, "alpn", results->alpn[0] != '\0' ? results->alpn : NULL);
    put_text(root, "srtp", word_of(srtp_words, results->info.srtp_profile));
    if (version == NULL) {
        cJSON_AddNullToObject(root, "version");
        cJSON_AddNullToObject(root, "cipher_suite");
        return;
    }
    char suite[8];
    snprintf(suite, sizeof(suite), "0x%04x", results->info.cipher_suite);
    cJSON_AddStringToObject(root, "version", version);
    cJSON_AddStringToObject(root, "cipher_suite", suite);
}

char *report_json(const struct report *report)
{
    const struct results *results = report->results;
    cJSON *root = cJSON_CreateObject();
    if (root == NULL) {
        return NULL;
    }
    char target[ADDRESS_TEXT_MAX];
    address_format(&report->options->target, target);
    cJSON_AddStringToObject(root, "target", target);
    put(root, "attempted", results->attempted);
    put_version(root, results);
    put(root, "completed", results->completed);
    put(root, "resumed", results->resumed);
    put_completed_by_version(root, results);
    put(root, "failed", results->failed);
    put_failures(root, results);
    put(root, "interrupted", results->interrupted);
    cJSON_AddBoolToObject(root, "gave_up", results->gave_up);
    cJSON_AddNumberToObject(root, "rate_per_second", rate_per_second(report));
    put_latency(root, "latency_us", &results->latency_ns);
    put_latency(root, "resumed_latency_us", &results->resumed_latency_ns);
    cJSON_AddNumberToObject(root, "begun_late_us_max", (double)results->begun_late_ns / 1e3);
    put(root, "retransmits", report->engine->endpoint.retransmits);
    cJSON_AddNumberToObject(root, "elapsed_s", report->elapsed_s);
    put(root, "records_echoed", results->records_echoed);
    put(root, "records_repeated", results->records_repeated);
    put_latency(root, "echo_us", &results->echo_ns);
    put(root, "threads", report->engine->shards);
    cJSON_AddNumberToObject(root, "cpu_seconds", (double)report->engine->cpu_ns / 1e9);
    put(root, "datagrams_dropped_by_kernel", report->engine->datagrams_dropped_by_kernel);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}
