/*
 * The flags that the runner starts the shim with, for one of its connections. A flag that is not in
 * the table is not implemented: the runner is told so before anything is connected.
 */
#ifndef BOGO_SETTINGS_H
#define BOGO_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SETTINGS_NUMBERS_MAX = 8, SETTINGS_CREDENTIALS_MAX = 8 };

struct numbers {
    uint64_t values[SETTINGS_NUMBERS_MAX];
    size_t count;
};

/* What a flag says of a credential is of the last one that has begun. */
struct credential_settings {
    const char *cert_file;
    const char *key_file;
    struct numbers signing_schemes;
    bool must_match_issuer;
};

struct settings {
    uint64_t port;
    uint64_t id;
    bool ipv6;
    bool is_dtls;
    bool is_resumption; /* the connection is not the first */
    bool is_server;
    uint64_t resume_count;

    struct credential_settings credentials[SETTINGS_CREDENTIALS_MAX]; /* first the default one */
    size_t credentials_new;                                           /* how many follow it */
    struct numbers peer_schemes;
    bool is_async;
    uint64_t private_key_delay_ms;
    bool verify_peer;
    bool verify_fail;
    bool custom_verify;
    bool require_certificate;
    bool expect_verify_result;
    struct numbers expect_credential; /* -1: the default one */

    struct numbers groups;
    uint64_t min_version; /* 0: not said, as for the others that default to nothing */
    uint64_t max_version;
    bool no_12;
    bool no_13;
    const char *srtp_profiles;
    const char *host_name;
    const char *advertise_alpn;
    const char *select_alpn;
    const char *expect_alpn;
    const char *expect_advertised_alpn;
    const char *expect_server_name;
    bool decline_alpn;
    bool reject_alpn;
    bool expect_hrr;
    bool expect_no_hrr;

    uint64_t mtu;
    uint64_t initial_timeout_ms;
    uint64_t export_len;
    const char *export_label;
    const char *export_context;
    bool use_export_context;
    bool send_alert;
    bool writes_first;
    bool update_keys;
    bool expect_session_miss;
    bool expect_ticket_renewal;
    bool expect_no_session;
    bool no_ticket;
};

/* The n-th in order of preference, in which the default one is the last. */
const struct credential_settings *settings_credential(const struct settings *settings, size_t n);

/* Was a text expected, and another one found, or none? */
bool settings_text_differs(const char *expected, const char *found);

/* Does the peer's certificate matter? A client goes on with one that it does not look at. */
bool settings_must_verify(const struct settings *settings);

/* false: a flag is not known, and named in *unknown. is_resumption: it is for the connections
 * behind the first. */
bool settings_read(char **flags, bool is_resumption, struct settings *settings,
                   const char **unknown);

#endif
