/* The numbers of the protocol, with their IANA names. */
#ifndef WIRE_CODEPOINTS_H
#define WIRE_CODEPOINTS_H

/* [rfc5246#6] "Implementations MUST NOT send record types not defined in this document unless
 * negotiated by some extension." */
enum content_type {
    CONTENT_CHANGE_CIPHER_SPEC = 20,
    CONTENT_ALERT = 21,
    CONTENT_HANDSHAKE = 22,
    CONTENT_APPLICATION_DATA = 23,
    CONTENT_ACK = 26,
};

enum protocol_version {
    VERSION_DTLS_1_0 = 0xfeff, /* on the wire only: in record headers of first flights */
    VERSION_DTLS_1_2 = 0xfefd,
    VERSION_DTLS_1_3 = 0xfefc,
};

enum handshake_type {
    MESSAGE_HELLO_REQUEST = 0,
    MESSAGE_CLIENT_HELLO = 1,
    MESSAGE_SERVER_HELLO = 2,
    MESSAGE_HELLO_VERIFY_REQUEST = 3,
    MESSAGE_NEW_SESSION_TICKET = 4,
    /* Reserved since the last drafts of TLS 1.3: on the wire it is a ServerHello with a random of
     * its own (RFC 8446 section 4.1.3), here it is told apart. */
    MESSAGE_HELLO_RETRY_REQUEST = 6,
    MESSAGE_ENCRYPTED_EXTENSIONS = 8,
    MESSAGE_CERTIFICATE = 11,
    MESSAGE_SERVER_KEY_EXCHANGE = 12,
    MESSAGE_CERTIFICATE_REQUEST = 13,
    MESSAGE_SERVER_HELLO_DONE = 14,
    MESSAGE_CERTIFICATE_VERIFY = 15,
    MESSAGE_CLIENT_KEY_EXCHANGE = 16,
    MESSAGE_FINISHED = 20,
    MESSAGE_KEY_UPDATE = 24,
    MESSAGE_MESSAGE_HASH = 254, /* in transcripts alone */
};

enum extension_type {
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_SUPPORTED_GROUPS = 10,
    EXTENSION_EC_POINT_FORMATS = 11,
    EXTENSION_SIGNATURE_ALGORITHMS = 13,
    EXTENSION_USE_SRTP = 14,
    EXTENSION_ALPN = 16,
    EXTENSION_EXTENDED_MASTER_SECRET = 23,
    EXTENSION_RECORD_SIZE_LIMIT = 28,
    EXTENSION_SESSION_TICKET = 35,
    EXTENSION_PRE_SHARED_KEY = 41,
    EXTENSION_SUPPORTED_VERSIONS = 43,
    EXTENSION_COOKIE = 44,
    EXTENSION_PSK_KEY_EXCHANGE_MODES = 45,
    EXTENSION_CERTIFICATE_AUTHORITIES = 47,
    EXTENSION_KEY_SHARE = 51,
    EXTENSION_RENEGOTIATION_INFO = 0xff01,
};

enum cipher_suite {
    SUITE_AES_128_GCM_SHA256 = 0x1301,
    SUITE_AES_256_GCM_SHA384 = 0x1302,
    SUITE_CHACHA20_POLY1305_SHA256 = 0x1303,
    SUITE_EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff,
    SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256 = 0xc02b,
    SUITE_ECDHE_ECDSA_AES_256_GCM_SHA384 = 0xc02c,
    SUITE_ECDHE_RSA_AES_128_GCM_SHA256 = 0xc02f,
    SUITE_ECDHE_RSA_AES_256_GCM_SHA384 = 0xc030,
    SUITE_ECDHE_RSA_CHACHA20_POLY1305 = 0xcca8,
    SUITE_ECDHE_ECDSA_CHACHA20_POLY1305 = 0xcca9,
};

enum named_group {
    GROUP_SECP256R1 = 23,
    GROUP_SECP384R1 = 24,
    GROUP_X25519 = 29,
    GROUP_X25519MLKEM768 = 0x11ec, /* draft-ietf-tls-ecdhe-mlkem; 1.3 alone */
};

enum signature_scheme {
    SCHEME_RSA_PKCS1_SHA256 = 0x0401,
    SCHEME_ECDSA_SECP256R1_SHA256 = 0x0403,
    SCHEME_RSA_PKCS1_SHA384 = 0x0501,
    SCHEME_ECDSA_SECP384R1_SHA384 = 0x0503, /* in 1.2: ECDSA with SHA-384, whatever the curve */
    SCHEME_RSA_PSS_RSAE_SHA256 = 0x0804,
    SCHEME_RSA_PSS_RSAE_SHA384 = 0x0805,
    SCHEME_ED25519 = 0x0807,
};

enum srtp_profile {
    SRTP_AES128_CM_SHA1_80 = 1,
    SRTP_AES128_CM_SHA1_32 = 2,
    SRTP_AEAD_AES_128_GCM = 7,
    SRTP_AEAD_AES_256_GCM = 8,
};

/* [rfc8449#4] "Endpoints MUST NOT send a "record_size_limit" extension with a value smaller than
 * 64." */
enum { RECORD_SIZE_LIMIT_MIN = 64 };

enum client_certificate_type {
    CLIENT_CERTIFICATE_RSA_SIGN = 1,
    CLIENT_CERTIFICATE_ECDSA_SIGN = 64,
};
enum curve_type { CURVE_NAMED = 3 };
enum point_format { POINT_UNCOMPRESSED = 0 };
enum compression_method { COMPRESSION_NULL = 0 };

/* [rfc8446#4.2.9] psk_ke, the other mode, has no forward secrecy, and is not ours. */
enum psk_key_exchange_mode { PSK_MODE_DHE_KE = 1 };

enum key_update_request { KEY_UPDATE_NOT_REQUESTED = 0, KEY_UPDATE_REQUESTED = 1 };

enum alert_level { ALERT_WARNING = 1, ALERT_FATAL = 2 };

/* The fatal ones are enum rdtls_status 1..255. */
enum alert_description {
    ALERT_CLOSE_NOTIFY = 0,
    ALERT_USER_CANCELED = 90,
    ALERT_NO_RENEGOTIATION = 100,
};

#endif
