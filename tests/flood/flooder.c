/*
 * Floods a server on loopback, as fast as one core can or at a given rate, from many addresses of
 * 127.0.0.0/8 or from one socket, and says in JSON what it did.
 *
 * usage: flooder KIND PORT COUNT ADDRESSES RATE
 *
 * KIND       hellos      ClientHellos without a cookie
 *            strangers   alerts, ChangeCipherSpecs, application data, tls12_cid records
 *            silent      hellos that bring a good cookie back, and nothing more
 *            one         hellos, hellos with good cookies and closes from one 5-tuple
 * COUNT      datagrams; with silent: handshakes
 * ADDRESSES  how many sources take turns
 * RATE       datagrams a second; 0: as many as go
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wire/handshake_header.h"
#include "wire/hellos.h"
#include "wire/record_header.h"

enum {
    DATAGRAM_MAX = 512,
    BODY_AT = RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN,
    RANDOM_AT = BODY_AT + 2,
    ANSWER_COOKIE_AT = BODY_AT + 3, /* in a HelloVerifyRequest: behind version and length */
    PACE_EVERY = 32,                /* datagrams between two looks at the clock */
    ANSWER_WAIT_MS = 200,
    FIRST_SOURCE = 0x7f010000, /* 127.1.0.0 */
    TLS12_CID = 25,
};

struct datagram {
    size_t len;
    uint8_t bytes[DATAGRAM_MAX];
};

struct flood {
    struct sockaddr_in server;
    uint64_t count;
    uint32_t addresses;
    uint64_t rate;
    uint64_t begun_ns;
    uint64_t sent;
    uint64_t sent_bytes;
    uint64_t refused; /* by our own kernel */
    uint64_t answers;
    uint64_t answer_bytes;
    uint64_t cookies; /* brought back */
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

/* Not faster than the rate. */
static void pace(const struct flood *flood)
{
    if (flood->rate == 0 || flood->sent % PACE_EVERY != 0)
        return;
    uint64_t due = flood->begun_ns + flood->sent * 1000000000 / flood->rate;
    uint64_t now = now_ns();
    if (now >= due)
        return;
    struct timespec pause = {(time_t)((due - now) / 1000000000), (long)((due - now) % 1000000000)};
    (void)nanosleep(&pause, NULL);
}

/* A socket of the source with this number, connected to the server. */
static int source_socket(const struct flood *flood, uint32_t number)
{
    struct sockaddr_in source = {.sin_family = AF_INET};
    source.sin_addr.s_addr = htonl(FIRST_SOURCE + number);
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        give_up("socket");
    if (bind(descriptor, (const struct sockaddr *)&source, sizeof(source)) != 0)
        give_up("bind");
    if (connect(descriptor, (const struct sockaddr *)&flood->server, sizeof(flood->server)) != 0)
        give_up("connect");
    return descriptor;
}

static void send_one(struct flood *flood, int descriptor, const struct datagram *datagram)
{
    pace(flood);
    if (send(descriptor, datagram->bytes, datagram->len, 0) < 0)
        flood->refused++;
    flood->sent++;
    flood->sent_bytes += datagram->len;
}

/* A whole ClientHello in one record; number makes its random. */
static void make_hello(uint64_t number, struct bytes cookie, struct datagram *datagram)
{
    static const uint16_t suites[] = {SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256};
    static const uint16_t groups[] = {GROUP_X25519, GROUP_SECP256R1};
    static const uint16_t schemes[] = {SCHEME_ECDSA_SECP256R1_SHA256};
    uint8_t random[RANDOM_LEN] = {1, 2, 3};
    store_u64(random + 8, number);
    struct client_hello_content content = {
        .offers_12 = true,
        .random = random,
        .cookie = cookie,
        .cipher_suites = suites,
        .cipher_suite_count = 1,
        .groups = groups,
        .group_count = 2,
        .signature_schemes = schemes,
        .signature_scheme_count = 1,
    };
    struct writer body = writer_of(datagram->bytes + BODY_AT, DATAGRAM_MAX - BODY_AT);
    client_hello_write(&body, &content);
    if (body.failed)
        abort();
    bool is_second = cookie.len > 0;
    struct record_header record = {
        .type = CONTENT_HANDSHAKE,
        .version = VERSION_DTLS_1_0,
        .sequence = is_second,
        .length = (uint16_t)(HANDSHAKE_HEADER_LEN + body.len),
    };
    struct handshake_header header = {
        .type = MESSAGE_CLIENT_HELLO,
        .message_seq = is_second,
        .length = (uint32_t)body.len,
        .fragment_length = (uint32_t)body.len,
    };
    record_header_write(datagram->bytes, &record);
    handshake_header_write(datagram->bytes + RECORD_HEADER_LEN, &header);
    datagram->len = BODY_AT + body.len;
}

/* What no stranger has any business to send; every fourth is of another type. */
static void make_stray(uint64_t number, struct datagram *datagram)
{
    static const uint8_t types[] = {CONTENT_ALERT, CONTENT_CHANGE_CIPHER_SPEC,
                                    CONTENT_APPLICATION_DATA, TLS12_CID};
    static const uint16_t lengths[] = {2, 1, 64, 64};
    size_t kind = number % 4;
    struct record_header record = {
        .type = types[kind],
        .version = VERSION_DTLS_1_2,
        .epoch = kind >= 2,
        .sequence = number,
        .length = lengths[kind],
    };
    memset(datagram->bytes, 2, sizeof(datagram->bytes));
    record_header_write(datagram->bytes, &record);
    if (types[kind] == CONTENT_CHANGE_CIPHER_SPEC)
        datagram->bytes[RECORD_HEADER_LEN] = 1;
    datagram->len = RECORD_HEADER_LEN + (size_t)lengths[kind];
}

/* Each address sends its share and is never heard of again. */
static void flood_from_many(struct flood *flood, bool hellos)
{
    struct datagram datagram;
    uint64_t share = flood->count / flood->addresses + (flood->count % flood->addresses != 0);
    for (uint32_t source = 0; flood->sent < flood->count;
         source = (source + 1) % flood->addresses) {
        int descriptor = source_socket(flood, source);
        for (uint64_t i = 0; i < share && flood->sent < flood->count; i++) {
            if (hellos)
                make_hello(flood->sent, bytes_of(NULL, 0), &datagram);
            else
                make_stray(flood->sent, &datagram);
            send_one(flood, descriptor, &datagram);
        }
        (void)close(descriptor);
    }
}

/* Wait for a HelloVerifyRequest; what else comes is counted. */
static bool take_cookie(struct flood *flood, int descriptor, uint8_t *cookie, size_t *len)
{
    uint8_t answer[2048];
    struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
    while (poll(&waiting, 1, ANSWER_WAIT_MS) > 0) {
        ssize_t got = recv(descriptor, answer, sizeof(answer), 0);
        if (got <= 0)
            return false;
        flood->answers++;
        flood->answer_bytes += (uint64_t)got;
        if (got <= ANSWER_COOKIE_AT || answer[0] != CONTENT_HANDSHAKE ||
            answer[RECORD_HEADER_LEN] != MESSAGE_HELLO_VERIFY_REQUEST)
            continue;
        *len = answer[ANSWER_COOKIE_AT - 1];
        if (ANSWER_COOKIE_AT + *len > (size_t)got)
            return false;
        memcpy(cookie, answer + ANSWER_COOKIE_AT, *len);
        return true;
    }
    return false;
}

/* A hello, its cookie brought back; the answers to that are not looked at. */
static void begin_handshake(struct flood *flood, int descriptor, uint64_t number)
{
    struct datagram datagram;
    uint8_t cookie[COOKIE_MAX];
    size_t len;
    make_hello(number, bytes_of(NULL, 0), &datagram);
    send_one(flood, descriptor, &datagram);
    if (!take_cookie(flood, descriptor, cookie, &len))
        return;
    make_hello(number, bytes_of(cookie, len), &datagram);
    send_one(flood, descriptor, &datagram);
    flood->cookies++;
}

static void flood_silent(struct flood *flood)
{
    for (uint64_t i = 0; i < flood->count; i++) {
        int descriptor = source_socket(flood, (uint32_t)(i % flood->addresses));
        begin_handshake(flood, descriptor, i);
        (void)close(descriptor);
    }
}

/* From one 5-tuple: hellos, now and then one with a good cookie, closes in the clear, and strays.
 */
static void flood_from_one(struct flood *flood)
{
    enum { COOKIE_EVERY = 64, ALERT_BYTES = 2 };
    static const uint8_t close_notify[RECORD_HEADER_LEN + ALERT_BYTES] = {
        CONTENT_ALERT, 0xfe, 0xfd, [RECORD_HEADER_LEN - 1] = ALERT_BYTES, [RECORD_HEADER_LEN] = 1};
    struct datagram datagram;
    uint8_t ignored[2048];
    int descriptor = source_socket(flood, 0);
    while (flood->sent < flood->count) {
        uint64_t number = flood->sent;
        if (number % COOKIE_EVERY < 2) {
            while (recv(descriptor, ignored, sizeof(ignored), 0) > 0)
                flood->answers++;
            begin_handshake(flood, descriptor, number);
        }
        make_hello(number, bytes_of(NULL, 0), &datagram);
        send_one(flood, descriptor, &datagram);
        datagram.len = sizeof(close_notify);
        memcpy(datagram.bytes, close_notify, sizeof(close_notify));
        send_one(flood, descriptor, &datagram);
        make_stray(number / 2, &datagram);
        send_one(flood, descriptor, &datagram);
    }
    (void)close(descriptor);
}

static uint64_t number_of(const char *text)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0') {
        (void)fprintf(stderr, "flooder: '%s' is no number\n", text);
        exit(2);
    }
    return number;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        (void)fprintf(stderr,
                      "usage: flooder hellos|strangers|silent|one PORT COUNT ADDRESSES RATE\n");
        return 2;
    }
    struct flood flood = {
        .server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number_of(argv[2]))},
        .count = number_of(argv[3]),
        .addresses = (uint32_t)number_of(argv[4]),
        .rate = number_of(argv[5]),
        .begun_ns = now_ns(),
    };
    flood.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (flood.addresses == 0)
        flood.addresses = 1;
    if (strcmp(argv[1], "silent") == 0)
        flood_silent(&flood);
    else if (strcmp(argv[1], "one") == 0)
        flood_from_one(&flood);
    else
        flood_from_many(&flood, strcmp(argv[1], "hellos") == 0);
    double seconds = (double)(now_ns() - flood.begun_ns) / 1e9;
    printf("{\"sent\": %llu, \"sent_bytes\": %llu, \"refused\": %llu, \"answers\": %llu, "
           "\"answer_bytes\": %llu, \"cookies\": %llu, \"seconds\": %.3f}\n",
           (unsigned long long)flood.sent, (unsigned long long)flood.sent_bytes,
           (unsigned long long)flood.refused, (unsigned long long)flood.answers,
           (unsigned long long)flood.answer_bytes, (unsigned long long)flood.cookies, seconds);
    return 0;
}
