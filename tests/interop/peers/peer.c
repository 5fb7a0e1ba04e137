/* The program around the library: options, socket, and what is said. */
#include "peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 50, LIFE_SECONDS = 120, CLOSE_MS = 2000, EXIT_USAGE = 2 };

static bool is_word(const char *text, const char *word)
{
    return text != NULL && strcmp(text, word) == 0;
}

size_t peer_numbers(const char *list, const struct peer_number *table, size_t table_count,
                    int *numbers, size_t numbers_max)
{
    size_t count = 0;

    for (const char *name = list; name != NULL && count <= numbers_max; count++) {
        const size_t len = strcspn(name, ",");
        size_t i = 0;

        while (i < table_count &&
               (strlen(table[i].name) != len || strncmp(table[i].name, name, len) != 0))
            i++;
        if (i == table_count || count == numbers_max)
            return 0;
        numbers[count] = table[i].number;
        name = name[len] == '\0' ? NULL : name + len + 1;
    }
    return count;
}

static bool options_read(int argc, const char **argv, struct peer_options *options, int *port)
{
    char *ask = NULL;
    const struct poptOption table[] = {
        {"server", 0, POPT_ARG_NONE, &options->is_server, 0, "wait for a client", NULL},
        {"port", 0, POPT_ARG_INT, port, 0, "on 127.0.0.1", "PORT"},
        {"suite", 0, POPT_ARG_STRING, &options->suite, 0, "OpenSSL's name", "NAME"},
        {"groups", 0, POPT_ARG_STRING, &options->groups, 0, "X25519, P-256, P-384", "NAME,..."},
        {"cert", 0, POPT_ARG_STRING, &options->certificate, 0, "PEM", "FILE"},
        {"key", 0, POPT_ARG_STRING, &options->key, 0, "PEM", "FILE"},
        {"trust", 0, POPT_ARG_STRING, &options->trusted, 0, "certificate of the server", "FILE"},
        {"client-cert", 0, POPT_ARG_STRING, &ask, 0, "none, request, require", "WORD"},
        {"mtu", 0, POPT_ARG_INT, &options->mtu, 0, "of a datagram", "BYTES"},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    poptContext context = poptGetContext(NULL, argc, argv, table, 0);
    const int result = poptGetNextOpt(context);

    if (result != -1)
        fprintf(stderr, "%s: %s\n", poptBadOption(context, 0), poptStrerror(result));
    poptFreeContext(context);
    options->ask = is_word(ask, "require")   ? PEER_ASK_REQUIRE
                   : is_word(ask, "request") ? PEER_ASK_REQUEST
                                             : PEER_ASK_NONE;
    free(ask);
    return result == -1 && *port > 0 && options->suite != NULL && options->groups != NULL;
}

/* A server's socket is connected to the first client that writes, whose datagram stays there. */
static int socket_open(bool is_server, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t address_len = sizeof(address);
    const int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char byte;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (file < 0)
        return -1;
    if (is_server && (bind(file, (struct sockaddr *)&address, address_len) != 0 ||
                      recvfrom(file, &byte, sizeof(byte), MSG_PEEK, (struct sockaddr *)&address,
                               &address_len) < 0))
        return -1;
    if (connect(file, (struct sockaddr *)&address, address_len) != 0 ||
        fcntl(file, F_SETFL, O_NONBLOCK) != 0)
        return -1;
    return file;
}

/* Whether the socket, and standard input where it is given, have something within a tick. */
struct ready {
    bool datagram;
    bool word;
};

static struct ready wait_a_tick(int file, int input)
{
    struct pollfd polled[] = {{.fd = file, .events = POLLIN}, {.fd = input, .events = POLLIN}};

    poll(polled, 2, TICK_MS);
    return (struct ready){.datagram = polled[0].revents != 0, .word = polled[1].revents != 0};
}

static enum peer_progress shake_hands(struct session *session, int file)
{
    for (;;) {
        enum peer_progress progress = session_handshake(session);

        if (progress == PEER_WAITS && !wait_a_tick(file, -1).datagram)
            progress = session_tick(session);
        if (progress != PEER_WAITS)
            return progress;
    }
}

static void say_facts(struct session *session)
{
    uint8_t exported[PEER_EXPORTED_LEN];

    printf("library %s\nversion %s\nsuite %s\n", library_version(), session_version(session),
           session_suite(session));
    if (session_export(session, exported)) {
        printf("exported ");
        for (size_t i = 0; i < sizeof(exported); i++)
            printf("%02x", exported[i]);
        printf("\n");
    }
    printf("connected\n");
}

/* A server sends back what it gets, a client says it. */
static enum peer_progress take_datagrams(struct session *session, bool echoes)
{
    static uint8_t data[PEER_DATA_MAX];
    enum peer_progress progress = PEER_WAITS;

    for (;;) {
        size_t len = sizeof(data);

        progress = session_read(session, data, &len);
        if (progress != PEER_DONE)
            return progress;
        if (echoes && !session_write(session, data, len))
            return PEER_FAILED;
        if (!echoes)
            fwrite(data, 1, len, stdout);
    }
}

int64_t peer_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until one of the two closes: a client does when its standard input ends, and waits for the other
 * close_notify then. */
static enum peer_progress converse(struct session *session, int file, bool is_server)
{
    int input = is_server ? -1 : STDIN_FILENO;
    int64_t deadline_ms = INT64_MAX;
    enum peer_progress progress = take_datagrams(session, is_server);

    while (progress == PEER_WAITS && peer_now_ms() < deadline_ms) {
        uint8_t word[PEER_DATA_MAX];
        const struct ready ready = wait_a_tick(file, input);

        if (ready.word) {
            const ssize_t len = read(input, word, sizeof(word));

            if (len > 0 && !session_write(session, word, (size_t)len))
                return PEER_FAILED;
            if (len <= 0) {
                session_say_close(session);
                input = -1;
                deadline_ms = peer_now_ms() + CLOSE_MS;
            }
        }
        progress = take_datagrams(session, is_server);
    }
    return progress;
}

static int run(const struct peer_options *options, int port)
{
    const int file = socket_open(options->is_server != 0, port);
    struct session *session = file < 0 ? NULL : session_open(options, file);
    enum peer_progress progress;

    if (session == NULL) {
        fprintf(stderr, "no session\n");
        return EXIT_FAILURE;
    }
    progress = shake_hands(session, file);
    if (progress == PEER_DONE) {
        say_facts(session);
        progress = converse(session, file, options->is_server != 0);
        if (progress == PEER_CLOSED && options->is_server)
            session_say_close(session);
    }
    printf("%s\n", progress == PEER_CLOSED  ? "closed"
                   : progress == PEER_WAITS ? "silence"
                                            : session_failure(session));
    session_free(session);
    close(file);
    return progress == PEER_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, const char **argv)
{
    struct peer_options options = {0};
    int port = 0;
    int status = EXIT_USAGE;

    /* Whoever has forgotten us does not keep us. */
    alarm(LIFE_SECONDS);
    setvbuf(stdout, NULL, _IONBF, 0);
    if (options_read(argc, argv, &options, &port))
        status = run(&options, port);
    else
        fprintf(stderr, "--port, --suite and --groups are needed\n");
    free(options.suite);
    free(options.groups);
    free(options.certificate);
    free(options.key);
    free(options.trusted);
    return status;
}
