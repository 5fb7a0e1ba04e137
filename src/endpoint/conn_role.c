/* A connection of the API's connection level whose host does not know yet who begins. */
#include "endpoint/conn.h"
#include "endpoint/hello_gate.h"

#include <assert.h>

enum { ONLY_KEY = 1 }; /* all that is held is of the one peer */

static_assert(sizeof(((struct rdtls_conn *)NULL)->held_memory) ==
                  OWN_HELD_HELLOS * (sizeof(uint64_t) + sizeof(struct held_hello)),
              "they fit");

void conn_hold(struct rdtls_conn *conn, struct bytes datagram, uint64_t now)
{
    static const struct rdtls_path nowhere;
    const struct hello_to_hold hello = {ONLY_KEY, &nowhere, datagram, now};
    struct hello_fragment fragment;
    enum rdtls_discard reason;
    if (!hello_fragment_read(datagram, &fragment, &reason))
        conn->stats.records_discarded[reason]++;
    else if (!held_hellos_add(&conn->held_hellos, &hello))
        conn->stats.records_discarded[RDTLS_DISCARD_STRANGER]++;
}

enum rdtls_status rdtls_conn_set_role(struct rdtls_conn *conn, enum rdtls_role role,
                                      uint64_t now_ns)
{
    struct connection_start start = {.now = now_ns};
    if (conn->has_begun || conn->role != RDTLS_ROLE_LATER ||
        (role != RDTLS_CLIENT && role != RDTLS_SERVER))
        return RDTLS_INVALID_ARGUMENT;
    conn->role = role;
    if (role == RDTLS_CLIENT)
        return conn_begin(conn, &start);
    for (;;) {
        struct held_hello *hello = held_hellos_take(&conn->held_hellos, ONLY_KEY, now_ns);
        if (hello == NULL)
            return RDTLS_OK;
        conn_take(conn, hello->bytes, hello->len, now_ns);
    }
}
