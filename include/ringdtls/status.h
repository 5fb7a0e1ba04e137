/*
 * One status type for the whole library: what happened, and when an alert was part of it, which
 * one.
 *
 *     0          it worked
 *     1..255     the fatal alert that we sent (its description, RFC 5246 section 7.2)
 *     256+a      the alert a that we received; 256 itself is the peer's close_notify
 *     512..      our own: nothing of it went over the wire
 *
 * The numbers are part of the ABI.
 */
#ifndef RINGDTLS_STATUS_H
#define RINGDTLS_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define RDTLS_MUST_CHECK __attribute__((warn_unused_result))
#define RDTLS_API        __attribute__((visibility("default")))
#else
#define RDTLS_MUST_CHECK
#define RDTLS_API
#endif

/* What a function returns, and why a connection has ended. */
enum rdtls_status {
    RDTLS_OK = 0,

    /* Alerts that we sent. */
    RDTLS_ALERT_UNEXPECTED_MESSAGE = 10,
    RDTLS_ALERT_BAD_RECORD_MAC = 20,
    RDTLS_ALERT_RECORD_OVERFLOW = 22,
    RDTLS_ALERT_HANDSHAKE_FAILURE = 40,
    RDTLS_ALERT_BAD_CERTIFICATE = 42,
    RDTLS_ALERT_UNSUPPORTED_CERTIFICATE = 43,
    RDTLS_ALERT_CERTIFICATE_REVOKED = 44,
    RDTLS_ALERT_CERTIFICATE_EXPIRED = 45,
    RDTLS_ALERT_CERTIFICATE_UNKNOWN = 46,
    RDTLS_ALERT_ILLEGAL_PARAMETER = 47,
    RDTLS_ALERT_UNKNOWN_CA = 48,
    RDTLS_ALERT_ACCESS_DENIED = 49,
    RDTLS_ALERT_DECODE_ERROR = 50,
    RDTLS_ALERT_DECRYPT_ERROR = 51,
    RDTLS_ALERT_PROTOCOL_VERSION = 70,
    RDTLS_ALERT_INSUFFICIENT_SECURITY = 71,
    RDTLS_ALERT_INTERNAL_ERROR = 80,
    RDTLS_ALERT_USER_CANCELED = 90,
    RDTLS_ALERT_NO_RENEGOTIATION = 100,
    RDTLS_ALERT_MISSING_EXTENSION = 109,
    RDTLS_ALERT_UNSUPPORTED_EXTENSION = 110,
    RDTLS_ALERT_UNRECOGNIZED_NAME = 112,
    RDTLS_ALERT_CERTIFICATE_REQUIRED = 116,
    RDTLS_ALERT_NO_APPLICATION_PROTOCOL = 120,

    /* Alerts that we received: RDTLS_RECEIVED_ALERT + description. */
    RDTLS_RECEIVED_ALERT = 256,
    RDTLS_CLOSED_BY_PEER = 256,

    /* Ours. */
    RDTLS_PARKED = 512,  /* inside the library only: a lane job is out */
    RDTLS_CLOSED,        /* closed by rdtls_..._close on this side */
    RDTLS_TIMED_OUT,     /* the handshake was not finished in its time or its retransmissions */
    RDTLS_IDLE,          /* nothing was received for the idle time */
    RDTLS_NO_ROOM,       /* a limit given at creation is reached, or a buffer is too small */
    RDTLS_NOT_CONNECTED, /* the handshake is not complete, or not yet verified */
    RDTLS_NO_SUCH_CONNECTION,  /* the id names a connection that is gone */
    RDTLS_TOO_LONG,            /* longer than one record or one datagram may be */
    RDTLS_INVALID_ARGUMENT,    /* an option or argument that cannot be meant */
    RDTLS_BAD_CERTIFICATE_PEM, /* the certificate could not be read, or is of a kind that is not
                                  served */
    RDTLS_BAD_PRIVATE_KEY_PEM, /* the private key could not be read, or is of a kind that is not
                                  served */
    RDTLS_KEY_MISMATCH,        /* private key and certificate do not belong together */
    RDTLS_NO_MEMORY,           /* memory or a libcrypto object could not be had at creation */
    RDTLS_SYSTEM_ERROR,        /* a system call failed; errno says why */
    RDTLS_SEQUENCE_EXHAUSTED,  /* the record sequence number reached its end: connect anew */
    RDTLS_REPLACED,    /* a new association on the same path has taken over (RFC 6347 4.2.8) */
    RDTLS_NOT_AWAITED, /* a signature that nobody waits for: not asked for, or answered already */
    RDTLS_NOT_NEGOTIATED, /* the peers have not agreed on what is asked for */
    RDTLS_NO_ML_KEM,      /* a group was asked for that needs ML-KEM, and this libcrypto has none */
    RDTLS_STATUS_COUNT
};

/* A short lower-case name for a status, for logs and JSON keys, e.g. "timed_out",
 * "alert_decode_error", "received_alert_bad_certificate". Never NULL; static storage. Any thread.
 */
RDTLS_API const char *rdtls_status_name(enum rdtls_status status);

#ifdef __cplusplus
}
#endif
#endif
