#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "endpoint/endpoint.h"

/*
 * An application record says whose handshake it belongs to and which record it is, so that a
 * receiver can tell exactly what was sent and whether it has come before. The rest follows from the
 * number.
 *
 *     magic 8 | name 8 | side 1 | question 1 | number 2 | filling
 */
enum {
    MAGIC_LEN = 8,
    NAME_AT = MAGIC_LEN,
    SIDE_AT = NAME_AT + END_NAME_LEN,
    QUESTION_AT = SIDE_AT + 1,
    NUMBER_AT = QUESTION_AT + 1,
    FILLING_AT = NUMBER_AT + 2,
    RECORD_OVERHEAD = 37,
    WORDS_MAX = 1400,
    GREETING = 0xff,
    ASKS_MAX = 40,
    ALL_ANSWERED = (1 << SHAPE_QUESTIONS) - 1,
};

static const uint64_t ask_gap_ns = 700000000;
static const uint64_t signer_delay_ns = SHAPE_SIGNER_MS * UINT64_C(1000000);

static const uint8_t magic[MAGIC_LEN] = {'s', 'i', 'm', 'u', 'l', 'a', 't', 'e'};

bool host_words_are_in(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i + MAGIC_LEN <= len; i++)
        if (bytes[i] == magic[0] && memcmp(bytes + i, magic, MAGIC_LEN) == 0)
            return true;
    return false;
}

static size_t words_len(const struct world *world, unsigned number)
{
    size_t fits = shape_mtu(world->shape) - RECORD_OVERHEAD;
    size_t max = fits < SHAPE_WORDS_MAX ? fits : SHAPE_WORDS_MAX;
    if (world->options.data_len_max > 0 && world->options.data_len_max < max)
        max = world->options.data_len_max;
    return FILLING_AT + number * 37u % (max - FILLING_AT + 1);
}

static size_t write_words(const struct world *world, const struct end *end, enum side side,
                          unsigned question, unsigned number, uint8_t *out)
{
    size_t len = words_len(world, number);
    memcpy(out, magic, MAGIC_LEN);
    memcpy(out + NAME_AT, end->name, END_NAME_LEN);
    out[SIDE_AT] = (uint8_t)side;
    out[QUESTION_AT] = (uint8_t)question;
    store_u16(out + NUMBER_AT, (uint16_t)number);
    for (size_t i = FILLING_AT; i < len; i++)
        out[i] = (uint8_t)(i * 7 + number * 13 + question);
    return len;
}

void host_say(struct world *world, struct host *host, struct end *end, unsigned question)
{
    uint8_t words[WORDS_MAX];
    if (end->sent == END_RECORDS_MAX)
        return;
    size_t len = write_words(world, end, host->side, question, end->sent, words);
    /* Counted first: it may have left although the answer says otherwise, which would be a mistake
     * that the other side's account shows. */
    end->sent++;
    enum rdtls_status status = rdtls_endpoint_send(host->endpoint, end->id, words, len);
    bool is_closed = end->closed || status == RDTLS_NO_SUCH_CONNECTION;
    if (status != RDTLS_OK && status != RDTLS_NO_ROOM && !is_closed)
        world_fail(world, "send: %s", rdtls_status_name(status));
    if (status == RDTLS_NO_ROOM)
        moments_add(&world->paths[end->path].harmed, world->now);
}

static void ask(struct world *world, struct host *host, struct end *end)
{
    for (unsigned question = 0; question < SHAPE_QUESTIONS; question++)
        if ((end->answered >> question & 1) == 0)
            host_say(world, host, end, question);
    end->ask_again_ns = 0;
    if (end->asks_left > 0) {
        end->asks_left--;
        end->ask_again_ns = world->now + ask_gap_ns;
    }
}

bool host_client_is_served(const struct end *end)
{
    return end->closed ||
           (end->connected && (end->answered == ALL_ANSWERED || end->ask_again_ns == 0));
}

bool host_client_is_answered(const struct end *end)
{
    return end->connected && end->answered == ALL_ANSWERED;
}

static struct end *new_end(struct host *host)
{
    if (host->end_count == host->end_capacity) {
        host->end_capacity = host->end_capacity == 0 ? 16 : 2 * host->end_capacity;
        host->ends = realloc(host->ends, host->end_capacity * sizeof(struct end));
        if (host->ends == NULL)
            abort();
    }
    struct end *end = &host->ends[host->end_count++];
    memset(end, 0, sizeof(*end));
    return end;
}

static struct place place_of(struct world *world, const struct host *host,
                             const struct connection *connection)
{
    struct place place = {0, 0};
    if (!world_place_of(world, host->side, &connection->path, &place))
        world_fail(world, "a connection is on a path that nobody gave");
    return place;
}

static bool has_name(const struct connection *connection)
{
    return connection->association.role == RDTLS_CLIENT ||
           connection->association.suite_number != SUITE_NONE;
}

void host_note_associations(struct world *world, struct host *host)
{
    for (uint32_t slot = 0; slot < host->endpoint->connections.fresh; slot++) {
        const struct connection *connection = endpoint_connection(host->endpoint, slot);
        if (connection->state == CONNECTION_CLOSED && connection->events == 0)
            continue;
        struct place place = place_of(world, host, connection);
        onlooker_learn(&world->paths[place.path].onlookers[host->side], connection,
                       connection_handshake(&host->endpoint->environment, connection));
        struct rdtls_id id = {slot, connection->generation};
        struct end *end = world_end_of(host, id);
        if (end == NULL) {
            end = new_end(host);
            end->id = id;
            end->path = place.path;
            end->address = place.address;
            end->begun_ns = world->now;
            host->slot_ends[slot] = (uint32_t)host->end_count;
            host_expect_signalling(world, host, end);
        }
        if (!end->named && has_name(connection)) {
            memcpy(end->name, connection->association.client_random, END_NAME_LEN);
            end->named = true;
        }
    }
}

/* A host of 1.3 may have new keys at any time; by itself the library has them after many records.
 */
static void update_keys(struct world *world, struct host *host, const struct end *end)
{
    struct connection *connection = endpoint_find(host->endpoint, end->id);
    if (connection == NULL || !association_is_13(&connection->association))
        return;
    connection_update_keys(&host->endpoint->environment, connection, world->now);
    endpoint_settle(host->endpoint, end->id.slot);
}

/* Is this what the other side said, for the first time? */
static void take_words(struct world *world, struct host *host, struct end *end,
                       const struct rdtls_event *event)
{
    uint8_t expected[WORDS_MAX];
    enum side other = host->side == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
    const struct end *peer = world_peer_of(world, host->side, end);
    /* [rfc6347#4.2.4] "Implementations MUST either discard or buffer all application data packets
     * for the new epoch until they have received the Finished message for that epoch." */
    if (!end->connected || end->closed || peer == NULL) {
        world_fail(world, "data before CONNECTED, after CLOSED, or from nobody");
        return;
    }
    if (event->data_len < FILLING_AT) {
        world_fail(world, "data that nobody sent: %zu bytes", event->data_len);
        return;
    }
    unsigned question = event->data[QUESTION_AT];
    unsigned number = load_u16(event->data + NUMBER_AT);
    if (number >= peer->sent ||
        event->data_len != write_words(world, end, other, question, number, expected) ||
        memcmp(event->data, expected, event->data_len) != 0) {
        world_fail(world, "data that was not sent: number %u of %u", number, peer->sent);
        return;
    }
    if ((end->seen[number / 64] >> number % 64 & 1) != 0)
        world_fail(world, "record %u has come twice", number);
    end->seen[number / 64] |= UINT64_C(1) << number % 64;
    if (seeded_happens(&world->random, world->options.update))
        update_keys(world, host, end);
    if (host->side == SIDE_SERVER) {
        host_say(world, host, end, question);
    } else if (question == GREETING) {
        end->greeted = true;
    } else if (question < SHAPE_QUESTIONS) {
        end->answered |= 1u << question;
        if (end->answered == ALL_ANSWERED)
            end->ask_again_ns = 0;
    }
}

static void take_connected(struct world *world, struct host *host, struct end *end)
{
    if (end->connected || end->closed)
        world_fail(world, "CONNECTED twice, or after CLOSED");
    if (end->asked && (end->accept_ns != 0 || end->tell_ns != 0))
        world_fail(world, "CONNECTED before the host has judged");
    end->connected = true;
    end->connected_ns = world->now;
    end->asks_left = ASKS_MAX;
    const struct end *client = end;
    if (host->side == SIDE_SERVER)
        client = world->shape->v13 || shape_is_abbreviated(world->shape)
                     ? world_peer_of(world, SIDE_SERVER, end)
                     : NULL;
    if (client != NULL)
        check_agreement(world, client);
    if (host->side == SIDE_CLIENT)
        ask(world, host, end);
    else if (!world->server_is_silent)
        host_say(world, host, end, GREETING);
}

/* Also when the handshake has ended meanwhile: a signer does not know. And twice: it may not know
 * that either. */
static void sign(struct world *world, struct host *host, struct end *end)
{
    uint8_t signature[RDTLS_SIGNATURE_MAX];
    size_t len = shape_sign(host->side, &end->to_sign, signature);
    end->sign_ns = 0;
    enum rdtls_status status =
        rdtls_endpoint_complete_signature(host->endpoint, end->id, signature, len, world->now);
    bool is_there = !end->closed && !end->closed_by_host;
    if (is_there ? status != RDTLS_OK : status != RDTLS_NO_SUCH_CONNECTION)
        world_fail(world, "complete_signature: %s", rdtls_status_name(status));
    status = rdtls_endpoint_complete_signature(host->endpoint, end->id, signature, len, world->now);
    if (status != RDTLS_NOT_AWAITED && status != RDTLS_NO_SUCH_CONNECTION)
        world_fail(world, "complete_signature, once more: %s", rdtls_status_name(status));
}

static void trace_event(const struct world *world, const struct host *host, const struct end *end,
                        const struct rdtls_event *event)
{
    static const char *const kinds[] = {"NONE", "CONNECTED", "PEER_CERTIFICATE", "DATA", "CLOSED",
                                        "SIGN", "TICKET"};
    if (!world->options.trace)
        return;
    printf("%12.6f  #%u   %s: %s", (double)world->now / 1e9, end->path,
           host->side == SIDE_SERVER ? "server" : "client", kinds[event->kind]);
    if (event->kind == RDTLS_EVENT_CLOSED)
        printf(" %s", rdtls_status_name(event->status));
    printf("\n");
}

void host_take_event(struct world *world, struct host *host, const struct rdtls_event *event)
{
    struct end *end = world_end_of(host, event->id);
    if (end == NULL) {
        world_fail(world, "an event of a connection that never was");
        return;
    }
    trace_event(world, host, end, event);
    switch (event->kind) {
    case RDTLS_EVENT_CONNECTED:
        take_connected(world, host, end);
        break;
    case RDTLS_EVENT_PEER_CERTIFICATE:
        host_take_question(world, host, end);
        break;
    case RDTLS_EVENT_DATA:
        take_words(world, host, end, event);
        break;
    case RDTLS_EVENT_CLOSED:
        if (end->closed)
            world_fail(world, "CLOSED twice");
        end->closed = true;
        end->closed_ns = world->now;
        end->status = event->status;
        end->accept_ns = end->tell_ns = end->ask_again_ns = 0;
        if (event->status == RDTLS_NO_ROOM)
            moments_add(&world->paths[end->path].harmed, world->now);
        break;
    case RDTLS_EVENT_SIGN:
        if (end->sign_ns != 0 || end->to_sign.input_len != 0 || end->closed)
            world_fail(world, "asked to sign twice, or after CLOSED");
        end->to_sign = *event->sign;
        end->sign_ns = world->now + signer_delay_ns;
        break;
    case RDTLS_EVENT_TICKET:
        if (!end->connected || end->closed || world->shape->tickets == TICKETS_NONE)
            world_fail(world, "a ticket that nobody asked for, or not at its time");
        end->tickets++;
        break;
    case RDTLS_EVENT_NONE:
        world_fail(world, "an event of no kind");
        break;
    }
}

uint64_t host_next(const struct host *host)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < host->end_count; i++) {
        const struct end *end = &host->ends[i];
        if (end->accept_ns != 0 && end->accept_ns < next)
            next = end->accept_ns;
        if (end->tell_ns != 0 && end->tell_ns < next)
            next = end->tell_ns;
        if (end->sign_ns != 0 && end->sign_ns < next)
            next = end->sign_ns;
        if (end->ask_again_ns != 0 && end->ask_again_ns < next)
            next = end->ask_again_ns;
    }
    return next;
}

void host_tick(struct world *world, struct host *host)
{
    bool spoke = false;
    for (size_t i = 0; i < host->end_count; i++) {
        struct end *end = &host->ends[i];
        if (end->accept_ns != 0 && end->accept_ns <= world->now) {
            host_judge(world, host, end);
            spoke = true;
        }
        if (end->tell_ns != 0 && end->tell_ns <= world->now) {
            host_tell(world, host, end);
            spoke = true;
        }
        if (end->sign_ns != 0 && end->sign_ns <= world->now) {
            sign(world, host, end);
            spoke = true;
        }
        if (end->ask_again_ns != 0 && end->ask_again_ns <= world->now) {
            ask(world, host, end);
            spoke = true;
        }
    }
    if (spoke)
        world_pass(world, host);
}
