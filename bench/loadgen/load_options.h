/* The command line of `ringdtls-load`: read completely and checked before anything is started. */
#ifndef LOADGEN_LOAD_OPTIONS_H
#define LOADGEN_LOAD_OPTIONS_H

#include <ringdtls/ringdtls.h>

#include "app/complaint.h"
#include "app/extras.h"

enum {
    LOAD_HANDSHAKES_DEFAULT = 10000,
    LOAD_CONCURRENCY_DEFAULT = 64,
    LOAD_TIMEOUT_MS_DEFAULT = 10000,
    LOAD_MTU_DEFAULT = 1200,
    LOAD_CONCURRENCY_MAX = 1 << 20,
    LOAD_HOLD_MAX = 1 << 23,
    LOAD_THREADS_MAX = 256,
    LOAD_RECORDS_MAX = 1000000,
};

struct load_options {
    struct rdtls_listen target;
    uint64_t handshakes;  /* 0: as many as fit duration_s */
    double duration_s;    /* 0: until handshakes are done */
    uint32_t concurrency; /* 0: open loop */
    double rate;          /* per second; 0: closed loop */
    uint32_t resume;      /* per cent */
    bool hold;
    uint32_t data_len; /* 0: no echo */
    uint32_t records;
    bool client_cert;
    char *certificate_path; /* both or none */
    char *private_key_path;
    char *authorities_path; /* NULL: verify says who judges */
    enum rdtls_verify verify;
    bool fingerprint_given;
    uint8_t fingerprint[RDTLS_FINGERPRINT_LEN];
    uint32_t threads; /* 0: one per core */
    struct extras extras;
    char *server_name; /* NULL: not said */
    char *json_path;
    char *key_log_path;
    uint32_t timeout_ms;
    uint16_t mtu;
    bool help; /* for these two the rest was not looked at */
    bool version;
};

/* argv[0] is ignored. false with a complaint. Call load_options_free in either case. */
bool load_options_parse(int argc, const char **argv, struct load_options *options,
                        struct complaint *complaint);
void load_options_free(struct load_options *options);

/* To standard output. */
void load_options_help(void);

#endif
