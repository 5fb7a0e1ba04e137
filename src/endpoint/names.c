/* Names for logs and JSON keys. */
#include <ringdtls/endpoint.h>

static const char *const status_names[RDTLS_STATUS_COUNT] = {
    [RDTLS_OK] = "ok",
    [RDTLS_ALERT_UNEXPECTED_MESSAGE] = "alert_unexpected_message",
    [RDTLS_ALERT_BAD_RECORD_MAC] = "alert_bad_record_mac",
    [RDTLS_ALERT_RECORD_OVERFLOW] = "alert_record_overflow",
    [RDTLS_ALERT_HANDSHAKE_FAILURE] = "alert_handshake_failure",
    [RDTLS_ALERT_BAD_CERTIFICATE] = "alert_bad_certificate",
    [RDTLS_ALERT_UNSUPPORTED_CERTIFICATE] = "alert_unsupported_certificate",
    [RDTLS_ALERT_CERTIFICATE_REVOKED] = "alert_certificate_revoked",
    [RDTLS_ALERT_CERTIFICATE_EXPIRED] = "alert_certificate_expired",
    [RDTLS_ALERT_CERTIFICATE_UNKNOWN] = "alert_certificate_unknown",
    [RDTLS_ALERT_ILLEGAL_PARAMETER] = "alert_illegal_parameter",
    [RDTLS_ALERT_UNKNOWN_CA] = "alert_unknown_ca",
    [RDTLS_ALERT_ACCESS_DENIED] = "alert_access_denied",
    [RDTLS_ALERT_DECODE_ERROR] = "alert_decode_error",
    [RDTLS_ALERT_DECRYPT_ERROR] = "alert_decrypt_error",
    [RDTLS_ALERT_PROTOCOL_VERSION] = "alert_protocol_version",
    [RDTLS_ALERT_INSUFFICIENT_SECURITY] = "alert_insufficient_security",
    [RDTLS_ALERT_INTERNAL_ERROR] = "alert_internal_error",
    [RDTLS_ALERT_USER_CANCELED] = "alert_user_canceled",
    [RDTLS_ALERT_NO_RENEGOTIATION] = "alert_no_renegotiation",
    [RDTLS_ALERT_MISSING_EXTENSION] = "alert_missing_extension",
    [RDTLS_ALERT_UNSUPPORTED_EXTENSION] = "alert_unsupported_extension",
    [RDTLS_ALERT_UNRECOGNIZED_NAME] = "alert_unrecognized_name",
    [RDTLS_ALERT_CERTIFICATE_REQUIRED] = "alert_certificate_required",
    [RDTLS_ALERT_NO_APPLICATION_PROTOCOL] = "alert_no_application_protocol",
    [RDTLS_CLOSED_BY_PEER] = "closed_by_peer",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_UNEXPECTED_MESSAGE] = "received_alert_unexpected_message",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_BAD_RECORD_MAC] = "received_alert_bad_record_mac",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_RECORD_OVERFLOW] = "received_alert_record_overflow",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_HANDSHAKE_FAILURE] = "received_alert_handshake_failure",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_BAD_CERTIFICATE] = "received_alert_bad_certificate",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_UNSUPPORTED_CERTIFICATE] =
        "received_alert_unsupported_certificate",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_CERTIFICATE_REVOKED] = "received_alert_certificate_revoked",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_CERTIFICATE_EXPIRED] = "received_alert_certificate_expired",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_CERTIFICATE_UNKNOWN] = "received_alert_certificate_unknown",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_ILLEGAL_PARAMETER] = "received_alert_illegal_parameter",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_UNKNOWN_CA] = "received_alert_unknown_ca",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_ACCESS_DENIED] = "received_alert_access_denied",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_DECODE_ERROR] = "received_alert_decode_error",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_DECRYPT_ERROR] = "received_alert_decrypt_error",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_PROTOCOL_VERSION] = "received_alert_protocol_version",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_INSUFFICIENT_SECURITY] =
        "received_alert_insufficient_security",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_INTERNAL_ERROR] = "received_alert_internal_error",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_USER_CANCELED] = "received_alert_user_canceled",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_NO_RENEGOTIATION] = "received_alert_no_renegotiation",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_MISSING_EXTENSION] = "received_alert_missing_extension",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_UNSUPPORTED_EXTENSION] =
        "received_alert_unsupported_extension",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_UNRECOGNIZED_NAME] = "received_alert_unrecognized_name",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_CERTIFICATE_REQUIRED] =
        "received_alert_certificate_required",
    [RDTLS_RECEIVED_ALERT + RDTLS_ALERT_NO_APPLICATION_PROTOCOL] =
        "received_alert_no_application_protocol",
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
    [RDTLS_NOT_AWAITED] = "not_awaited",
    [RDTLS_NOT_NEGOTIATED] = "not_negotiated",
    [RDTLS_NO_ML_KEM] = "no_ml_kem",
};

const char *rdtls_status_name(enum rdtls_status status)
{
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

static const char *const lane_kind_names[RDTLS_LANE_KIND_COUNT] = {
    [RDTLS_LANE_X25519_DERIVE] = "x25519_derive",
    [RDTLS_LANE_P256_DERIVE] = "p256_derive",
    [RDTLS_LANE_ECDSA_P256_SIGN] = "ecdsa_p256_sign",
    [RDTLS_LANE_ECDSA_P256_VERIFY] = "ecdsa_p256_verify",
    [RDTLS_LANE_RSA_SIGN] = "rsa_sign",
    [RDTLS_LANE_RSA_VERIFY] = "rsa_verify",
    [RDTLS_LANE_P384_DERIVE] = "p384_derive",
    [RDTLS_LANE_ECDSA_P384_SIGN] = "ecdsa_p384_sign",
    [RDTLS_LANE_ECDSA_P384_VERIFY] = "ecdsa_p384_verify",
    [RDTLS_LANE_ED25519_SIGN] = "ed25519_sign",
    [RDTLS_LANE_ED25519_VERIFY] = "ed25519_verify",
};

const char *rdtls_lane_kind_name(enum rdtls_lane_kind kind)
{
    return (unsigned)kind < RDTLS_LANE_KIND_COUNT ? lane_kind_names[kind] : "other";
}

static const char *const ahead_kind_names[RDTLS_AHEAD_KIND_COUNT] = {
    [RDTLS_AHEAD_X25519_KEY_PAIR] = "x25519_key_pairs",
    [RDTLS_AHEAD_P256_KEY_PAIR] = "p256_key_pairs",
    [RDTLS_AHEAD_ECDSA_P256_NONCE] = "ecdsa_p256_nonces",
};

const char *rdtls_ahead_kind_name(enum rdtls_ahead_kind kind)
{
    return (unsigned)kind < RDTLS_AHEAD_KIND_COUNT ? ahead_kind_names[kind] : "other";
}

const char *rdtls_discard_name(enum rdtls_discard reason)
{
    return (unsigned)reason < RDTLS_DISCARD_COUNT ? discard_names[reason] : "other";
}
