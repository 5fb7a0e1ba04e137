#include "association_drive.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum { SPARE_MAX = 512 };

/* libssl's first time-out is a second; a little more, so that it has surely passed when we look.
 * Looking every second finds the doubled ones in time as well, and keeps the list in order of
 * deadlines without any sorting. */
static const uint64_t timer_look_ns = 1020ULL * 1000 * 1000;
static const uint64_t handshake_time_ns = 30ULL * 1000 * 1000 * 1000;
static const uint64_t idle_time_ns = 300ULL * 1000 * 1000 * 1000;

static struct association_list *list_of(struct shard *shard, const struct association *association)
{
    return association->established ? &shard->established : &shard->handshaking;
}

/* Something was received: its deadline is the latest of its list. */
static void postpone(struct shard *shard, struct association *association)
{
    struct association_list *list = list_of(shard, association);

    association->deadline_ns =
        shard->now_ns + (association->established ? idle_time_ns : timer_look_ns);
    TAILQ_REMOVE(list, association, in_order);
    TAILQ_INSERT_TAIL(list, association, in_order);
}

static void establish(struct shard *shard, struct association *association)
{
    TAILQ_REMOVE(&shard->handshaking, association, in_order);
    association->established = true;
    association->deadline_ns = shard->now_ns + idle_time_ns;
    TAILQ_INSERT_TAIL(&shard->established, association, in_order);
    shard->stats.handshakes_completed++;
    shard->stats.connections_open++;
    if (shard->stats.connections_open > shard->stats.connections_peak)
        shard->stats.connections_peak = shard->stats.connections_open;
}

void association_discard(struct shard *shard, struct association *association)
{
    TAILQ_REMOVE(list_of(shard, association), association, in_order);
    association_table_remove(&shard->table, association);
    shard->stats.connections_open -= association->established;
    if (shard->spare_count < SPARE_MAX && !shard->options.variant.fresh_objects) {
        SSL_free_buffers(association->ssl);
        TAILQ_INSERT_HEAD(&shard->spare, association, in_order);
        shard->spare_count++;
        return;
    }
    SSL_free(association->ssl);
    free(association);
}

static void fail(struct shard *shard, struct association *association)
{
    if (association->established)
        ERR_clear_error();
    else
        tally_add_ssl_error(&shard->stats.handshakes_failed);
    association_discard(shard, association);
}

/* The one used last is the one whose memory is still in the cache. Using it again saves SSL_new and
 * SSL_free; in libssl 3.0 SSL_clear forgets one reference to the cipher each time, which leaks a
 * count and no memory: good for 2^31 associations. */
static struct association *association_obtain(struct shard *shard)
{
    struct association *association = TAILQ_FIRST(&shard->spare);

    if (association != NULL) {
        TAILQ_REMOVE(&shard->spare, association, in_order);
        shard->spare_count--;
        return association;
    }
    association = calloc(1, sizeof(*association));
    if (association == NULL)
        return NULL;
    association->ssl = SSL_new(shard->context);
    if (association->ssl == NULL) {
        free(association);
        return NULL;
    }
    datagram_bio_attach(&shard->bio, association->ssl);
    SSL_set_accept_state(association->ssl);
    return association;
}

static void lend_datagram(struct shard *shard, const struct association *association,
                          const uint8_t *datagram, size_t len)
{
    shard->bio.path = &association->path;
    shard->bio.datagram = datagram;
    shard->bio.datagram_len = len;
}

/* False when the association has ended. */
static bool echo(struct shard *shard, struct association *association)
{
    uint8_t data[DATAGRAM_LEN_MAX];
    int len;

    do {
        len = SSL_read(association->ssl, data, sizeof(data));
        if (len > 0)
            SSL_write(association->ssl, data, len);
    } while (len > 0 && (shard->bio.datagram != NULL || SSL_has_pending(association->ssl)));
    if (len > 0)
        return true;
    switch (SSL_get_error(association->ssl, len)) {
    case SSL_ERROR_WANT_READ:
        return true;
    case SSL_ERROR_ZERO_RETURN:
        SSL_shutdown(association->ssl);
        association_discard(shard, association);
        return false;
    default:
        fail(shard, association);
        return false;
    }
}

/* False when the association has ended. */
static bool handshake(struct shard *shard, struct association *association)
{
    int result = SSL_do_handshake(association->ssl);

    if (result == 1) {
        establish(shard, association);
        return true;
    }
    if (SSL_get_error(association->ssl, result) == SSL_ERROR_WANT_READ)
        return true;
    fail(shard, association);
    return false;
}

/* Between two datagrams an association needs no record buffers: all of a thread's share one pair in
 * turn, which stays in the cache. SSL_MODE_RELEASE_BUFFERS would do this for TLS, it does nothing
 * for DTLS. */
static void drive(struct shard *shard, struct association *association)
{
    SSL *ssl = association->ssl;

    if (!association->established && !handshake(shard, association))
        return;
    if (association->established && (shard->bio.datagram != NULL || SSL_has_pending(ssl)) &&
        !echo(shard, association))
        return;
    if (!shard->options.variant.buffers_stay)
        SSL_free_buffers(ssl);
}

static void accept_hello(struct shard *shard, const struct path *path,
                         const struct client_hello *hello, bool proven, const uint8_t *datagram,
                         size_t len)
{
    struct association *association = association_obtain(shard);
    bool begun;

    if (association == NULL)
        return;
    association->path = *path;
    association->established = false;
    association->deadline_ns = shard->now_ns + timer_look_ns;
    association->give_up_ns = shard->now_ns + handshake_time_ns;
    memcpy(association->random_prefix, hello->random, RANDOM_PREFIX_LEN);
    association_table_insert(&shard->table, association);
    TAILQ_INSERT_TAIL(&shard->handshaking, association, in_order);
    lend_datagram(shard, association, datagram, len);
    if (proven) {
        /* Takes the sequence numbers from the hello as if libssl had sent the HelloVerifyRequest
         * itself. */
        begun = DTLSv1_listen(association->ssl, shard->any_address) == 1;
    } else {
        SSL_clear_options(association->ssl, SSL_OP_COOKIE_EXCHANGE);
        begun = SSL_clear(association->ssl) == 1;
    }
    if (begun)
        drive(shard, association);
    else
        fail(shard, association);
}

static void answer_hello(struct shard *shard, const struct path *path,
                         const struct client_hello *hello)
{
    uint8_t request[HELLO_VERIFY_REQUEST_LEN];

    hello_verify_request_build(&shard->cookie_key, path, hello, shard->now_ns, request);
    outbox_put(&shard->outbox, path, request, sizeof(request));
}

/* A live path asks for a cookie even when strangers need none.
 * [rfc6347#4.2.8] "MUST NOT destroy the existing association until the client has demonstrated
 * reachability either by completing a cookie exchange or by completing a complete handshake
 * including delivering a verifiable Finished message." */
static void take_hello(struct shard *shard, const struct path *path,
                       const struct client_hello *hello, const uint8_t *datagram, size_t len)
{
    struct association *live = association_table_find(&shard->table, path);
    bool proven;

    if (live != NULL && memcmp(live->random_prefix, hello->random, RANDOM_PREFIX_LEN) == 0)
        return; /* repeated; our timer repeats the answer */
    proven =
        hello->cookie_len > 0 && cookie_is_right(&shard->cookie_key, path, hello, shard->now_ns);
    if (!proven && (shard->options.cookies || live != NULL)) {
        answer_hello(shard, path, hello);
        return;
    }
    if (live != NULL && !live->established)
        tally_add(&shard->stats.handshakes_failed, "replaced", 1);
    if (live != NULL)
        association_discard(shard, live);
    accept_hello(shard, path, hello, proven, datagram, len);
}

void association_take_datagram(struct shard *shard, const struct path *path,
                               const uint8_t *datagram, size_t len)
{
    struct association *association;
    struct client_hello hello;

    if (client_hello_find(datagram, len, &hello)) {
        take_hello(shard, path, &hello, datagram, len);
        return;
    }
    association = association_table_find(&shard->table, path);
    if (association == NULL)
        return;
    postpone(shard, association);
    lend_datagram(shard, association, datagram, len);
    drive(shard, association);
}

static void look_at_handshake(struct shard *shard, struct association *association)
{
    int result;

    if (shard->now_ns >= association->give_up_ns) {
        tally_add(&shard->stats.handshakes_failed, "timed_out", 1);
        association_discard(shard, association);
        return;
    }
    lend_datagram(shard, association, NULL, 0);
    SSL_alloc_buffers(association->ssl);
    result = (int)DTLSv1_handle_timeout(association->ssl);
    if (result < 0) {
        fail(shard, association);
        return;
    }
    shard->stats.retransmits += result == 1;
    postpone(shard, association);
}

void association_run_timers(struct shard *shard)
{
    struct association *association = TAILQ_FIRST(&shard->handshaking);

    for (; association != NULL && association->deadline_ns <= shard->now_ns;
         association = TAILQ_FIRST(&shard->handshaking))
        look_at_handshake(shard, association);
    for (association = TAILQ_FIRST(&shard->established);
         association != NULL && association->deadline_ns <= shard->now_ns;
         association = TAILQ_FIRST(&shard->established)) {
        association_say_close(shard, association);
        association_discard(shard, association);
    }
}

uint64_t association_deadline(const struct shard *shard)
{
    const struct association *handshaking = TAILQ_FIRST(&shard->handshaking);
    const struct association *established = TAILQ_FIRST(&shard->established);
    uint64_t deadline_ns = handshaking == NULL ? UINT64_MAX : handshaking->deadline_ns;

    if (established != NULL && established->deadline_ns < deadline_ns)
        deadline_ns = established->deadline_ns;
    return deadline_ns;
}

void association_say_close(struct shard *shard, struct association *association)
{
    lend_datagram(shard, association, NULL, 0);
    SSL_alloc_buffers(association->ssl);
    SSL_shutdown(association->ssl);
}
