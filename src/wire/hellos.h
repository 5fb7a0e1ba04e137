/*
 * ClientHello, ServerHello, HelloVerifyRequest (RFC 5246 section 7.4.1, RFC 6347 section 4.2.1).
 * Parsed structs are views into the message; nothing is copied. A parser judges form alone: what a
 * value means is decided in handshake/negotiate.
 */
#ifndef WIRE_HELLOS_H
#define WIRE_HELLOS_H

#include "base/reader.h"
#include "base/status.h"
#include "base/writer.h"
#include "wire/codepoints.h"
#include "wire/hello_extensions.h"
#include "wire/hellos_13.h"

enum {
    RANDOM_LEN = 32,
    SESSION_ID_MAX = 32,
    COOKIE_MAX = 255,
};

/* What lies in the first bytes of a ClientHello, before the extensions: enough for the cookie, also
 * when the rest of the message comes in another datagram. */
struct client_hello_prefix {
    uint16_t version;
    struct bytes random; /* RANDOM_LEN */
    struct bytes session_id;
    struct bytes cookie;
    struct bytes cipher_suites;       /* pairs of bytes */
    struct bytes compression_methods; /* with the null method among them */
};

struct client_hello {
    struct client_hello_prefix prefix;
    bool extended_master_secret;
    bool renegotiation_info;              /* present, or the SCSV is among the suites */
    struct bytes renegotiated_connection; /* must be empty in a first handshake */
    bool supported_groups_present;
    struct bytes supported_groups; /* pairs of bytes */
    bool point_formats_present;
    struct bytes point_formats;
    bool signature_algorithms_present;
    struct bytes signature_algorithms; /* pairs of bytes */
    bool supported_versions_present;
    struct bytes supported_versions; /* pairs of bytes */
    struct bytes server_name;        /* host_name; empty when there was none */
    struct bytes authorities;        /* certificate_authorities: names in DER, each with its 16-bit
                                        length; empty when there were none */
    struct hello_extras extras;
    struct client_offer_13 offer_13;
    struct bytes before_binders; /* the body up to the binders of pre_shared_key, which they cover;
                                    empty: there are none */
};

/* Reads from the first byte of the message body (after the handshake header). The bytes after the
 * compression methods may be missing. false: does not parse, or lacks the null compression method.
 */
bool client_hello_prefix_read(struct reader *reader, struct client_hello_prefix *prefix);

/* The whole body. DECODE_ERROR: lengths do not add up, an extension comes twice
 * (ILLEGAL_PARAMETER). */
MUST_CHECK enum rdtls_status client_hello_read(struct bytes body, struct client_hello *hello);

/* Is this body of a ServerHello a HelloRetryRequest? */
bool server_hello_is_retry(struct bytes body);

/* Is a two-byte code point in a list of them? */
bool codepoint_list_has(struct bytes list, uint16_t code_point);

struct client_hello_content {
    const uint8_t *random; /* RANDOM_LEN */
    struct bytes session_id;
    struct bytes cookie;
    const uint16_t *cipher_suites;
    size_t cipher_suite_count;
    const uint16_t *groups;
    size_t group_count;
    const uint16_t *signature_schemes;
    size_t signature_scheme_count;
    struct bytes server_name; /* empty: none */
    struct hello_extras_content extras;
    bool offers_12;
    struct client_offer_13_content offer_13;
};

/* Body only. Extensions: supported_groups, signature_algorithms; for 1.2 renegotiation_info,
 * extended_master_secret, ec_point_formats; for 1.3 what client_offer_13_write writes; server_name
 * and the extras where there are any. */
void client_hello_write(struct writer *writer, const struct client_hello_content *content);

struct server_hello {
    uint16_t version;
    struct bytes random;
    struct bytes session_id;
    uint16_t cipher_suite;
    uint8_t compression_method;
    bool extended_master_secret;
    bool renegotiation_info;
    struct bytes renegotiated_connection;
    bool server_name; /* the server has used the name */
    struct hello_extras extras;
    bool is_retry; /* a HelloRetryRequest */
    bool others;   /* extensions that neither that nor a ServerHello of 1.3 has */
    struct server_answer_13 answer_13;
};

/* DECODE_ERROR; ILLEGAL_PARAMETER: an extension twice; UNSUPPORTED_EXTENSION: one that no
 * ClientHello of ours offers (ec_point_formats is let through). Whether this one has offered
 * server_name or an extra is for the caller to ask. */
MUST_CHECK enum rdtls_status server_hello_read(struct bytes body, struct server_hello *hello);

struct server_hello_content {
    const uint8_t *random;
    struct bytes session_id;
    uint16_t cipher_suite;
    bool renegotiation_info; /* the client signalled it */
    bool point_formats;      /* the client sent ec_point_formats */
    bool server_name;        /* its server_name was used */
    struct hello_extras_content extras;
};

/* Body only; extended_master_secret always. */
void server_hello_write(struct writer *writer, const struct server_hello_content *content);

/* HelloVerifyRequest's body. DECODE_ERROR. */
MUST_CHECK enum rdtls_status hello_verify_request_read(struct bytes body, struct bytes *cookie);

/* server_version is DTLS 1.0: [rfc6347#4.2.1] "DTLS 1.2 server implementations SHOULD use DTLS
 * version 1.0 regardless of the version of TLS that is expected to be negotiated." It also says
 * [rfc6347#4.2.1 !] "The server MUST use the same version number in the HelloVerifyRequest that it
 * would use when sending a ServerHello": both cannot be, and clients are to take it for packet
 * formatting alone. */
void hello_verify_request_write(struct writer *writer, struct bytes cookie);

#endif
