/*
 * One DTLS association without any I/O, for a host that tells its peers apart itself (an SFU, a
 * TURN server). Bytes and time go in, bytes and events come out:
 *
 *     rdtls_conn_receive(conn, datagram, len, now);
 *     while (rdtls_conn_poll(conn, &event)) ...;
 *     while (rdtls_conn_transmit(conn, buffer, sizeof(buffer), &len) == RDTLS_OK && len > 0)
 * send(buffer, len); at rdtls_conn_deadline(conn): rdtls_conn_tick(conn, now), then poll and
 * transmit again
 *
 * Time is nanoseconds on any monotonic clock. Nothing blocks. An object belongs to one thread at a
 * time.
 */
#ifndef RINGDTLS_CONNECTION_H
#define RINGDTLS_CONNECTION_H

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RDTLS_NEVER UINT64_MAX /* a deadline that does not come */

enum {
    RDTLS_RECORD_HEADROOM =
        21, /* bytes before a payload that is sealed in place: record header 13, explicit nonce 8.
             With ChaCha20-Poly1305 that is not there, and the payload is moved 8 bytes forward */
    RDTLS_RECORD_TAILROOM = 16, /* bytes behind it: the AEAD's tag */
    RDTLS_PAYLOAD_MAX = 16384,  /* RFC 5246 section 6.2.1 */
    RDTLS_DIGEST_MAX = 64,      /* to be signed: 32 or 48 today */
    RDTLS_SIGNATURE_MAX = 512,  /* of RSA with 4096 bits; of ECDSA with P-256 at most 72 */
};

enum rdtls_event_kind {
    RDTLS_EVENT_NONE,
    RDTLS_EVENT_CONNECTED, /* the handshake is complete: data may be sent. Comes once, before any
                              DATA */
    RDTLS_EVENT_PEER_CERTIFICATE, /* with RDTLS_VERIFY_HOST: call ..._verify_peer; CONNECTED follows
                                   */
    RDTLS_EVENT_DATA,             /* one record's payload */
    RDTLS_EVENT_CLOSED, /* final; status says why. The id is dead once this has been polled */
    RDTLS_EVENT_SIGN, /* with RDTLS_SIGNER_HOST: have `sign` signed, then ..._complete_signature */
};

/* Names a connection of an endpoint. A slot is used again, a generation is not; {0, 0} names none.
 */
struct rdtls_id {
    uint32_t slot;
    uint32_t generation;
};

/* What is to be signed: a digest, with the key of the configured certificate. A server signs its
 * ServerKeyExchange (RFC 8422 section 5.4), a client its CertificateVerify (RFC 5246 section
 * 7.4.8). A handshake asks once. */
struct rdtls_sign_request {
    uint16_t scheme;   /* IANA SignatureScheme. P-256: 0x0403 over SHA-256, 0x0503 over SHA-384 (of
                          which P-256 takes the leftmost 32 bytes, FIPS 186-4 section 6.4). RSA: PSS
                          (RFC 8017 section 8.1, MGF1 with the same hash, a salt as long as the
                          digest) 0x0804 over SHA-256, 0x0805 over SHA-384; PKCS #1 v1.5 (section
                          8.2) 0x0401, 0x0501. P-384: 0x0503. SHA-384 only for peers that do not take
                          SHA-256 */
    size_t digest_len; /* 32 or 48 */
    uint8_t digest[RDTLS_DIGEST_MAX];
    uint32_t credential; /* whose key: 0: of certificate_pem; n: of the n-th further one */
};

struct rdtls_event {
    enum rdtls_event_kind kind;
    enum rdtls_status status; /* CLOSED: why */
    struct rdtls_id id;       /* endpoint and server level; zero at connection level */
    uint64_t user_data;       /* as given at creation, or by rdtls_endpoint_set_user_data */
    uint8_t *data; /* DATA: the payload, decrypted in place in the datagram that was given to
                      ..._receive */
    size_t data_len;
    const struct rdtls_sign_request *sign; /* SIGN: until the next poll */
};

struct rdtls_info {
    uint16_t version;      /* 0xfefd: DTLS 1.2 */
    uint16_t cipher_suite; /* IANA code point; 0 until chosen */
    uint16_t group;
    bool connected;
    bool peer_certificate; /* the peer has proven to own a certificate; its SHA-256 is in
                              peer_fingerprint */
    enum rdtls_role role;
    uint8_t peer_fingerprint[RDTLS_FINGERPRINT_LEN];
    uint32_t retransmits;          /* flights that we sent again */
    uint64_t handshake_started_ns; /* on the clock that was passed in */
    uint64_t handshake_done_ns;
    uint16_t srtp_profile; /* enum rdtls_srtp_profile; 0: none was agreed on */
    uint16_t payload_max;  /* bytes of data that one record to this peer can carry */
    const char *alpn;      /* the protocol that was agreed on, in the configuration; NULL: none */
};

enum { RDTLS_SRTP_KEY_MAX = 32, RDTLS_SRTP_SALT_MAX = 14 };

/* Master keys and salts for SRTP (RFC 5764 section 4.2): local ones protect what we send, remote
 * ones what we receive. Secret: wipe it. */
struct rdtls_srtp_keys {
    uint16_t profile; /* enum rdtls_srtp_profile */
    uint8_t key_len;  /* 16 or 32 */
    uint8_t salt_len; /* 14, or 12 with AEAD */
    uint8_t local_key[RDTLS_SRTP_KEY_MAX];
    uint8_t local_salt[RDTLS_SRTP_SALT_MAX];
    uint8_t remote_key[RDTLS_SRTP_KEY_MAX];
    uint8_t remote_salt[RDTLS_SRTP_SALT_MAX];
};

/* What keying material is asked for (RFC 5705 section 4). */
struct rdtls_exporter {
    const char *label; /* NUL-terminated ASCII; not one of TLS's own, such as "key expansion" */
    const uint8_t *context; /* NULL: without; an empty context is another value than none */
    size_t context_len;     /* at most 65535 */
};

struct rdtls_conn;

/* A connection in the given role. A client has its ClientHello ready for rdtls_conn_transmit at
 * once. The host has already told the peer's address from others', so no cookie is asked for.
 * config must outlive it. Errors: NO_MEMORY, INVALID_ARGUMENT. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_new(const struct rdtls_config *config,
                                                            enum rdtls_role role,
                                                            uint64_t user_data, uint64_t now_ns,
                                                            struct rdtls_conn **conn);
RDTLS_API void rdtls_conn_free(struct rdtls_conn *conn);

/* One UDP payload from the peer, len bytes, which is decrypted in place: it must stay until
 * rdtls_conn_poll has returned false. Noise is dropped and counted, never an error. */
RDTLS_API void rdtls_conn_receive(struct rdtls_conn *conn, uint8_t *datagram, size_t len,
                                  uint64_t now_ns);

/* The next event; false when there is none. */
RDTLS_API RDTLS_MUST_CHECK bool rdtls_conn_poll(struct rdtls_conn *conn, struct rdtls_event *event);

/* The next datagram to send: exactly one UDP payload, *len bytes; 0 when there is none. capacity
 * must be at least the configured mtu: NO_ROOM. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_transmit(struct rdtls_conn *conn,
                                                                 uint8_t *datagram, size_t capacity,
                                                                 size_t *len);

/* When rdtls_conn_tick must be called next; RDTLS_NEVER while nothing is awaited. */
RDTLS_API uint64_t rdtls_conn_deadline(const struct rdtls_conn *conn);
RDTLS_API void rdtls_conn_tick(struct rdtls_conn *conn, uint64_t now_ns);

/* Seal a payload in place: it lies at record + RDTLS_RECORD_HEADROOM, payload_len bytes, with
 * RDTLS_RECORD_TAILROOM bytes behind it. *record_len is the datagram's length. Errors:
 * NOT_CONNECTED, TOO_LONG, SEQUENCE_EXHAUSTED. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_seal(struct rdtls_conn *conn,
                                                             uint8_t *record, size_t payload_len,
                                                             size_t *record_len);

/* How many payload bytes fit one datagram of the configured mtu, and are not more than the peer
 * takes in a record (RFC 8449). */
RDTLS_API size_t rdtls_conn_payload_max(const struct rdtls_conn *conn);

/* After PEER_CERTIFICATE: CONNECTED follows when accept, bad_certificate and CLOSED otherwise.
 * Error: NOT_CONNECTED when there is nothing to decide. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_verify_peer(struct rdtls_conn *conn,
                                                                    bool accept);

/* After SIGN, at any later time: the signature, which is copied: of ECDSA as DER (RFC 3279 section
 * 2.2.3), of RSA as many bytes as the modulus has. signature_len 0: the signer cannot, and the
 * handshake ends with internal_error. Poll and transmit afterwards. It is checked to be a signature
 * by its form; whether it is right the peer finds out, and a wrong one costs this handshake alone.
 * Errors, which change nothing: NOT_AWAITED (never asked for, answered already, or the handshake
 * has ended, by its time-out for example), TOO_LONG (than any signature of this key),
 * INVALID_ARGUMENT (no DER of two numbers below the order; of RSA shorter than the modulus). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_complete_signature(struct rdtls_conn *conn,
                                                                           const uint8_t *signature,
                                                                           size_t signature_len,
                                                                           uint64_t now_ns);

/* Keying material (RFC 5705), out_len bytes, up to 256. Errors: NOT_CONNECTED, TOO_LONG,
 * INVALID_ARGUMENT (the label is one of TLS's own, or the context is too long). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_export(
    const struct rdtls_conn *conn, const struct rdtls_exporter *exporter, uint8_t *out,
    size_t out_len);

/* Keys for SRTP, from CONNECTED on: with RDTLS_VERIFY_HOST not before the host has accepted the
 * peer. Errors: NOT_CONNECTED, NOT_NEGOTIATED (no profile was agreed on). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_srtp_keys(const struct rdtls_conn *conn,
                                                                  struct rdtls_srtp_keys *keys);

/* "CLIENT_TRAFFIC_SECRET_65532", two numbers, a newline, twice, and a NUL behind that. */
enum { RDTLS_KEY_LOG_MAX = 2 * (27 + 1 + 2 * 32 + 1 + 2 * 48 + 1) + 1 };

/* The lines of a key log in the format of NSS (SSLKEYLOGFILE), which Wireshark reads: for 1.2
 * CLIENT_RANDOM, for 1.3 CLIENT_TRAFFIC_SECRET_n and SERVER_TRAFFIC_SECRET_n, n being 0 until keys
 * are updated; from these each later one follows, but none of the handshake's own. Secret. From
 * CONNECTED on, as the keys for SRTP. Errors: NOT_CONNECTED, INVALID_ARGUMENT (the configuration's
 * key_log is false). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_key_log(const struct rdtls_conn *conn,
                                                                char lines[RDTLS_KEY_LOG_MAX]);

RDTLS_API void rdtls_conn_info(const struct rdtls_conn *conn, struct rdtls_info *info);

/* Say close_notify and end: one more datagram to transmit, then CLOSED. */
RDTLS_API void rdtls_conn_close(struct rdtls_conn *conn);

#ifdef __cplusplus
}
#endif
#endif
