/*
 * What is where:
 *
 *     /  /chat.css  /chat.js  /icon.svg     the chat page, which needs nothing from elsewhere
 *     /whip  /offer  /whip/RESOURCE         sessions (whip.h)
 *     /stats                                figures as JSON, null where there are none
 */
#ifndef APP_SITE_H
#define APP_SITE_H

#include <ringdtls/ringdtls.h>
#include <stdint.h>

#include "app/http_exchange.h"
#include "app/whip.h"

/* Of HTTP itself. */
struct http_figures {
    uint64_t connections_accepted;
    uint64_t connections_open;
    uint64_t connections_overdue; /* shut because a request took too long */
    uint64_t replies[6];          /* by the status' first digit */
};

enum { SITE_STATS_KEPT_MS = 50 };

struct site {
    struct whip_sessions sessions;
    const struct rdtls_server *server; /* NULL: its figures are null */
    uint64_t started_ns;
    const struct http_figures *figures;
    /* The figures as they were told last, for so long: they are gathered under the locks of those
     * who work, whom a thousand questions a second must not hold up. */
    char *stats;
    uint64_t stats_made_ns;
};

/* Answer a request; reply is all zero. */
void site_respond(struct site *site, const struct http_request *request, struct http_reply *reply);

/* Give back what is kept. */
void site_clear(struct site *site);

#endif
