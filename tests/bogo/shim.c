/*
 * The shim of BoringSSL's TLS test suite ("BoGo"): speaks its runner's protocol with this library,
 * so that whoever has the runner can point it here. See README.md.
 */
#include <stdio.h>
#include <string.h>

#include "base/nanoseconds.h"
#include "exchange.h"

enum exit_status { EXIT_AS_EXPECTED = 0, EXIT_FAILED = 1, EXIT_UNIMPLEMENTED = 89 };

enum { FIRST_MS = 1234000 }; /* the virtual clock begins somewhere else than at 0 */

/* The runner asks once, before all tests. */
static bool is_question(int argc, char **argv)
{
    static const char question[] = "-is-handshaker-supported";
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], question) == 0)
            return true;
    return false;
}

static enum exit_status complain(const char *what)
{
    fprintf(stderr, ":%s:\n", what);
    return EXIT_FAILED;
}

/* TLS is not. */
static bool is_implemented(const struct settings *settings)
{
    return settings->is_dtls;
}

static enum exit_status run_connection(const struct settings *settings, struct shim_state *state)
{
    struct rdtls_config *config = NULL;
    const char *why = NULL;
    switch (configure(settings, &config, &why)) {
    case CONFIGURED:
        break;
    case CONFIGURE_UNIMPLEMENTED:
        return EXIT_UNIMPLEMENTED;
    case CONFIGURE_FAILED:
        return complain(why);
    }
    why = exchange_run(settings, config, state);
    rdtls_config_free(config);
    return why == NULL ? EXIT_AS_EXPECTED : complain(why);
}

int main(int argc, char **argv)
{
    static struct shim_state state;
    struct settings initial;
    struct settings resumed;
    const char *unknown;
    if (is_question(argc, argv)) {
        puts("No");
        return EXIT_AS_EXPECTED;
    }
    if (!settings_read(argv + 1, false, &initial, &unknown) ||
        !settings_read(argv + 1, true, &resumed, &unknown)) {
        fprintf(stderr, "%s: not implemented\n", unknown);
        return EXIT_UNIMPLEMENTED;
    }
    if (!is_implemented(&initial) || !is_implemented(&resumed))
        return EXIT_UNIMPLEMENTED;
    state.clock = nanoseconds_of_ms(FIRST_MS);
    enum exit_status status = run_connection(&initial, &state);
    for (uint64_t i = 0; i < initial.resume_count && status == EXIT_AS_EXPECTED; i++)
        status = run_connection(&resumed, &state);
    return status;
}
