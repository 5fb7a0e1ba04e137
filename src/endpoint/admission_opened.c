/* The first hello for a connection that the host has opened. */
#include "endpoint/admission.h"
#include "endpoint/retry_gate.h"

enum {
    HELLOS_BEFORE_MAX = 3, /* of an opened connection: those that were answered with a request for a
                              cookie before its path was known */
};

/* Is there enough of it, and may it begin something? A hello that comes second may bring the cookie
 * of a HelloRetryRequest that was given before this path was known: that is for a whole one to
 * tell. Any other begins with whichever piece comes first: [rfc6347#4.2.3] "DTLS implementations
 * MUST be able to handle overlapping fragment ranges." */
static bool may_begin(struct rdtls_endpoint *endpoint, struct arrival *arrival,
                      struct ticket *ticket, bool *has_random)
{
    const struct hello_fragment *fragment = &ticket->fragment;
    enum rdtls_discard reason;
    struct client_hello parsed;
    if (fragment->header.message_seq > HELLOS_BEFORE_MAX) {
        admission_discard(endpoint, RDTLS_DISCARD_FUTURE_MESSAGE);
        return false;
    }
    bool may_be_retried = endpoint_speaks_13(endpoint) && fragment->header.message_seq != 0;
    if (may_be_retried && !admission_collect(endpoint, arrival, &ticket->fragment))
        return false;
    *has_random = first_hello_of(fragment, &ticket->hello, &reason);
    if (hello_is_whole(fragment) && !*has_random) {
        admission_discard(endpoint, reason);
        return false;
    }
    bool brings_cookie =
        may_be_retried && retry_gate_is_for(&endpoint->gate, fragment->body, false, &parsed);
    return !brings_cookie || admission_gate_admits(endpoint, arrival, ticket, false);
}

/* The first that comes for a connection which the host has opened. It knows the path, so that no
 * cookie is asked for. Where no handshake can begin at the moment, the client says it again. */
void admission_receive_first(struct rdtls_endpoint *endpoint, uint32_t slot,
                             struct arrival *arrival)
{
    struct connection *connection = endpoint_connection(endpoint, slot);
    struct ticket ticket = {0};
    bool has_random = false;
    enum rdtls_discard reason;
    if (!hello_fragment_read(bytes_of(arrival->datagram, arrival->len), &ticket.fragment,
                             &reason)) {
        admission_discard(endpoint, reason);
        return;
    }
    if (connection->role_is_open) {
        arrival->key = endpoint_key_of(endpoint, arrival->path);
        admission_hold(endpoint, arrival);
        return;
    }
    if (!may_begin(endpoint, arrival, &ticket, &has_random))
        return;
    struct connection_start start = admission_start_of(arrival, &ticket);
    start.slot = slot;
    if (connection_begin_opened(&endpoint->environment, connection, &start) != RDTLS_OK) {
        admission_discard(endpoint, RDTLS_DISCARD_FULL);
        return;
    }
    if (!connection->path_is_chosen)
        connection->path = *arrival->path;
    if (has_random)
        admission_note_random(connection, &ticket.hello);
    admission_deliver(endpoint, slot, arrival);
}
