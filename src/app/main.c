#include <stdio.h>
#include <string.h>

#include "app/complaint.h"
#include "app/exit_status.h"
#include "app/serve.h"
#include "app/streams.h"
#include "app/version.h"
#include "app/webrtc.h"

static void help(void)
{
    puts("Usage: ringdtls COMMAND [OPTION...]\n"
         "\n"
         "DTLS for the moment when everybody connects at once.\n"
         "\n"
         "  serve        answer DTLS clients on UDP; see ringdtls serve --help\n"
         "  webrtc       open data channels of browsers; see ringdtls webrtc --help\n"
         "  --help       this text\n"
         "  --version    the version");
}

static enum exit_status dispatch(int argc, const char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "serve") == 0) {
        return (enum exit_status)serve_run(argc - 1, argv + 1);
    }
    if (strcmp(command, "webrtc") == 0) {
        return (enum exit_status)webrtc_run(argc - 1, argv + 1);
    }
    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0) {
        help();
        return EXIT_FINE;
    }
    if (strcmp(command, "--version") == 0) {
        puts("ringdtls " RINGDTLS_VERSION);
        return EXIT_FINE;
    }
    if (argc < 2) {
        say_error("ringdtls: no command (see ringdtls --help)\n");
    } else {
        struct complaint complaint;
        complain(&complaint, "'%.100s' is not a command", command);
        say_error("ringdtls: %s (see ringdtls --help)\n", complaint.text);
    }
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    streams_guard();
    const enum exit_status status = dispatch(argc, (const char **)argv);
    if (!streams_arrived() && status == EXIT_FINE) {
        return EXIT_FAILED;
    }
    return (int)status;
}
