/*
 * Many associations that echo, for a test that does something to their server meanwhile. Each has a
 * socket of its own. Orders come on standard input, a line each; each is answered with a line of
 * JSON.
 *
 * usage: echoer PORT ASSOCIATIONS RATE
 *
 *     measure    forget the latencies so far
 *     report     what became of the records since the last measure
 *     forge N    send N forged records, from the very sockets of the associations
 *     check      one more record on each association, repeated until it is echoed, at most 10 s
 *
 * RATE records a second are sent in turn, whatever the answers; latency counts from the moment that
 * a record was due. The end of standard input is the end.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <ringdtls/endpoint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "loadgen/histogram.h"

enum {
    DATAGRAM_MAX = 2048,
    RECORD_BYTES = 100,
    EVENTS_MAX = 256,
    BEGIN_AT_ONCE = 64, /* handshakes in flight */
    LINE_MAX_LEN = 64,
    FORGED_LEN = 77,
    FORGED_AT_ONCE = 16, /* between two looks at what has come in */
    CHECK_AGAIN_MS = 500,
    CHECK_MS = 10000,
    BEGIN_MS = 60000,
    ALIGNMENT = 64,
};

static const uint64_t ms_ns = 1000000;

/* In each record: when it was due, and what for. */
struct stamp {
    uint64_t due_ns;
    uint64_t check; /* number of the check; 0: none */
};

struct association {
    int descriptor;
    struct rdtls_id id;
    bool connected;
    bool closed;
    uint64_t checked; /* the last check that was echoed */
};

struct echoer {
    struct rdtls_endpoint *endpoint;
    int poller;
    struct association *associations;
    uint32_t count;
    uint32_t begun;
    uint32_t connected;
    uint32_t closed;
    uint32_t next; /* whose turn it is to send */
    uint64_t gap_ns;
    uint64_t due_ns;
    uint64_t check;
    uint64_t sent;
    uint64_t echoed;
    uint64_t random;
    struct histogram latencies;
};

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void take_event(struct echoer *echoer, const struct rdtls_event *event)
{
    struct association *association = &echoer->associations[event->user_data];
    struct stamp stamp;
    if (event->kind == RDTLS_EVENT_CONNECTED) {
        association->connected = true;
        echoer->connected++;
    } else if (event->kind == RDTLS_EVENT_CLOSED) {
        association->closed = true;
        echoer->closed++;
        (void)fprintf(stderr, "association %llu is closed: %s\n",
                      (unsigned long long)event->user_data, rdtls_status_name(event->status));
    } else if (event->kind == RDTLS_EVENT_DATA && event->data_len == RECORD_BYTES) {
        memcpy(&stamp, event->data, sizeof(stamp));
        if (stamp.check != 0) {
            association->checked = stamp.check;
            return;
        }
        echoer->echoed++;
        histogram_record(&echoer->latencies, now_ns() - stamp.due_ns);
    }
}

static void finish_pass(struct echoer *echoer)
{
    struct rdtls_event event;
    struct rdtls_datagram datagram;
    uint64_t now = now_ns();
    rdtls_endpoint_run_lanes(echoer->endpoint, now);
    rdtls_endpoint_tick(echoer->endpoint, now);
    while (rdtls_endpoint_poll(echoer->endpoint, &event))
        take_event(echoer, &event);
    while (rdtls_endpoint_transmit(echoer->endpoint, &datagram, 1) > 0) {
        /* What the kernel refuses is lost, as on any path. */
        (void)!send(echoer->associations[datagram.path.socket].descriptor, datagram.bytes,
                    datagram.len, 0);
        rdtls_endpoint_transmitted(echoer->endpoint, 1);
    }
}

static struct rdtls_path path_of(uint32_t index)
{
    return (struct rdtls_path){.remote_port = 1, .local_port = 1, .socket = index};
}

static void receive_all(struct echoer *echoer, uint32_t index)
{
    uint8_t datagram[DATAGRAM_MAX];
    struct rdtls_path path = path_of(index);
    for (;;) {
        ssize_t len = recv(echoer->associations[index].descriptor, datagram, sizeof(datagram), 0);
        if (len < 0)
            return;
        rdtls_endpoint_receive(echoer->endpoint, &path, datagram, (size_t)len, now_ns());
        finish_pass(echoer);
    }
}

/* Look at what has come in, for so long at most. */
static void wait_for_echoes(struct echoer *echoer, uint64_t most_ns)
{
    struct epoll_event events[EVENTS_MAX];
    struct timespec timeout = {0, (long)most_ns};
    int count = epoll_pwait2(echoer->poller, events, EVENTS_MAX, &timeout, NULL);
    for (int i = 0; i < count; i++)
        receive_all(echoer, events[i].data.u32);
    finish_pass(echoer);
}

static void speak(struct echoer *echoer, uint32_t index, struct stamp stamp)
{
    uint8_t record[RECORD_BYTES] = {0};
    memcpy(record, &stamp, sizeof(stamp));
    if (rdtls_endpoint_send(echoer->endpoint, echoer->associations[index].id, record,
                            sizeof(record)) == RDTLS_OK &&
        stamp.check == 0)
        echoer->sent++;
    finish_pass(echoer);
}

/* Send what is due by now. */
static void speak_on_time(struct echoer *echoer)
{
    while (echoer->due_ns <= now_ns()) {
        speak(echoer, echoer->next, (struct stamp){echoer->due_ns, 0});
        echoer->next = (echoer->next + 1) % echoer->count;
        echoer->due_ns += echoer->gap_ns;
    }
}

static void begin_one(struct echoer *echoer, uint16_t port)
{
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(port)};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    uint32_t index = echoer->begun++;
    struct association *association = &echoer->associations[index];
    struct rdtls_path path = path_of(index);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
    association->descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (association->descriptor < 0)
        give_up("socket");
    if (connect(association->descriptor, (const struct sockaddr *)&server, sizeof(server)) != 0 ||
        epoll_ctl(echoer->poller, EPOLL_CTL_ADD, association->descriptor, &event) != 0)
        give_up("connect");
    if (rdtls_endpoint_connect(echoer->endpoint, &path, index, now_ns(), &association->id) !=
        RDTLS_OK)
        give_up("rdtls_endpoint_connect");
}

static void begin_all(struct echoer *echoer, uint16_t port)
{
    uint64_t end = now_ns() + BEGIN_MS * ms_ns;
    while (echoer->connected < echoer->count && now_ns() < end) {
        while (echoer->begun < echoer->count && echoer->begun - echoer->connected < BEGIN_AT_ONCE)
            begin_one(echoer, port);
        wait_for_echoes(echoer, 10 * ms_ns);
    }
    printf("{\"connected\": %u}\n", echoer->connected);
    (void)fflush(stdout);
}

static void report(struct echoer *echoer)
{
    const struct histogram *latencies = &echoer->latencies;
    printf("{\"sent\": %llu, \"echoed\": %llu, \"closed\": %u, \"p50_us\": %.1f, \"p99_us\": %.1f, "
           "\"max_us\": %.1f}\n",
           (unsigned long long)echoer->sent, (unsigned long long)echoer->echoed, echoer->closed,
           (double)histogram_quantile(latencies, 0.5) / 1e3,
           (double)histogram_quantile(latencies, 0.99) / 1e3, (double)latencies->max / 1e3);
}

static void measure(struct echoer *echoer)
{
    memset(&echoer->latencies, 0, sizeof(echoer->latencies));
    echoer->sent = echoer->echoed = 0;
    printf("{}\n");
}

static uint64_t next_random(struct echoer *echoer)
{
    echoer->random ^= echoer->random << 13;
    echoer->random ^= echoer->random >> 7;
    echoer->random ^= echoer->random << 17;
    return echoer->random;
}

/* Every fourth is in the clear: an alert, a ChangeCipherSpec or a hello that nobody asked for.
 * The others look like records under keys, with numbers behind and ahead of the real ones. */
static size_t make_forged(struct echoer *echoer, uint8_t out[FORGED_LEN])
{
    static const uint8_t clear_types[] = {21, 20, 22, 23};
    uint64_t random = next_random(echoer);
    bool is_clear = random % 4 == 0;
    for (size_t i = 0; i < FORGED_LEN; i++)
        out[i] = (uint8_t)(random >> (i % 8 * 8));
    out[0] = is_clear ? clear_types[random / 4 % 4] : (uint8_t)(21 + random / 4 % 3);
    out[1] = 0xfe;
    out[2] = 0xfd;
    memset(out + 3, 0, 6);
    out[4] = !is_clear;
    size_t content_len = is_clear && out[0] == 21 ? 2 : is_clear && out[0] == 20 ? 1 : 64;
    out[11] = 0;
    out[12] = (uint8_t)content_len;
    if (is_clear) {
        out[13] = out[0] == 21 ? 2 : 1;
        out[14] = out[0] == 21 ? 40 : 0;
    }
    return 13 + content_len;
}

static void forge(struct echoer *echoer, uint64_t count)
{
    uint64_t begun = now_ns();
    uint64_t sent = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t forged[FORGED_LEN];
        size_t len = make_forged(echoer, forged);
        sent += send(echoer->associations[i % echoer->count].descriptor, forged, len, 0) > 0;
        if (i % FORGED_AT_ONCE == 0) {
            speak_on_time(echoer);
            wait_for_echoes(echoer, 0);
        }
    }
    printf("{\"forged\": %llu, \"seconds\": %.3f}\n", (unsigned long long)sent,
           (double)(now_ns() - begun) / 1e9);
}

static uint32_t speak_to_unchecked(struct echoer *echoer, bool again)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < echoer->count; i++) {
        if (echoer->associations[i].checked == echoer->check)
            continue;
        missing++;
        if (again)
            speak(echoer, i, (struct stamp){now_ns(), echoer->check});
    }
    return missing;
}

static void check(struct echoer *echoer)
{
    uint64_t begun = now_ns();
    uint64_t spoken = 0;
    uint32_t missing = echoer->count;
    echoer->check++;
    while (missing > 0 && now_ns() - begun < CHECK_MS * ms_ns) {
        bool again = spoken == 0 || now_ns() - spoken > CHECK_AGAIN_MS * ms_ns;
        if (again)
            spoken = now_ns();
        missing = speak_to_unchecked(echoer, again);
        wait_for_echoes(echoer, 10 * ms_ns);
    }
    printf("{\"answered\": %u, \"closed\": %u}\n", echoer->count - missing, echoer->closed);
    echoer->due_ns = now_ns();
}

static void obey(struct echoer *echoer, const char *line)
{
    if (strcmp(line, "measure") == 0)
        measure(echoer);
    else if (strcmp(line, "report") == 0)
        report(echoer);
    else if (strcmp(line, "check") == 0)
        check(echoer);
    else if (strncmp(line, "forge ", 6) == 0)
        forge(echoer, strtoull(line + 6, NULL, 10));
    else
        printf("{\"unknown\": \"%s\"}\n", line);
    (void)fflush(stdout);
}

/* One order, if there is one. false: there will be no more. */
static bool take_order(struct echoer *echoer)
{
    char line[LINE_MAX_LEN];
    struct pollfd waiting = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&waiting, 1, 0) <= 0)
        return true;
    if (fgets(line, sizeof(line), stdin) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    obey(echoer, line);
    return true;
}

static void endpoint_begin(struct echoer *echoer, const struct rdtls_config *config)
{
    struct rdtls_endpoint_options options;
    rdtls_endpoint_options_defaults(&options);
    options.connections_max = echoer->count;
    options.handshakes_max = 2 * BEGIN_AT_ONCE;
    options.accept = false;
    size_t len = rdtls_endpoint_footprint(&options);
    len = (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *memory = aligned_alloc(ALIGNMENT, len);
    if (memory == NULL)
        give_up("memory");
    memset(memory, 0, len);
    if (rdtls_endpoint_init(memory, config, &options, now_ns(), &echoer->endpoint) != RDTLS_OK)
        give_up("rdtls_endpoint_init");
}

int main(int argc, char **argv)
{
    static struct echoer echoer = {.random = UINT64_C(0x9e3779b97f4a7c15)};
    struct rdtls_config_options options;
    struct rdtls_config *config;
    if (argc != 4 || strtoul(argv[2], NULL, 10) == 0 || strtoul(argv[3], NULL, 10) == 0) {
        (void)fprintf(stderr, "usage: echoer PORT ASSOCIATIONS RATE\n");
        return 2;
    }
    (void)setvbuf(stdin, NULL, _IONBF, 0);
    echoer.count = (uint32_t)strtoul(argv[2], NULL, 10);
    echoer.gap_ns = 1000000000 / strtoul(argv[3], NULL, 10);
    echoer.associations = calloc(echoer.count, sizeof(*echoer.associations));
    echoer.poller = epoll_create1(0);
    rdtls_config_options_defaults(&options);
    if (echoer.associations == NULL || echoer.poller < 0 ||
        rdtls_config_new(&options, &config) != RDTLS_OK)
        give_up("start");
    endpoint_begin(&echoer, config);
    begin_all(&echoer, (uint16_t)strtoul(argv[1], NULL, 10));
    echoer.due_ns = now_ns();
    while (take_order(&echoer)) {
        speak_on_time(&echoer);
        uint64_t now = now_ns();
        uint64_t left = echoer.due_ns > now ? echoer.due_ns - now : 0;
        wait_for_echoes(&echoer, left < ms_ns ? left : ms_ns);
    }
    return 0;
}
