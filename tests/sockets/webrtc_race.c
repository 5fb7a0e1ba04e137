/*
 * The race that browsers run against `ringdtls webrtc`: their ClientHello comes before ICE has
 * checked its path, in the middle of that, just before the nomination, with it, or after it. It
 * must be answered each time as soon as the check is there. The client here does not repeat its
 * hello for seconds, so that one which was lost shows as a stall. At the end it shows certificates
 * that are not its offers'.
 *
 * usage: webrtc_race HTTP_PORT COUNT
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <ringdtls/ringdtls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "app/stun.h"

enum {
    TEXT_MAX = 8192,
    DATAGRAM_MAX = 2048,
    STALL_MS = 4000,
    REPEAT_MS = 20000, /* the client's first time-out: later than a stall */
    APART_MS = 3,
    PORTS =
        63, /* ours, used again and again; an odd number, so that another shard owns the session */
};

/* When the ClientHello leaves. */
enum order {
    BEFORE_THE_CHECK,
    JUST_BEFORE_THE_CHECK,
    JUST_BEHIND_THE_CHECK,
    BEFORE_THE_NOMINATION,
    WITH_THE_NOMINATION,
    AFTER_THE_NOMINATION,
    ORDER_COUNT,
};

static const char *const order_names[ORDER_COUNT] = {
    "before-the-check",      "just-before-the-check", "just-behind-the-check",
    "before-the-nomination", "with-the-nomination",   "after-the-nomination"};

/* One session, from the answer on. */
struct session {
    char ufrag[64];
    char pwd[64];
    char location[128]; /* where it is ended */
    struct rdtls_fingerprint fingerprint;
    uint16_t port;
    int udp;
    uint8_t transaction[STUN_TRANSACTION_LEN]; /* of the newest check */
    struct rdtls_conn *conn;
    bool checked;
    bool connected;
    bool refused;
};

#define EXPECT(condition)                                                                        \
    do {                                                                                         \
        if (!(condition)) {                                                                      \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            exit(2);                                                                             \
        }                                                                                        \
    } while (0)

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static int connect_to(int type, uint16_t port)
{
    const struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    EXPECT(descriptor >= 0);
    EXPECT(connect(descriptor, (const struct sockaddr *)&name, sizeof(name)) == 0);
    return descriptor;
}

/* One of our ports, without what a former session may still have there. */
static int take_port(uint16_t server)
{
    static int ports[PORTS];
    static size_t taken;
    int *port = &ports[taken++ % PORTS];
    uint8_t bytes[DATAGRAM_MAX];
    if (*port == 0) {
        *port = connect_to(SOCK_DGRAM, server);
    }
    while (recv(*port, bytes, sizeof(bytes), MSG_DONTWAIT) > 0) {
    }
    return *port;
}

/* A request over the connection that is kept, and what comes up to the end of its reply. */
static void ask(int http, int len, char text[TEXT_MAX])
{
    size_t got = 0;
    size_t wanted = SIZE_MAX;
    EXPECT(len > 0 && len < TEXT_MAX && write(http, text, (size_t)len) == len);
    while (got < wanted) {
        const ssize_t more = read(http, text + got, TEXT_MAX - 1 - got);
        EXPECT(more > 0);
        got += (size_t)more;
        text[got] = '\0';
        const char *body = strstr(text, "\r\n\r\n");
        const char *length = strstr(text, "Content-Length: ");
        if (body != NULL) {
            if (strncmp(text, "HTTP/1.1 20", 11) != 0 || length == NULL) {
                (void)fprintf(stderr, "unexpected reply: %s\n", text);
                exit(2);
            }
            wanted = (size_t)(body - text) + 4 + strtoul(length + 16, NULL, 10);
        }
    }
}

static void post_offer(int http, const char *fingerprint, char text[TEXT_MAX])
{
    char offer[TEXT_MAX / 2];
    const int offer_len = snprintf(
        offer, sizeof(offer),
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:abcd\r\n"
        "a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 %s\r\na=setup:actpass\r\n"
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
        "a=sctp-port:5000\r\n",
        fingerprint);
    ask(http,
        snprintf(text, TEXT_MAX,
                 "POST /whip HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sdp\r\n"
                 "Content-Length: %d\r\n\r\n%s",
                 offer_len, offer),
        text);
}

static void delete_session(int http, const struct session *session, char text[TEXT_MAX])
{
    ask(http,
        snprintf(text, TEXT_MAX, "DELETE %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
                 session->location),
        text);
}

static void read_word(const char *text, const char *prefix, char *word, size_t size)
{
    const char *found = strstr(text, prefix);
    EXPECT(found != NULL);
    found += strlen(prefix);
    const size_t len = strcspn(found, "\r\n");
    EXPECT(len < size);
    memcpy(word, found, len);
    word[len] = '\0';
}

static void read_answer(const char *text, struct session *session)
{
    char digits[128];
    unsigned port = 0;
    read_word(text, "a=ice-ufrag:", session->ufrag, sizeof(session->ufrag));
    read_word(text, "a=ice-pwd:", session->pwd, sizeof(session->pwd));
    read_word(text, "Location: ", session->location, sizeof(session->location));
    read_word(text, "a=fingerprint:sha-256 ", digits, sizeof(digits));
    session->fingerprint.hash = RDTLS_HASH_SHA256;
    for (size_t i = 0; i < RDTLS_FINGERPRINT_LEN; i++) {
        session->fingerprint.digest[i] = (uint8_t)strtoul(digits + 3 * i, NULL, 16);
    }
    const char *candidate = strstr(text, "a=candidate:");
    EXPECT(candidate != NULL &&
           sscanf(candidate, "a=candidate:1 1 udp %*u 127.0.0.1 %u", &port) == 1);
    session->port = (uint16_t)port;
}

static void send_check(struct session *session, bool nominates)
{
    uint8_t bytes[256];
    char username[sizeof(session->ufrag) + 8];
    struct stun_writer writer = {bytes, sizeof(bytes), 0};
    EXPECT(getrandom(session->transaction, STUN_TRANSACTION_LEN, 0) == STUN_TRANSACTION_LEN);
    const int len = snprintf(username, sizeof(username), "%s:abcd", session->ufrag);
    stun_begin(&writer, STUN_BINDING_REQUEST, session->transaction);
    stun_add(&writer, STUN_USERNAME, (struct stun_bytes){(const uint8_t *)username, (size_t)len});
    stun_add_u32(&writer, STUN_PRIORITY, 1);
    stun_add_u64(&writer, STUN_ICE_CONTROLLING, 1);
    if (nominates) {
        stun_add(&writer, STUN_USE_CANDIDATE, (struct stun_bytes){NULL, 0});
    }
    const size_t size =
        stun_end(&writer, (struct stun_bytes){(const uint8_t *)session->pwd, strlen(session->pwd)});
    EXPECT(size > 0 && send(session->udp, bytes, size, 0) == (ssize_t)size);
}

static void send_dtls(const struct session *session)
{
    uint8_t bytes[DATAGRAM_MAX];
    size_t len = 0;
    while (rdtls_conn_transmit(session->conn, bytes, sizeof(bytes), &len) == RDTLS_OK && len > 0) {
        EXPECT(send(session->udp, bytes, len, 0) == (ssize_t)len);
    }
}

static void take(struct session *session, uint8_t *bytes, size_t len)
{
    struct rdtls_event event;
    if (rdtls_classify(bytes, len) == RDTLS_PROTOCOL_STUN) {
        session->checked = session->checked || memcmp(stun_transaction(bytes), session->transaction,
                                                      STUN_TRANSACTION_LEN) == 0;
        return;
    }
    rdtls_conn_receive(session->conn, bytes, len, now_ns());
    while (rdtls_conn_poll(session->conn, &event)) {
        session->connected = session->connected || event.kind == RDTLS_EVENT_CONNECTED;
        session->refused =
            session->refused ||
            (event.kind == RDTLS_EVENT_CLOSED &&
             (int)event.status == RDTLS_RECEIVED_ALERT + RDTLS_ALERT_BAD_CERTIFICATE);
    }
    send_dtls(session);
}

/* Until *done, or for so long. */
static void wait_for(struct session *session, const bool *done, int timeout_ms)
{
    const uint64_t end_ns = now_ns() + (uint64_t)timeout_ms * 1000000;
    struct pollfd ready = {.fd = session->udp, .events = POLLIN};
    while (!*done && now_ns() < end_ns) {
        uint8_t bytes[DATAGRAM_MAX];
        if (poll(&ready, 1, 1) == 1) {
            const ssize_t len = recv(session->udp, bytes, sizeof(bytes), 0);
            EXPECT(len > 0);
            take(session, bytes, (size_t)len);
        }
    }
}

static void run_order(struct session *session, enum order order)
{
    const bool never = false;
    const bool nominates = order == WITH_THE_NOMINATION || order == AFTER_THE_NOMINATION;
    const bool waits = order == BEFORE_THE_NOMINATION || order == AFTER_THE_NOMINATION;
    if (order == BEFORE_THE_CHECK || order == JUST_BEFORE_THE_CHECK) {
        send_dtls(session);
        wait_for(session, &never, order == BEFORE_THE_CHECK ? APART_MS : 0);
    }
    send_check(session, nominates);
    if (waits) {
        wait_for(session, &session->checked, STALL_MS);
    }
    send_dtls(session); /* nothing, if it has left already */
    wait_for(session, &session->connected, STALL_MS);
}

static struct rdtls_config *make_config(uint16_t version)
{
    struct rdtls_config_options options;
    struct rdtls_config *config = NULL;
    rdtls_config_options_defaults(&options);
    options.client_certificate_offer = true;
    options.verify = RDTLS_VERIFY_SIGNALLED;
    options.versions = &version;
    options.version_count = 1;
    options.retransmit_initial_ms = REPEAT_MS;
    EXPECT(rdtls_config_new(&options, &config) == RDTLS_OK);
    return config;
}

static void format_fingerprint(const struct rdtls_config *config, char text[128])
{
    uint8_t digest[RDTLS_FINGERPRINT_LEN];
    EXPECT(rdtls_config_fingerprint(config, digest) == RDTLS_OK);
    for (size_t i = 0; i < sizeof(digest); i++) {
        snprintf(text + 3 * i, 4, "%02X:", digest[i]);
    }
    text[3 * sizeof(digest) - 1] = '\0';
}

/* How long it took from the first datagram to CONNECTED; UINT64_MAX: it stalled. */
static uint64_t run(int http, const struct rdtls_config *config, enum order order)
{
    static char text[TEXT_MAX];
    struct session session = {.checked = false};
    char fingerprint[128];
    format_fingerprint(config, fingerprint);
    post_offer(http, fingerprint, text);
    read_answer(text, &session);
    session.udp = take_port(session.port);
    const uint64_t begun_ns = now_ns();
    EXPECT(rdtls_conn_new(config, RDTLS_CLIENT, 0, begun_ns, &session.conn) == RDTLS_OK);
    EXPECT(rdtls_conn_set_fingerprints(session.conn, &session.fingerprint, 1) == RDTLS_OK);
    run_order(&session, order);
    const uint64_t took_ns = session.connected ? now_ns() - begun_ns : UINT64_MAX;
    delete_session(http, &session, text);
    rdtls_conn_free(session.conn);
    return took_ns;
}

/* Whose certificate is not the offer's is told so, whoever knows the password. */
static bool refuse(int http, const struct rdtls_config *config, const char *version)
{
    static char text[TEXT_MAX];
    struct session session = {.checked = false};
    char fingerprint[128];
    format_fingerprint(config, fingerprint);
    fingerprint[0] = fingerprint[0] == '0' ? '1' : '0';
    post_offer(http, fingerprint, text);
    read_answer(text, &session);
    session.udp = take_port(session.port);
    EXPECT(rdtls_conn_new(config, RDTLS_CLIENT, 0, now_ns(), &session.conn) == RDTLS_OK);
    EXPECT(rdtls_conn_set_fingerprints(session.conn, &session.fingerprint, 1) == RDTLS_OK);
    send_check(&session, true);
    send_dtls(&session);
    wait_for(&session, &session.refused, STALL_MS);
    printf("%s wrong-certificate-%s\n", session.refused ? "ok" : "FAIL", version);
    fflush(stdout);
    rdtls_conn_free(session.conn);
    return session.refused;
}

static int in_order(const void *one, const void *other)
{
    const uint64_t a = *(const uint64_t *)one;
    const uint64_t b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

static bool race(int http, struct rdtls_config *const configs[2], enum order order, size_t count)
{
    uint64_t *took_ns = calloc(count, sizeof(*took_ns));
    size_t stalls = 0;
    EXPECT(took_ns != NULL);
    for (size_t i = 0; i < count; i++) {
        took_ns[i] = run(http, configs[i % 2], order);
        stalls += took_ns[i] == UINT64_MAX ? 1 : 0;
    }
    qsort(took_ns, count, sizeof(*took_ns), in_order);
    printf("%s hello-%s %zu of %zu stalled, median %.1f ms, 99 of 100 in %.1f ms, all in %.1f ms\n",
           stalls == 0 ? "ok" : "FAIL", order_names[order], stalls, count,
           (double)took_ns[count / 2] / 1e6, (double)took_ns[count * 99 / 100] / 1e6,
           (double)took_ns[count - 1] / 1e6);
    fflush(stdout);
    free(took_ns);
    return stalls == 0;
}

int main(int argc, char **argv)
{
    EXPECT(argc == 3);
    const int http = connect_to(SOCK_STREAM, (uint16_t)strtoul(argv[1], NULL, 10));
    const size_t count = strtoul(argv[2], NULL, 10);
    struct rdtls_config *const configs[2] = {make_config(0xfefc), make_config(0xfefd)};
    size_t passed = 0;
    for (int order = 0; order < ORDER_COUNT; order++) {
        passed += race(http, configs, (enum order)order, count) ? 1 : 0;
    }
    const bool refused = refuse(http, configs[0], "1.3") && refuse(http, configs[1], "1.2");
    rdtls_config_free(configs[0]);
    rdtls_config_free(configs[1]);
    close(http);
    return passed == ORDER_COUNT && refused ? 0 : 1;
}
