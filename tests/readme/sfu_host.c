/* A host for the loop of README.md that real clients connect to: one UDP socket, ICE-lite, offers
 * and answers over stdin and stdout.
 *
 *     sfu_host ADDRESS:PORT
 *     stdin:  an offer, a line "."; again
 *     stdout: the answer, a line "."; and what happens, a line each:
 *             connected SESSION VERSION SRTP-PROFILE, data SESSION, media SESSION authentic|forged,
 *             carried SESSION DATAGRAMS TIMES, ended SESSION
 *
 * It ends with its input. */
#include "carrying.h"

#include "app/address.h"
#include "app/sdp_answer.h"
#include "srtp_check.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    SESSIONS_MAX = 64,
    PATHS_MAX = 8,
    UFRAG_LEN = 8,
    PWD_LEN = 24,
    DATAGRAM_MAX = 2048,
    SCTP_PORT = 5000,
    MESSAGE_MAX = 65536,
};

struct peer {
    struct session session;
    struct sfu *sfu;
    char ufrag[UFRAG_LEN + 1];
    char pwd[PWD_LEN + 1];
    struct rdtls_path paths[PATHS_MAX]; /* that have passed a check */
    size_t path_count;
    size_t chosen; /* where to send: the newest, until one is nominated */
    bool nominated;
    struct rdtls_srtp_keys keys;
    bool has_keys;
    bool told_data;
    bool told_media;
};

struct sfu {
    struct rdtls_config *config;
    struct rdtls_listen listen;
    int socket;
    struct peer peers[SESSIONS_MAX];
    size_t peer_count;
    char offer[SDP_TEXT_MAX];
    size_t offer_len;
};

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct peer *peer_of(struct session *session)
{
    return session->host;
}

static size_t number_of(const struct peer *peer)
{
    return (size_t)(peer - peer->sfu->peers);
}

static bool same_remote(const struct rdtls_path *one, const struct rdtls_path *other)
{
    return one->remote_port == other->remote_port &&
           memcmp(one->remote_ip, other->remote_ip, sizeof(one->remote_ip)) == 0;
}

struct session *session_of(struct sfu *sfu, const struct rdtls_path *path)
{
    for (size_t i = 0; i < sfu->peer_count; i++)
        for (size_t j = 0; j < sfu->peers[i].path_count; j++)
            if (sfu->peers[i].session.conn != NULL && same_remote(&sfu->peers[i].paths[j], path))
                return &sfu->peers[i].session;
    return NULL;
}

static void send_to(const struct sfu *sfu, const struct rdtls_path *path, const uint8_t *bytes,
                    size_t len)
{
    struct rdtls_listen remote = {.port = path->remote_port};
    struct sockaddr_storage name;
    memcpy(remote.ip, path->remote_ip, sizeof(remote.ip));
    socklen_t name_len = address_to_socket_name(&remote, &name);
    /* What does not leave is repeated by the loop's timer. */
    (void)sendto(sfu->socket, bytes, len, 0, (struct sockaddr *)&name, name_len);
}

void send_datagram(struct session *session, const uint8_t *datagram, size_t len)
{
    const struct peer *peer = peer_of(session);
    if (peer->path_count > 0)
        send_to(peer->sfu, &peer->paths[peer->chosen], datagram, len);
}

void start_media(struct session *session, const struct rdtls_srtp_keys *keys)
{
    struct peer *peer = peer_of(session);
    struct rdtls_info info;
    rdtls_conn_info(session->conn, &info);
    peer->keys = *keys;
    peer->has_keys = true;
    printf("connected %zu %04x %u\n", number_of(peer), info.version, keys->profile);
}

void on_srtp(struct session *session, uint8_t *packet, size_t len)
{
    struct peer *peer = peer_of(session);
    if (!peer->has_keys || peer->told_media || !srtp_is_rtp(packet, len))
        return;
    peer->told_media = true;
    bool is_authentic = srtp_is_authentic(&peer->keys, packet, len);
    printf("media %zu %s\n", number_of(peer), is_authentic ? "authentic" : "forged");
}

void on_data(struct session *session, const uint8_t *data, size_t len)
{
    struct peer *peer = peer_of(session);
    (void)data;
    (void)len;
    if (!peer->told_data)
        printf("data %zu\n", number_of(peer));
    peer->told_data = true;
}

void on_carried(struct session *session, size_t made, size_t carried)
{
    printf("carried %zu %zu %zu\n", number_of(peer_of(session)), made, carried);
}

void end_session(struct session *session)
{
    struct peer *peer = peer_of(session);
    printf("ended %zu\n", number_of(peer));
    rdtls_conn_free(session->conn);
    explicit_bzero(&peer->keys, sizeof(peer->keys));
    session->conn = NULL;
}

/* A check has passed. The newest path is answered on until one is nominated. */
static void note_path(struct peer *peer, const struct rdtls_path *path, bool nominates)
{
    size_t i = 0;
    while (i < peer->path_count && !same_remote(&peer->paths[i], path))
        i++;
    if (i == PATHS_MAX)
        return;
    peer->paths[i] = *path;
    if (i == peer->path_count)
        peer->path_count++;
    if (nominates || !peer->nominated)
        peer->chosen = i;
    peer->nominated = peer->nominated || nominates;
}

/* Whom a check is for, if it knows the password. */
static struct peer *checked_peer(struct sfu *sfu, const uint8_t *message, size_t len)
{
    struct stun_bytes ours;
    struct stun_bytes theirs;
    if (!stun_split_username(stun_find(message, len, STUN_USERNAME), &ours, &theirs))
        return NULL;
    for (size_t i = 0; i < sfu->peer_count; i++) {
        struct peer *peer = &sfu->peers[i];
        const struct stun_bytes pwd = {(const uint8_t *)peer->pwd, PWD_LEN};
        if (ours.len == UFRAG_LEN && memcmp(ours.at, peer->ufrag, UFRAG_LEN) == 0)
            return stun_integrity_is_right(message, len, pwd) ? peer : NULL;
    }
    return NULL;
}

void on_stun(struct sfu *sfu, const struct rdtls_path *path, uint8_t *datagram, size_t len)
{
    uint8_t answer[STUN_MESSAGE_MAX];
    struct stun_writer writer = {.bytes = answer, .capacity = sizeof(answer)};
    if (!stun_is_message(datagram, len) || stun_type_of(datagram) != STUN_BINDING_REQUEST)
        return;
    struct peer *peer = checked_peer(sfu, datagram, len);
    if (peer == NULL)
        return;
    const struct stun_bytes pwd = {(const uint8_t *)peer->pwd, PWD_LEN};
    note_path(peer, path, stun_find(datagram, len, STUN_USE_CANDIDATE).at != NULL);
    if (peer->session.conn != NULL)
        take_carried(&peer->session, datagram, len, monotonic_ns());
    stun_begin(&writer, STUN_BINDING_SUCCESS, stun_transaction(datagram));
    stun_add_mapped_address(&writer, path);
    carry(&peer->session, &writer);
    size_t answer_len = stun_end(&writer, pwd);
    send_to(sfu, path, answer, answer_len);
}

/* Letters and digits of RFC 8839 section 5.4. */
static void make_up(char *text, size_t len)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    FILE *random = fopen("/dev/urandom", "rb");
    if (random == NULL || fread(text, 1, len, random) != len)
        exit(1);
    (void)fclose(random);
    for (size_t i = 0; i < len; i++)
        text[i] = letters[(uint8_t)text[i] % 64];
    text[len] = '\0';
}

static void write_answer(const struct sfu *sfu, const struct peer *peer,
                         const struct sdp_offer *offer)
{
    uint8_t digest[RDTLS_FINGERPRINT_LEN];
    char fingerprint[3 * RDTLS_FINGERPRINT_LEN + 1];
    char text[ADDRESS_TEXT_MAX];
    struct sdp_candidate candidate = {.port = sfu->listen.port};
    if (rdtls_config_fingerprint(sfu->config, digest) != RDTLS_OK)
        exit(1);
    for (size_t i = 0; i < sizeof(digest); i++)
        (void)snprintf(fingerprint + 3 * i, 4, "%02X:", digest[i]);
    fingerprint[3 * sizeof(digest) - 1] = '\0';
    address_format(&sfu->listen, text);
    *strrchr(text, ':') = '\0';
    (void)snprintf(candidate.address, sizeof(candidate.address), "%.*s", SDP_ADDRESS_MAX - 1, text);
    const struct sdp_local local = {
        .ice_ufrag = peer->ufrag,
        .ice_pwd = peer->pwd,
        .fingerprint = fingerprint,
        .session_id = 1,
        .sctp_port = SCTP_PORT,
        .message_max = MESSAGE_MAX,
        .candidates = &candidate,
        .candidate_count = 1,
    };
    char *answer = sdp_answer_write(offer, &local);
    if (answer == NULL)
        exit(1);
    printf("%s.\n", answer);
    free(answer);
}

/* What has been read so far is an offer. */
static void take_offer(struct sfu *sfu)
{
    static struct sdp_offer offer;
    struct complaint complaint;
    if (sfu->peer_count == SESSIONS_MAX ||
        !sdp_offer_parse(sfu->offer, sfu->offer_len, &offer, &complaint)) {
        (void)fprintf(stderr, "%s\n", sfu->peer_count == SESSIONS_MAX ? "full" : complaint.text);
        exit(1);
    }
    struct peer *peer = &sfu->peers[sfu->peer_count++];
    peer->session.host = peer;
    peer->sfu = sfu;
    make_up(peer->ufrag, UFRAG_LEN);
    make_up(peer->pwd, PWD_LEN);
    if (on_offer(&peer->session, sfu->config, offer.fingerprints, offer.fingerprint_count,
                 monotonic_ns()) != RDTLS_OK)
        exit(1);
    write_answer(sfu, peer, &offer);
}

/* false: the end. */
static bool read_signalling(struct sfu *sfu)
{
    char line[SDP_TEXT_MAX];
    if (fgets(line, sizeof(line), stdin) == NULL)
        return false;
    size_t len = strlen(line);
    if (strcmp(line, ".\n") == 0) {
        take_offer(sfu);
        sfu->offer_len = 0;
    } else if (sfu->offer_len + len < sizeof(sfu->offer)) {
        memcpy(sfu->offer + sfu->offer_len, line, len);
        sfu->offer_len += len;
    }
    return true;
}

static void read_socket(struct sfu *sfu)
{
    uint8_t datagram[DATAGRAM_MAX];
    struct sockaddr_storage name;
    socklen_t name_len = sizeof(name);
    ssize_t len =
        recvfrom(sfu->socket, datagram, sizeof(datagram), 0, (struct sockaddr *)&name, &name_len);
    struct rdtls_listen remote;
    if (len < 0 || !address_from_socket_name(&name, &remote))
        return;
    struct rdtls_path path = {
        .remote_port = remote.port,
        .local_port = sfu->listen.port,
    };
    memcpy(path.remote_ip, remote.ip, sizeof(path.remote_ip));
    memcpy(path.local_ip, sfu->listen.ip, sizeof(path.local_ip));
    on_datagram(sfu, &path, datagram, (size_t)len, monotonic_ns());
}

/* Milliseconds until the next one is due; -1: none is. */
static int run_timers(struct sfu *sfu)
{
    uint64_t now = monotonic_ns();
    uint64_t next = RDTLS_NEVER;
    for (size_t i = 0; i < sfu->peer_count; i++) {
        struct session *session = &sfu->peers[i].session;
        if (session->conn != NULL && session->deadline <= now)
            on_timer(session, now);
        if (session->conn != NULL && session->deadline < next)
            next = session->deadline;
    }
    return next == RDTLS_NEVER ? -1 : (int)((next - now) / 1000000 + 1);
}

static bool open_socket(struct sfu *sfu, const char *address)
{
    struct complaint complaint;
    struct sockaddr_storage name;
    if (!address_parse(address, &sfu->listen, &complaint))
        return false;
    socklen_t len = address_to_socket_name(&sfu->listen, &name);
    sfu->socket = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return sfu->socket >= 0 && bind(sfu->socket, (struct sockaddr *)&name, len) == 0;
}

int main(int count, char **arguments)
{
    static struct sfu sfu;
    if (count != 2 || configure(&sfu.config) != RDTLS_OK || !open_socket(&sfu, arguments[1])) {
        (void)fprintf(stderr, "usage: sfu_host ADDRESS:PORT (%s)\n", strerror(errno));
        return 1;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    /* Each turn reads one line: none must wait in stdio's buffer. */
    (void)setvbuf(stdin, NULL, _IONBF, 0);
    struct pollfd files[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = sfu.socket, .events = POLLIN}};
    bool goes_on = true;
    while (goes_on) {
        int ready = poll(files, 2, run_timers(&sfu));
        if (ready > 0 && files[0].revents != 0)
            goes_on = read_signalling(&sfu);
        if (ready > 0 && files[1].revents != 0)
            read_socket(&sfu);
    }
    for (size_t i = 0; i < sfu.peer_count; i++)
        rdtls_conn_free(sfu.peers[i].session.conn);
    rdtls_config_free(sfu.config);
    (void)close(sfu.socket);
    return 0;
}
