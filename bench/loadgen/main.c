#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/exit_status.h"
#include "app/output_file.h"
#include "app/signals.h"
#include "app/streams.h"
#include "app/version.h"
#include "loadgen/load.h"
#include "loadgen/report.h"

static const char program[] = "ringdtls-load";

static bool write_json(const struct report *report)
{
    struct complaint complaint;
    char *text = report_json(report);
    const char *path = report->options->json_path;
    const bool written = text != NULL ? output_file_replace(path, text, strlen(text), &complaint)
                                      : complain(&complaint, "out of memory");
    free(text);
    if (!written) {
        say_error("%s: --json: %s\n", program, complaint.text);
    }
    return written;
}

static enum exit_status judge(const struct load *load, const struct report *report)
{
    const struct results *results = report->results;
    report_table(report);
    if (results->gave_up) {
        say_error("%s: gave up: too many handshakes in a row timed out, or found no room\n",
                  program);
    }
    struct complaint complaint;
    const bool logged = !key_log_failed(load->key_log, &complaint);
    if (!logged) {
        say_error("%s: --keylog: %s\n", program, complaint.text);
    }
    const bool written = load->options->json_path == NULL || write_json(report);
    return written && logged && results->failed == 0 ? EXIT_FINE : EXIT_FAILED;
}

static enum exit_status run_load(struct load *load)
{
    struct rdtls_server_stats engine;
    struct results *results = calloc(1, sizeof(*results));
    if (results == NULL) {
        say_error("%s: out of memory\n", program);
        return EXIT_FAILED;
    }
    load_run(load, results, &engine);
    const struct report report = {.options = load->options,
                                  .results = results,
                                  .engine = &engine,
                                  .elapsed_s = load_elapsed_s(load, results)};
    const enum exit_status status = judge(load, &report);
    free(results);
    return status;
}

static enum exit_status start_and_run(const struct load_options *options)
{
    struct complaint complaint;
    struct load load = {0};
    signals_hold_back(false);
    bool ready = options->json_path == NULL || output_file_check(options->json_path, &complaint) ||
                 complain_about(&complaint, "--json");
    ready = ready && load_start(&load, options, &complaint);
    if (!ready) {
        say_error("%s: %s\n", program, complaint.text);
    }
    const enum exit_status status = ready ? run_load(&load) : EXIT_USAGE;
    load_free(&load);
    return status;
}

static enum exit_status dispatch(int argc, const char **argv, struct load_options *options)
{
    struct complaint complaint;
    if (!load_options_parse(argc, argv, options, &complaint)) {
        say_error("%s: %s (see %s --help)\n", program, complaint.text, program);
        return EXIT_USAGE;
    }
    if (options->help) {
        load_options_help();
        return EXIT_FINE;
    }
    if (options->version) {
        puts("ringdtls-load " RINGDTLS_VERSION);
        return EXIT_FINE;
    }
    return start_and_run(options);
}

int main(int argc, char **argv)
{
    struct load_options options;
    streams_guard();
    const enum exit_status status = dispatch(argc, (const char **)argv, &options);
    load_options_free(&options);
    if (!streams_arrived() && status == EXIT_FINE) {
        return EXIT_FAILED;
    }
    return (int)status;
}
