/* What clients that have been there before have brought home: one session for each shape, from a
 * conversation without a network. */
#include <stdlib.h>
#include <string.h>

#include "libcrypto_random.h"
#include "shape.h"

enum { DATAGRAM_MAX = 2048, ROUNDS_MAX = 64 };

struct home {
    uint8_t bytes[RDTLS_SESSION_MAX];
    size_t len;
};

static struct home *homes[SHAPE_COUNT];

struct talk {
    struct rdtls_conn *ends[SIDE_COUNT];
    struct home *home;
};

static void poll(struct talk *talk, enum side side)
{
    struct rdtls_event event;
    uint8_t signature[RDTLS_SIGNATURE_MAX];
    struct rdtls_conn *conn = talk->ends[side];
    while (rdtls_conn_poll(conn, &event)) {
        if (event.kind == RDTLS_EVENT_PEER_CERTIFICATE)
            (void)!rdtls_conn_verify_peer(conn, true);
        if (event.kind == RDTLS_EVENT_SIGN)
            (void)!rdtls_conn_complete_signature(conn, signature,
                                                 shape_sign(side, event.sign, signature), 0);
        if (event.kind != RDTLS_EVENT_TICKET)
            continue;
        memcpy(talk->home->bytes, event.data, event.data_len);
        talk->home->len = event.data_len;
    }
}

static bool carry(struct talk *talk, enum side from)
{
    enum side to = from == SIDE_CLIENT ? SIDE_SERVER : SIDE_CLIENT;
    uint8_t datagram[DATAGRAM_MAX];
    size_t len;
    if (rdtls_conn_transmit(talk->ends[from], datagram, sizeof(datagram), &len) != RDTLS_OK ||
        len == 0)
        return false;
    rdtls_conn_receive(talk->ends[to], datagram, len, 0);
    poll(talk, to);
    return true;
}

static void bring_home(const struct shape *shape, struct home *home)
{
    struct talk talk = {.home = home};
    bool made = true;
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++)
        made = rdtls_conn_new(shape_config(shape, side),
                              side == SIDE_CLIENT ? RDTLS_CLIENT : RDTLS_SERVER, 0, 0,
                              &talk.ends[side]) == RDTLS_OK &&
               made;
    if (!made)
        abort();
    bool moved = true;
    for (int i = 0; i < ROUNDS_MAX && moved; i++) {
        moved = carry(&talk, SIDE_CLIENT);
        moved = carry(&talk, SIDE_SERVER) || moved;
    }
    for (enum side side = SIDE_CLIENT; side < SIDE_COUNT; side++)
        rdtls_conn_free(talk.ends[side]);
}

struct rdtls_session shape_session(const struct shape *shape)
{
    unsigned number = shape_number(shape);
    if (shape->tickets != TICKETS_RESUMED)
        return (struct rdtls_session){NULL, 0};
    if (homes[number] == NULL) {
        homes[number] = calloc(1, sizeof(struct home));
        if (homes[number] == NULL)
            abort();
        libcrypto_random_seed(number);
        bring_home(shape, homes[number]);
    }
    return (struct rdtls_session){homes[number]->bytes, homes[number]->len};
}

bool shape_is_abbreviated(const struct shape *shape)
{
    return !shape->v13 && shape_session(shape).len > 0;
}

void shape_sessions_free(void)
{
    for (unsigned number = 0; number < SHAPE_COUNT; number++)
        free(homes[number]);
}
