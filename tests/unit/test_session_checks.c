/* Checks of ICE as they come to a server's socket: who is answered, and with how much. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/sessions.h"
#include "app/stun.h"

enum { DATAGRAM_MAX = 512, ANSWER_MS = 5000, SILENCE_MS = 200 };

#define OFFER                                                                \
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"                    \
    "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:" \
    "10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1e:1f\r\n"                    \
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"               \
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=sctp-port:5000\r\n"

static struct rdtls_config *config;
static struct sessions *sessions;
static struct rdtls_server *server;
static struct whip_answer session;
static char ufrag[64];
static char pwd[64];
static int client;

static void value_of(const char *name, char value[64])
{
    const char *at = strstr(session.sdp, name);
    cr_assert_not_null(at, "%s in %s", name, session.sdp);
    cr_assert_eq(sscanf(at + strlen(name), "%63[a-z0-9]", value), 1);
}

static void serve(void)
{
    struct sessions_options options;
    struct rdtls_config_options own;
    struct rdtls_server_options wanted;
    struct rdtls_listen listen = {.ip = {[10] = 0xff, 0xff, 127, 0, 0, 1}};
    const struct sdp_candidate candidate = {"127.0.0.1", false, 9};
    sessions_options_defaults(&options);
    sessions = sessions_new(&options);
    cr_assert_not_null(sessions);
    rdtls_config_options_defaults(&own);
    own.client_certificate = RDTLS_CLIENT_CERTIFICATE_REQUIRE;
    own.verify = RDTLS_VERIFY_SIGNALLED;
    cr_assert_eq(rdtls_config_new(&own, &config), RDTLS_OK);
    rdtls_server_options_defaults(&wanted);
    wanted.config = config;
    wanted.handlers = sessions_handlers(sessions);
    wanted.listen = &listen;
    wanted.listen_count = 1;
    wanted.shards = 1;
    wanted.endpoint.accept = false;
    cr_assert_eq(rdtls_server_start(&wanted, &server, NULL, 0), RDTLS_OK);
    cr_assert(sessions_serve(sessions, &(struct sessions_service){server, "AB", &candidate, 1}));
}

static void set_up(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    serve();
    const struct whip_sessions whip = sessions_for_whip(sessions);
    whip.offer(whip.sessions, OFFER, strlen(OFFER), "lobby", &session);
    cr_assert_eq(session.status, 201, "%s", session.complaint.text);
    value_of("a=ice-ufrag:", ufrag);
    value_of("a=ice-pwd:", pwd);
    to.sin_port = htons(rdtls_server_port(server, 0));
    client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void tear_down(void)
{
    close(client);
    rdtls_server_stop(server, 0, NULL);
    sessions_free(sessions);
    rdtls_config_free(config);
    free(session.sdp);
}

TestSuite(session_checks, .init = set_up, .fini = tear_down);

static struct stun_bytes text(const char *string)
{
    return (struct stun_bytes){(const uint8_t *)string, strlen(string)};
}

static struct stun_writer begin(uint8_t bytes[DATAGRAM_MAX], const char *ours)
{
    struct stun_writer writer = {bytes, DATAGRAM_MAX, 0};
    char username[80];
    (void)snprintf(username, sizeof(username), "%s:abcd", ours);
    stun_begin(&writer, STUN_BINDING_REQUEST, (const uint8_t *)"transaction");
    stun_add(&writer, STUN_USERNAME, text(username));
    return writer;
}

/* Sends so many bytes; returns the answer's length, 0: there was none. */
static size_t ask(const uint8_t *request, size_t len, int wait_ms, uint8_t answer[DATAGRAM_MAX])
{
    struct pollfd waiting = {.fd = client, .events = POLLIN};
    cr_assert_eq(send(client, request, len, 0), (ssize_t)len);
    if (poll(&waiting, 1, wait_ms) == 0) {
        return 0;
    }
    const ssize_t answered = recv(client, answer, DATAGRAM_MAX, 0);
    cr_assert_gt(answered, 0);
    cr_assert(stun_is_message(answer, (size_t)answered));
    return (size_t)answered;
}

/* What is asked by key is answered by a message of that type, which is no longer. */
static void expect_answer(struct stun_writer *request, const char *key, enum stun_type type)
{
    uint8_t answer[DATAGRAM_MAX];
    const size_t len = stun_end(request, text(key));
    const size_t answered = ask(request->bytes, len, ANSWER_MS, answer);
    cr_assert_gt(answered, 0, "no answer");
    cr_expect_leq(answered, len);
    cr_expect_eq(stun_type_of(answer), type);
    cr_expect_eq(stun_integrity_is_right(answer, answered, text(pwd)), strcmp(key, pwd) == 0,
                 "who does not know the password is told nothing that is made with it");
}

Test(session_checks, answers_are_no_longer_than_what_they_answer)
{
    uint8_t bytes[DATAGRAM_MAX];
    struct stun_writer request = begin(bytes, ufrag);
    expect_answer(&request, pwd, STUN_BINDING_SUCCESS);
    request = begin(bytes, ufrag);
    expect_answer(&request, "somebody else's password", STUN_BINDING_ERROR);
    request = begin(bytes, ufrag);
    stun_add_u64(&request, STUN_ICE_CONTROLLED, 7);
    expect_answer(&request, pwd, STUN_BINDING_ERROR);
    request = begin(bytes, ufrag);
    for (uint16_t type = 1; type <= STUN_UNKNOWN_MAX; type++) {
        stun_add(&request, (enum stun_attribute)(0x7000 + type), text(""));
    }
    expect_answer(&request, pwd, STUN_BINDING_ERROR);
}

/* Without integrity and fingerprint it would be answered by more than came, wherever it came from.
 */
Test(session_checks, who_sends_less_than_a_check_is_not_answered)
{
    uint8_t answer[DATAGRAM_MAX];
    uint8_t bytes[DATAGRAM_MAX];
    struct stun_writer request = begin(bytes, ufrag);
    cr_expect_eq(ask(bytes, request.len, SILENCE_MS, answer), 0);
    request = begin(bytes, ufrag);
    expect_answer(&request, pwd, STUN_BINDING_SUCCESS);
}

Test(session_checks, strangers_are_not_answered)
{
    uint8_t answer[DATAGRAM_MAX];
    uint8_t bytes[DATAGRAM_MAX];
    ufrag[strlen(ufrag) - 1] ^= 1;
    struct stun_writer request = begin(bytes, ufrag);
    const size_t len = stun_end(&request, text(pwd));
    cr_expect_eq(ask(bytes, len, SILENCE_MS, answer), 0);
    struct sessions_totals totals;
    sessions_totals(sessions, &totals);
    cr_expect_eq(totals.strangers, 1);
}

/* Whoever knows one of these may end the session, or speak for its peer. */
Test(session_checks, statistics_tell_no_secrets)
{
    uint8_t bytes[DATAGRAM_MAX];
    struct stun_writer request = begin(bytes, ufrag);
    expect_answer(&request, pwd, STUN_BINDING_SUCCESS);
    const struct whip_sessions whip = sessions_for_whip(sessions);
    cJSON *stats = whip.stats(sessions);
    char *told = cJSON_Print(stats);
    cr_assert_not_null(strstr(told, "\"remote\""), "the session is told of");
    cr_expect_null(strstr(told, ufrag));
    cr_expect_null(strstr(told, pwd));
    cr_expect_null(strstr(told, session.resource));
    cr_expect_not(whip.end(sessions, ufrag));
    cr_expect_not(whip.end(sessions, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    cr_expect(whip.end(sessions, session.resource));
    cr_expect_not(whip.end(sessions, session.resource), "once");
    free(told);
    cJSON_Delete(stats);
}
