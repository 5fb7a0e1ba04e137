/* The command line of `ringdtls webrtc`: read completely and checked before anything is started. */
#ifndef APP_WEBRTC_OPTIONS_H
#define APP_WEBRTC_OPTIONS_H

#include <ringdtls/ringdtls.h>

#include "app/complaint.h"
#include "app/extras.h"
#include "app/sessions.h"

enum { WEBRTC_LISTEN_MAX = 8, WEBRTC_ANNOUNCE_MAX = 8, WEBRTC_SHARDS_MAX = 256 };

struct webrtc_options {
    struct rdtls_listen http;
    struct rdtls_listen listen[WEBRTC_LISTEN_MAX];
    size_t listen_count;
    struct rdtls_listen announce[WEBRTC_ANNOUNCE_MAX]; /* the ports are 0 */
    size_t announce_count;
    uint32_t shards;        /* 0: one per core */
    char *certificate_path; /* NULL: one is made at start */
    char *private_key_path;
    enum rdtls_io io;
    struct extras extras; /* versions alone */
    struct sessions_options sessions;
    bool help; /* the rest was not looked at */
};

/* argv[0] is ignored. false with a complaint. Call webrtc_options_free in either case. */
bool webrtc_options_parse(int argc, const char **argv, struct webrtc_options *options,
                          struct complaint *complaint);
void webrtc_options_free(struct webrtc_options *options);

/* To standard output. */
void webrtc_options_help(void);

#endif
