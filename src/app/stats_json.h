/* The statistics of a server as JSON: one object, the same keys every time. A figure that is not
 * known yet is null. */
#ifndef APP_STATS_JSON_H
#define APP_STATS_JSON_H

#include <cjson/cJSON.h>
#include <ringdtls/ringdtls.h>

#include "app/echo.h"
#include "app/memory_watch.h"

struct stats_snapshot {
    const struct rdtls_server_stats *server;
    const char *lanes_name; /* the back end of the lanes */
    const struct echo *echo;
    const struct extras *extras; /* as asked for */
    const struct memory_watch *memory;
    double elapsed_s;
};

/* To be freed with free; NULL: out of memory. */
char *stats_json_print(const struct stats_snapshot *snapshot);

/* The engine's and its endpoints' figures, as keys of an object. */
void stats_json_put_server(cJSON *object, const struct rdtls_server_stats *stats);

/* Names as people say them. */
const char *io_name(enum rdtls_io io);

/* All failed handshakes, whatever the reason. */
uint64_t handshakes_failed_total(const struct rdtls_endpoint_stats *stats);

#endif
