/* Names for logs and JSON keys. */
#include <ringdtls/endpoint.h>

#define ALERT_NAMES(row)                                                                           \
    row(0, "close_notify") row(10, "unexpected_message") row(20, "bad_record_mac")                 \
        row(22, "record_overflow") row(40, "handshake_failure") row(42, "bad_certificate")         \
            row(43, "unsupported_certificate") row(44, "certificate_revoked")                      \
                row(45, "certificate_expired") row(46, "certificate_unknown")                      \
                    row(47, "illegal_parameter") row(48, "unknown_ca") row(49, "access_denied")    \
                        row(50, "decode_error") row(51, "decrypt_error")                           \
                            row(70, "protocol_version") row(71, "insufficient_security")           \
                                row(80, "internal_error") row(90, "user_canceled")                 \
                                    row(100, "no_renegotiation") row(109, "missing_extension")     \
                                        row(110, "unsupported_extension")

#define SENT(number, name) [number] = "alert_" name,
#define RECEIVED(number, name) [RDTLS_RECEIVED_ALERT + number] = "received_alert_" name,

static const char *const status_names[RDTLS_STATUS_COUNT] = {
    ALERT_NAMES(SENT) ALERT_NAMES(RECEIVED)
    [RDTLS_PARKED] = "parked",
    [RDTLS_CLOSED] = "closed",
    [RDTLS_TIMED_OUT] = "timed_out",
    [RDTLS_IDLE] = "idle",
    [RDTLS_NO_ROOM] = "no_room",
    [RDTLS_NOT_CONNECTED] = "not_connected",
    [RDTLS_NO_SUCH_CONNECTION] = "no_such_connection",
    [RDTLS_TOO_LONG] = "too_long",
    [RDTLS_INVALID_ARGUMENT] = "invalid_argument",
    [RDTLS_BAD_CERTIFICATE_PEM] = "bad_certificate_pem",
    [RDTLS_BAD_PRIVATE_KEY_PEM] = "bad_private_key_pem",
    [RDTLS_KEY_MISMATCH] = "key_mismatch",
    [RDTLS_NO_MEMORY] = "no_memory",
    [RDTLS_SYSTEM_ERROR] = "system_error",
    [RDTLS_SEQUENCE_EXHAUSTED] = "sequence_exhausted",
    [RDTLS_REPLACED] = "replaced",
};

const char *rdtls_status_name(enum rdtls_status status)
{
    if (status == RDTLS_OK)
        return "ok";
    if (status == RDTLS_CLOSED_BY_PEER)
        return "closed_by_peer";
    bool is_named = (unsigned)status < RDTLS_STATUS_COUNT && status_names[status] != NULL;
    return is_named ? status_names[status] : "other";
}

static const char *const discard_names[RDTLS_DISCARD_COUNT] = {
    [RDTLS_DISCARD_NOT_DTLS] = "not_dtls",
    [RDTLS_DISCARD_TRUNCATED] = "truncated",
    [RDTLS_DISCARD_VERSION] = "version",
    [RDTLS_DISCARD_STRANGER] = "stranger",
    [RDTLS_DISCARD_BAD_HELLO] = "bad_hello",
    [RDTLS_DISCARD_RATE_LIMITED] = "rate_limited",
    [RDTLS_DISCARD_FULL] = "full",
    [RDTLS_DISCARD_REPLAY] = "replay",
    [RDTLS_DISCARD_AUTHENTICATION] = "authentication",
    [RDTLS_DISCARD_EPOCH] = "epoch",
    [RDTLS_DISCARD_OLD_MESSAGE] = "old_message",
    [RDTLS_DISCARD_FUTURE_MESSAGE] = "future_message",
    [RDTLS_DISCARD_BAD_FRAGMENT] = "bad_fragment",
    [RDTLS_DISCARD_UNPROTECTED] = "unprotected",
    [RDTLS_DISCARD_UNVERIFIED] = "unverified",
    [RDTLS_DISCARD_UNKNOWN_TYPE] = "unknown_type",
    [RDTLS_DISCARD_CLOSED] = "closed",
    [RDTLS_DISCARD_NO_ROOM] = "no_room",
};

const char *rdtls_discard_name(enum rdtls_discard reason)
{
    return (unsigned)reason < RDTLS_DISCARD_COUNT ? discard_names[reason] : "other";
}
