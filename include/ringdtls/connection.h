/*
 * One DTLS association without any I/O, for a host that tells its peers apart itself (an SFU, a
 * TURN server). Bytes and time go in, bytes and events come out:
 *
 *     rdtls_conn_receive(conn, datagram, len, now);
 *     while (rdtls_conn_poll(conn, &event))
 *         ...
 *     while (rdtls_conn_transmit(conn, out, sizeof(out), &len) == RDTLS_OK && len > 0)
 *         ...
 *
 * and at rdtls_conn_deadline(conn): rdtls_conn_tick(conn, now), then the two loops again.
 *
 * Time is nanoseconds on any monotonic clock, the same in every call. Nothing blocks and nothing
 * calls back. An object belongs to one thread at a time; which one may change between calls, and
 * different objects have nothing to do with each other. Lengths are bytes. An error of the peer's
 * ends the connection and is told by CLOSED; what anybody can send in its name is dropped.
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
        21, /* bytes before a payload that is sealed in place: record header 13, explicit nonce 8
             (RFC 6347 section 4.1, RFC 5288). With ChaCha20-Poly1305 there is no such nonce, and
             1.3's header has 5 bytes: the payload is moved forward */
    RDTLS_RECORD_TAILROOM = 16, /* bytes behind it: the AEAD's tag */
    RDTLS_PAYLOAD_MAX = 16384,  /* RFC 5246 section 6.2.1, RFC 8446 section 5.1 */
    RDTLS_SIGN_INPUT_MAX = 192, /* to be signed: a digest, or a message of 165 bytes at most */
    RDTLS_SIGNATURE_MAX = 512,  /* of RSA with 4096 bits; of ECDSA with P-256 at most 72; of Ed25519
                                   64 */
    RDTLS_SESSION_MAX = 1280,   /* of a TICKET event */
};

/* What rdtls_..._poll tells. In one series of polls SIGN comes first, then CONNECTED and
 * PEER_CERTIFICATE, then DATA and TICKET, then CLOSED, so that no data comes before its connection
 * or after its end. */
enum rdtls_event_kind {
    RDTLS_EVENT_NONE,
    RDTLS_EVENT_CONNECTED, /* the handshake is complete: data may be sent. Comes once, before any
                              DATA */
    RDTLS_EVENT_PEER_CERTIFICATE, /* with RDTLS_VERIFY_HOST: call ..._verify_peer; CONNECTED
                                     follows. With RDTLS_VERIFY_SIGNALLED: ..._set_fingerprints is
                                     awaited */
    RDTLS_EVENT_DATA,             /* one record's payload */
    RDTLS_EVENT_CLOSED, /* final; status says why. The id is dead once this has been polled */
    RDTLS_EVENT_SIGN, /* with RDTLS_SIGNER_HOST: have `sign` signed, then ..._complete_signature */
    RDTLS_EVENT_TICKET, /* client with tickets: data is a session that can be resumed later, up to
                           RDTLS_SESSION_MAX bytes of no meaning to the host. Secret. None, one or
                           several come, as the server likes; in 1.3 each is for one handshake */
};

/* Names a connection of an endpoint. A slot is used again, a generation is not; {0, 0} names none.
 */
struct rdtls_id {
    uint32_t slot;
    uint32_t generation;
};

/* What is to be signed with the key of the configured certificate: a digest, or what Ed25519 itself
 * makes digests of. In 1.2 a server signs
 * its ServerKeyExchange (RFC 8422 section 5.4), a client its CertificateVerify (RFC 5246 section
 * 7.4.8); in 1.3 both sign their CertificateVerify (RFC 8446 section 4.4.3). A handshake asks once.
 */
struct rdtls_sign_request {
    uint16_t scheme;  /* IANA SignatureScheme. P-256: 0x0403 over SHA-256, 0x0503 over SHA-384 (of
                         which P-256 takes the leftmost 32 bytes, FIPS 186-4 section 6.4). RSA: PSS
                         (RFC 8017 section 8.1, MGF1 with the same hash, a salt as long as the
                         digest) 0x0804 over SHA-256, 0x0805 over SHA-384; PKCS #1 v1.5 (section
                         8.2) 0x0401, 0x0501. P-384: 0x0503. SHA-384 only for peers that do not take
                         SHA-256. Ed25519 (RFC 8032 section 5.1): 0x0807, over the message itself */
    size_t input_len; /* 32 or 48; of a message up to RDTLS_SIGN_INPUT_MAX */
    uint8_t input[RDTLS_SIGN_INPUT_MAX];
    uint32_t credential; /* whose key: 0: of certificate_pem; n: of the n-th further one */
    /* The same by the SHA-256 of the certificate: where another configuration has come into use, a
     * handshake may still ask for a signature of the one that it began with. */
    uint8_t fingerprint[RDTLS_FINGERPRINT_LEN];
};

/* What data and sign point to is there until the next call to rdtls_..._poll, and data of a DATA
 * event as long as the datagram that it came in, or, if it came before its time, until
 * rdtls_..._poll has returned false; whoever needs it longer copies it. */
struct rdtls_event {
    enum rdtls_event_kind kind;
    enum rdtls_status status; /* CLOSED: why */
    struct rdtls_id id;       /* endpoint and server level; zero at connection level */
    uint64_t user_data;       /* as given at creation, or by rdtls_endpoint_set_user_data */
    uint8_t *data; /* DATA: the payload, decrypted in place in the datagram that was given to
                      ..._receive; TICKET: the session, wiped by the next poll */
    size_t data_len;
    const struct rdtls_sign_request *sign; /* SIGN: until the next poll */
};

/* What is known of a connection at the moment. A copy but for alpn, which lives as long as the
 * connection and its endpoint. */
struct rdtls_info {
    uint16_t version;      /* 0xfefd: DTLS 1.2; 0xfefc: DTLS 1.3; 0 until chosen */
    uint16_t cipher_suite; /* IANA code point; 0 until chosen */
    uint16_t group;        /* of the key exchange, IANA code point; 0 until chosen */
    bool connected;
    bool peer_certificate; /* the peer has proven to own a certificate; its SHA-256 is in
                              peer_fingerprint */
    enum rdtls_role role;
    uint8_t peer_fingerprint[RDTLS_FINGERPRINT_LEN];
    uint32_t retransmits;          /* flights that we sent again */
    uint64_t handshake_started_ns; /* on the clock that was passed in */
    uint64_t handshake_done_ns;    /* 0 until then */
    uint16_t srtp_profile;         /* enum rdtls_srtp_profile; 0: none was agreed on */
    uint16_t payload_max;          /* bytes of data that one record to this peer can carry */
    const char *alpn;              /* the protocol that was agreed on; NULL: none */
    bool resumed; /* an earlier session was taken up: no certificate was sent, and what is known
                     of the peer's is from then. In 1.2 there is no group then */
};

/* What a TICKET event brought, in this process or another one, for a client of this configuration.
 * Read during the call alone. What is not such a session, has run out, or belongs to another
 * server_name or configuration is not offered: the handshake is a full one. */
struct rdtls_session {
    const uint8_t *data;
    size_t len;
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

/* What keying material is asked for (RFC 5705 section 4, RFC 8446 section 7.5). Read during the
 * call alone. */
struct rdtls_exporter {
    const char *label; /* NUL-terminated ASCII; not one of TLS's own, such as "key expansion" */
    const uint8_t *context; /* NULL: without; in 1.2 an empty context is another value than none */
    size_t context_len;     /* at most 65535 */
};

/* One association; some 60 KB, since it owns its handshake, what it receives and its events. */
struct rdtls_conn;

/* A connection in the given role. A client has its ClientHello ready for rdtls_conn_transmit at
 * once; a server waits for one, for ever; with RDTLS_ROLE_LATER neither happens before
 * rdtls_conn_set_role. The host has already told the peer's address from others' (by ICE, say), so
 * no cookie is asked for. user_data comes back in every event. config is held until
 * rdtls_conn_free: another one is for the next connection. *conn, set on success alone, is freed
 * with rdtls_conn_free. Errors: NO_MEMORY, INVALID_ARGUMENT (no such role). Any thread. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_new(const struct rdtls_config *config,
                                                            enum rdtls_role role,
                                                            uint64_t user_data, uint64_t now_ns,
                                                            struct rdtls_conn **conn);

/* Of a connection that was made with RDTLS_ROLE_LATER: who begins. A ClientHello that came before
 * is held (up to four datagrams, for five seconds), and what a server has to answer to it is ready
 * for rdtls_conn_transmit when this returns; a client forgets it. Poll and transmit afterwards.
 * Errors: INVALID_ARGUMENT (the role is known, or is none; or the connection has ended); a client's
 * as rdtls_conn_new's. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_set_role(struct rdtls_conn *conn,
                                                                 enum rdtls_role role,
                                                                 uint64_t now_ns);

/* A client as rdtls_conn_new makes one, which offers to resume a session (RFC 5077 section 3.1, RFC
 * 8446 section 2.2). Whether the server has agreed rdtls_conn_info says. The session's age is
 * counted on now_ns, here and where the ticket came. Errors: NO_MEMORY. Any thread. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_resume(const struct rdtls_config *config,
                                                               const struct rdtls_session *session,
                                                               uint64_t user_data, uint64_t now_ns,
                                                               struct rdtls_conn **conn);

/* Give everything back and wipe every secret. The peer is not told: rdtls_conn_close does that,
 * before. A signature that is still awaited is awaited no more. NULL: nothing happens. */
RDTLS_API void rdtls_conn_free(struct rdtls_conn *conn);

/* One UDP payload from the peer, len bytes, which is decrypted in place: it is the connection's
 * until rdtls_conn_poll has returned false. It may hold any number of records (RFC 6347
 * section 4.1.1, RFC 9147 section 4.3). Noise is dropped, never an error; a message that breaks the
 * protocol ends the connection. Poll and transmit afterwards. */
RDTLS_API void rdtls_conn_receive(struct rdtls_conn *conn, uint8_t *datagram, size_t len,
                                  uint64_t now_ns);

/* The next event; false when there is none, and then every datagram that was received is the host's
 * again. Poll until then after each receive, tick and complete_signature. */
RDTLS_API RDTLS_MUST_CHECK bool rdtls_conn_poll(struct rdtls_conn *conn, struct rdtls_event *event);

/* The next datagram to send: exactly one UDP payload, *len bytes, at most the configured mtu; 0
 * when there is none. Flights are repeated by rdtls_conn_tick, so a datagram that cannot leave may
 * be forgotten (RFC 6347 section 4.2.4, RFC 9147 section 5.8). Error: NO_ROOM, when capacity is
 * less than the configured mtu. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_transmit(struct rdtls_conn *conn,
                                                                 uint8_t *datagram, size_t capacity,
                                                                 size_t *len);

/* What rdtls_conn_transmit_flight has written, and where in its flight that stands (RFC 6347
 * section 4.2.4, RFC 9147 section 5.8). */
struct rdtls_flight_datagram {
    size_t len;  /* 0: there is nothing to send */
    bool repeat; /* of a flight of the handshake: a host that repeats these itself keeps a copy.
                    false: an alert, or what comes behind the handshake; sent once, and forgotten */
    bool first;  /* with repeat: a flight begins, and what was kept of the one before can go */
    bool last;   /* with repeat: and here it ends */
};

/* As rdtls_conn_transmit, with its errors. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_transmit_flight(
    struct rdtls_conn *conn, uint8_t *datagram, size_t capacity,
    struct rdtls_flight_datagram *sent);

/* With on: the host carries the handshake's flights, inside STUN for example, and repeats them
 * itself, byte for byte, while rdtls_conn_awaits_answer, or until the peer's host has acknowledged
 * each datagram. Nothing of the handshake is sent twice from here then: no retransmission timer
 * runs, no ACK asks for the rest of a flight (RFC 9147 section 7.1), and a peer that repeats itself
 * is not answered by another copy. The handshake's time-out stays. The peer's host has to repeat
 * datagrams as well: what answers a replayed record is a datagram that the host has, and not the
 * library. A server's last word in 1.3, its ACK, is a flight like any other; a client that says its
 * last flight in records made anew is told of those, by another ACK (RFC 9147 section 5.8.1).
 *
 * What comes behind the handshake, tickets and KeyUpdates (RFC 9147 section 8), is repeated by
 * rdtls_conn_tick as ever, since by then there is a path for it and nobody carries flights any
 * more.
 *
 * Before the first datagram is transmitted or received; without on at any time, when it turns out
 * that the peer's host does not do this: what is unanswered is then sent again by the next tick,
 * which is due at once. Error: INVALID_ARGUMENT (too late). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_set_external_retransmission(
    struct rdtls_conn *conn, bool on);

/* Is the handshake's flight that was transmitted last still to be repeated? A flight until the
 * peer's has answered it. A last word, which nothing has to answer, until data has come from a peer
 * that has it (1.2), or the handshake's time-out has passed; only with external retransmission. */
RDTLS_API bool rdtls_conn_awaits_answer(const struct rdtls_conn *conn);

/* Has all that the datagram received last said been taken, or been known before? false: something
 * found no room, or came before its keys, and has to come again as it is. So a host that
 * acknowledges datagrams to the peer's host, which then repeats them no more, acknowledges those
 * that were taken. */
RDTLS_API bool rdtls_conn_has_taken(const struct rdtls_conn *conn);

/* When rdtls_conn_tick must be called next, in nanoseconds of the host's clock; RDTLS_NEVER while
 * nothing is awaited. Any call that takes the time, and rdtls_conn_seal, may change it. */
RDTLS_API uint64_t rdtls_conn_deadline(const struct rdtls_conn *conn);

/* Do what is due: send a flight again (RFC 6347 section 4.2.4.1, RFC 9147 section 5.8.2), give a
 * handshake up (CLOSED, TIMED_OUT), close an association from which nothing has come (IDLE). Too
 * early: nothing happens. Poll and transmit afterwards. */
RDTLS_API void rdtls_conn_tick(struct rdtls_conn *conn, uint64_t now_ns);

/* Seal a payload in place: it lies at record + RDTLS_RECORD_HEADROOM, payload_len bytes, with
 * RDTLS_RECORD_TAILROOM bytes behind it. On success the datagram is at record, *record_len bytes
 * (RFC 6347 section 4.1.2, RFC 9147 section 4). The mtu is not asked about: see
 * rdtls_conn_payload_max. In 1.3 a record may be the one after which keys are renewed (RFC 9147
 * section 4.5.3): transmit what there is, now and then. Errors: NOT_CONNECTED, TOO_LONG (over what
 * the peer takes, or RDTLS_PAYLOAD_MAX), SEQUENCE_EXHAUSTED, ALERT_INTERNAL_ERROR (libcrypto's). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_seal(struct rdtls_conn *conn,
                                                             uint8_t *record, size_t payload_len,
                                                             size_t *record_len);

/* How many payload bytes fit one datagram of the configured mtu, and are not more than the peer
 * takes in a record (RFC 8449 section 4). Before the handshake is complete: a lower bound of the
 * first, without the second. */
RDTLS_API size_t rdtls_conn_payload_max(const struct rdtls_conn *conn);

/* After PEER_CERTIFICATE: CONNECTED follows when accept, bad_certificate and CLOSED otherwise (RFC
 * 5246 section 7.2.2). The certificate's SHA-256 is in rdtls_conn_info. Until then nothing can be
 * sent and there are no keys (NOT_CONNECTED); the peer's data is held, up to 2 KB of it, and told
 * behind CONNECTED in the order in which it came; the peer's last words are answered when it
 * repeats them, and its close_notify or alert ends the association, with what was held. No verdict
 * within handshake_timeout_ms is one as well: close_notify, CLOSED, TIMED_OUT. Poll and transmit
 * afterwards. Error: NOT_CONNECTED when there is nothing to decide. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_verify_peer(struct rdtls_conn *conn,
                                                                    bool accept);

/* With RDTLS_VERIFY_SIGNALLED: the fingerprints of the certificates that the peer may show, 1 to
 * RDTLS_SIGNALLED_MAX, as the peer's SDP has them (RFC 8122 section 5); copied. Of several hashes
 * the strongest decides, and one of its fingerprints has to match: CONNECTED follows, or, if none
 * does, bad_certificate and CLOSED (RFC 8122 sections 5.1, 6.2).
 *
 * They may be set at any time from the connection's creation on: before the certificate comes, then
 * a wrong one ends the handshake where it is shown; while the handshake goes on; or when
 * PEER_CERTIFICATE has told that it has ended and the verdict is awaited. What happens until then
 * is as with rdtls_conn_verify_peer. A list that is set before the verdict takes the place of an
 * earlier one.
 *
 * Once connected, a list that has the peer's SHA-256 changes nothing and is OK, as when an offer
 * comes again; any other is NOT_AWAITED and changes nothing either: other fingerprints ask for
 * another association (RFC 8842 section 4). Poll and transmit afterwards. Errors, which change
 * nothing: INVALID_ARGUMENT (none or too many, a hash that is not known, or, until it is connected,
 * a configuration whose verify is another), NOT_AWAITED (also once it has ended). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_set_fingerprints(
    struct rdtls_conn *conn, const struct rdtls_fingerprint *fingerprints, size_t count);

/* After SIGN, at any later time: the signature, which is copied: of ECDSA as DER (RFC 3279 section
 * 2.2.3), of RSA as many bytes as the modulus has, of Ed25519 64. signature_len 0: the signer
 * cannot, and the handshake ends with internal_error. Poll and transmit afterwards. It is checked
 * to be a signature by its form; whether it is right the peer finds out, and a wrong one costs this
 * handshake alone. Errors, which change nothing: NOT_AWAITED (never asked for, answered already, or
 * the handshake has ended, by its time-out for example), TOO_LONG (than any signature of this key),
 * INVALID_ARGUMENT (no DER of two numbers below the order; of RSA shorter than the modulus, of
 * Ed25519 than 64 bytes). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_complete_signature(struct rdtls_conn *conn,
                                                                           const uint8_t *signature,
                                                                           size_t signature_len,
                                                                           uint64_t now_ns);

/* Keying material (RFC 5705, RFC 8446 section 7.5), out_len bytes, up to 1024. Secret: wipe it.
 * Errors: NOT_CONNECTED, TOO_LONG (out_len), INVALID_ARGUMENT (the label is one of TLS's own, or
 * the context is too long). */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_conn_export(
    const struct rdtls_conn *conn, const struct rdtls_exporter *exporter, uint8_t *out,
    size_t out_len);

/* Keys for SRTP (RFC 5764 section 4.2), from CONNECTED to the end: with RDTLS_VERIFY_HOST not
 * before the host has accepted the peer. Errors: NOT_CONNECTED, NOT_NEGOTIATED (no profile was
 * agreed on).
 */
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

/* What is known at the moment; at any time, also after CLOSED. */
RDTLS_API void rdtls_conn_info(const struct rdtls_conn *conn, struct rdtls_info *info);

/* Say close_notify and end (RFC 5246 section 7.2.1, RFC 8446 section 6.1): one more datagram to
 * transmit, then CLOSED with the status CLOSED. Nothing happens when it has ended already. */
RDTLS_API void rdtls_conn_close(struct rdtls_conn *conn);

#ifdef __cplusplus
}
#endif
#endif
