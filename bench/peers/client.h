/* One association of the libssl client: handshake, echo, the end, and the reasons why it fails. */
#ifndef PEERS_CLIENT_H
#define PEERS_CLIENT_H

#include "load.h"

enum client_phase { CLIENT_HANDSHAKING, CLIENT_ECHOING, CLIENT_HELD };

struct client {
    SSL *ssl;
    TAILQ_ENTRY(client) in_order;
    struct path path;
    uint32_t number;
    enum client_phase phase;
    uint32_t echoed; /* records that came back */
    uint64_t begin_ns;
    uint64_t deadline_ns; /* next look at its timer */
    uint64_t give_up_ns;
};

void client_start(struct load *load);
void client_take_datagram(struct load *load, const struct path *path, const uint8_t *datagram,
                          size_t len);
void client_run_timers(struct load *load);

/* Say close_notify to the server for all that are open. */
void client_close_all(struct load *load);
void client_free_all(struct load *load);

#endif
