#include "load.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

enum { STARTS_PER_PASS = 64, EPOLL_WAIT_MS = 100, BATCHES_PER_PASS = 16 };

static uint64_t clock_read(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int certificate_accept(X509_STORE_CTX *store, void *unused)
{
    (void)store;
    (void)unused;
    return 1;
}

static bool context_create(struct load *load)
{
    const struct credentials *credentials = load->options.credentials;

    load->context = SSL_CTX_new(DTLS_client_method());
    if (load->context == NULL || !context_configure(load->context) ||
        SSL_CTX_set_min_proto_version(load->context, DTLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(load->context, DTLS1_2_VERSION) != 1)
        return false;
    SSL_CTX_set_cert_verify_callback(load->context, certificate_accept, NULL);
    SSL_CTX_set_max_send_fragment(load->context, DATAGRAM_LEN_MAX);
    return credentials == NULL || context_use_credentials(load->context, NULL, credentials);
}

static bool epoll_watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool descriptors_create(struct load *load)
{
    const struct address any = {.family = AF_INET};
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    load->socket = udp_socket_open(&any, false);
    load->wire.outbox.socket = load->socket;
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    load->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return load->socket >= 0 && load->epoll >= 0 && load->signals >= 0 &&
           sigprocmask(SIG_BLOCK, &signals, NULL) == 0 && epoll_watch(load->epoll, load->socket) &&
           epoll_watch(load->epoll, load->signals);
}

bool load_create(struct load *load, const struct load_options *options)
{
    memset(load, 0, sizeof(*load));
    load->options = *options;
    TAILQ_INIT(&load->working);
    TAILQ_INIT(&load->held);
    TAILQ_INIT(&load->spare);
    load->by_number = calloc(options->handshakes, sizeof(struct client *));
    load->latency_us = calloc(options->handshakes, sizeof(*load->latency_us));
    if (load->by_number != NULL && load->latency_us != NULL && descriptors_create(load) &&
        batch_create(&load->inbox) && batch_create(&load->wire.outbox.batch) &&
        datagram_bio_create(&load->bio, &load->wire) && context_create(load))
        return true;
    fprintf(stderr, "openssl_client: cannot start: %s\n", strerror(errno));
    return false;
}

void load_free(struct load *load)
{
    client_free_all(load);
    SSL_CTX_free(load->context);
    datagram_bio_free(&load->bio);
    batch_free(&load->inbox);
    batch_free(&load->wire.outbox.batch);
    close(load->signals);
    close(load->epoll);
    close(load->socket);
    free(load->by_number);
    free(load->latency_us);
}

/* Several batches before the timers are looked at: what is answered already must not be sent again.
 */
static void receive(struct load *load)
{
    struct batch *inbox = &load->inbox;
    int batches = 0;

    do {
        batch_receive(inbox, load->socket);
        load->wire.now_ns = clock_read();
        for (unsigned i = 0; i < inbox->count; i++) {
            const struct path path = batch_path(inbox, i);
            client_take_datagram(load, &path, inbox->bytes[i], batch_datagram_len(inbox, i));
        }
        outbox_flush(&load->wire.outbox);
    } while (inbox->count == BATCH_LEN && ++batches < BATCHES_PER_PASS);
}

/* A few in each pass, so that those at work are not kept waiting for a thousand new hellos. */
static void start_some(struct load *load)
{
    const struct load_options *options = &load->options;

    for (int i = 0; i < STARTS_PER_PASS && load->started < options->handshakes &&
                    load->working_count < options->concurrency;
         i++) {
        load->wire.now_ns = clock_read();
        client_start(load);
    }
    outbox_flush(&load->wire.outbox);
}

static bool may_start(const struct load *load)
{
    return !load->interrupted && load->started < load->options.handshakes &&
           load->working_count < load->options.concurrency;
}

static bool is_done(const struct load *load)
{
    bool all = load->started == load->options.handshakes && load->working_count == 0;

    return load->interrupted || (all && load->held_count == 0);
}

void load_run(struct load *load)
{
    const uint64_t begin_ns = clock_read();
    struct epoll_event events[2];
    bool announced = false;

    while (!is_done(load)) {
        struct signalfd_siginfo signal;
        if (!announced && load->held_count > 0 && load->working_count == 0 &&
            load->started == load->options.handshakes) {
            printf("holding %u associations\n", load->held_count);
            fflush(stdout);
            announced = true;
        }
        if (may_start(load))
            start_some(load);
        epoll_wait(load->epoll, events, 2, may_start(load) ? 0 : EPOLL_WAIT_MS);
        if (read(load->signals, &signal, sizeof(signal)) > 0)
            load->interrupted = true;
        receive(load);
        client_run_timers(load);
        outbox_flush(&load->wire.outbox);
        if (load->working_count > 0 || load->started < load->options.handshakes)
            load->elapsed_ns = clock_read() - begin_ns;
    }
    client_close_all(load);
    outbox_flush(&load->wire.outbox);
}
