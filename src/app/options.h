/*
 * The command line of `ringdtls serve`: read completely and checked before anything is started.
 * What needs no system call to be wrong is refused here; files and sockets are tried by whoever
 * uses them.
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <ringdtls/ringdtls.h>

#include "app/complaint.h"
#include "app/extras.h"

enum {
    SERVE_LISTEN_MAX = 64,
    SERVE_SHARDS_MAX = 256,
    SERVE_CONNECTIONS_MAX = 1 << 24,
    SERVE_HANDSHAKES_MAX = 1 << 20,
};

enum serve_handler { HANDLER_ECHO, HANDLER_SINK };

struct serve_options {
    struct rdtls_listen listen[SERVE_LISTEN_MAX];
    size_t listen_count;
    uint32_t shards; /* 0: one per core */
    enum serve_handler handler;
    char *certificate_paths[RDTLS_CREDENTIALS_MAX];
    size_t certificate_count;
    char *private_key_paths[RDTLS_CREDENTIALS_MAX]; /* each of the certificate in its place */
    size_t private_key_count;
    char *authorities_path; /* NULL: no client's certificate is judged */
    enum rdtls_client_certificate client_certificate;
    enum rdtls_cookies cookies;
    enum rdtls_io io;
    enum rdtls_lanes lanes;
    uint32_t connections_max; /* 0: the library's own */
    uint32_t handshakes_max;
    uint16_t mtu; /* 0: the library's own */
    struct extras extras;
    bool tickets;
    char *ticket_keys_path; /* NULL: a secret is made at start */
    char *stats_path;
    char *key_log_path;
    bool help; /* the rest was not looked at */
};

/* argv[0] is ignored. false with a complaint. Call serve_options_free in either case. */
bool serve_options_parse(int argc, const char **argv, struct serve_options *options,
                         struct complaint *complaint);
void serve_options_free(struct serve_options *options);

/* To standard output. */
void serve_options_help(void);

#endif
