/*
 * HTTP for a page, its signalling and its figures: one thread, which speaks by libmicrohttpd and
 * answers by site.h. Strangers are many and slow, so everything has a limit: how many connections
 * there are, how many of one address, how long a request may take from its first byte to the last
 * of its reply, how long its headers and its body may be. What is over a limit ends, and what was
 * kept for it is given back.
 */
#ifndef APP_HTTP_H
#define APP_HTTP_H

#include <ringdtls/ringdtls.h>

#include "app/complaint.h"
#include "app/whip.h"

struct http;

struct http_options {
    struct rdtls_listen listen; /* of TCP; port 0: any */
    struct whip_sessions sessions;
    const struct rdtls_server *server; /* for /stats; NULL: none */
    uint32_t connections_max;
    uint32_t connections_per_address_max;
    uint32_t idle_timeout_s;     /* without a byte of either side */
    uint32_t request_timeout_ms; /* from one reply, or from the connection's begin, to the next */
};

/* All but listen, sessions and server. */
void http_options_defaults(struct http_options *options);

/* Serve; false with a complaint. Call when the sessions are there, and signals are held back: the
 * thread inherits that. */
bool http_start(const struct http_options *options, struct http **http,
                struct complaint *complaint);

/* The port that was bound. */
uint16_t http_port(const struct http *http);

/* When this returns the thread has ended, connections are closed, and the sessions are not asked
 * for any more. http may be NULL. */
void http_stop(struct http *http);

#endif
