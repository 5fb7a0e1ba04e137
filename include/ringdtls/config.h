/*
 * The configuration: credentials, policy and limits of the protocol. Immutable once made, so that
 * any number of connections, endpoints and threads may share one. Whoever uses it holds it: it
 * lasts until its maker and the last that uses it have given it up. What the options point to is
 * copied, and may go once rdtls_config_new has returned.
 */
#ifndef RINGDTLS_CONFIG_H
#define RINGDTLS_CONFIG_H

#include <stddef.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    RDTLS_FINGERPRINT_LEN = 32, /* SHA-256 of a certificate's DER */
    RDTLS_DIGEST_MAX = 64,
    RDTLS_SIGNALLED_MAX = 8, /* fingerprints that one connection's peer is held to */
    RDTLS_COOKIE_SECRET_LEN = 32,
    RDTLS_TICKET_SECRET_LEN = 32,
    RDTLS_TICKET_SECRETS_MAX = 4,
    RDTLS_TICKET_LIFETIME_MAX_S = 604800, /* seven days (RFC 8446 section 4.6.1) */
    RDTLS_CREDENTIALS_MAX = 8,
    RDTLS_MTU_MIN = 256,
    RDTLS_MTU_MAX = 16384,
    RDTLS_SRTP_PROFILES_MAX = 4,
    RDTLS_ALPN_MAX = 8,       /* protocols */
    RDTLS_ALPN_NAME_MAX = 64, /* bytes of a protocol's name */
    RDTLS_ALPN_NAMES_MAX =
        64, /* different ones that an endpoint or a server is told of in its life */
    RDTLS_RECORD_SIZE_LIMIT_MIN = 64,
    RDTLS_RECORD_SIZE_LIMIT_MAX = 16384,
};

/* SRTP protection profiles (RFC 5764 section 4.1.2, RFC 7714 section 14.2). */
enum rdtls_srtp_profile {
    RDTLS_SRTP_AES128_CM_SHA1_80 = 1,
    RDTLS_SRTP_AES128_CM_SHA1_32 = 2,
    RDTLS_SRTP_AEAD_AES_128_GCM = 7,
    RDTLS_SRTP_AEAD_AES_256_GCM = 8,
};

/* Who speaks first. */
enum rdtls_role {
    RDTLS_CLIENT,
    RDTLS_SERVER,
    RDTLS_ROLE_LATER, /* the host does not know yet: ..._set_role will say. Only for what is opened
                         or made with it */
};

/* Does the server ask for a certificate (RFC 5246 section 7.4.4, RFC 8446 section 4.3.2)? */
enum rdtls_client_certificate {
    RDTLS_CLIENT_CERTIFICATE_NONE,    /* it does not */
    RDTLS_CLIENT_CERTIFICATE_REQUEST, /* it does; a client without one is let in */
    RDTLS_CLIENT_CERTIFICATE_REQUIRE, /* it does; a client without one is refused: handshake_failure
                                       */
};

/* Who judges the certificate that a peer has proven to own? */
enum rdtls_verify {
    RDTLS_VERIFY_NONE,        /* nobody: every certificate will do */
    RDTLS_VERIFY_FINGERPRINT, /* the list of fingerprints; bad_certificate when it is not among them
                               */
    RDTLS_VERIFY_HOST,  /* the host: PEER_CERTIFICATE instead of CONNECTED, then ..._verify_peer */
    RDTLS_VERIFY_CHAIN, /* the authorities in trust_pem: unknown_ca, certificate_expired,
                           unsupported_certificate or bad_certificate when they do not vouch for
                           it */
    RDTLS_VERIFY_SIGNALLED, /* fingerprints that the host learns by signalling (SDP, RFC 8122), for
                               each connection its own: ..._set_fingerprints, before the handshake,
                               during it, or when PEER_CERTIFICATE has told that it has ended and
                               they are awaited; bad_certificate when it is not among them. A server
                               asks for a certificate and refuses a client without one, whatever
                               client_certificate says: handshake_failure in 1.2,
                               certificate_required in 1.3. Nothing is resumed */
};

/* Hash functions of fingerprints: IANA TLS HashAlgorithm. SHA-1 and what is weaker are none. */
enum rdtls_hash { RDTLS_HASH_SHA256 = 4, RDTLS_HASH_SHA384 = 5, RDTLS_HASH_SHA512 = 6 };

/* Of a certificate's DER (RFC 8122 section 5). */
struct rdtls_fingerprint {
    enum rdtls_hash hash;
    uint8_t digest[RDTLS_DIGEST_MAX]; /* 32, 48 or 64 bytes; what is behind them is not read */
};

/* When must a client prove its address before it costs anything (RFC 6347 section 4.2.1, RFC 9147
 * section 5.1)? */
enum rdtls_cookies {
    RDTLS_COOKIES_ALWAYS,
    RDTLS_COOKIES_UNDER_LOAD, /* when half of handshakes_max are in flight */
    RDTLS_COOKIES_NEVER,
};

/* Who signs with the private key of our certificate? */
enum rdtls_signer {
    RDTLS_SIGNER_KEY,  /* the library, with private_key_pem */
    RDTLS_SIGNER_HOST, /* the host, whose key stays where it is (an HSM, a provider, a signing
                          service): a SIGN event, then ..._complete_signature, when it likes. The
                          handshake waits meanwhile, nothing else does */
};

/* One more certificate chain, leaf first, with its private key, as certificate_pem and
 * private_key_pem below. */
struct rdtls_credential {
    const char *certificate_pem;
    size_t certificate_pem_len;
    const char *private_key_pem;
    size_t private_key_pem_len;
    /* IANA SignatureScheme code points that its key signs with, in order of preference: of P-256
     * 0x0403, in 1.2 also 0x0503; of P-384 0x0503; of Ed25519 0x0807; of RSA 0x0804, 0x0805, in 1.2
     * also 0x0401, 0x0501. A peer that takes none of them is not given this certificate. Count 0:
     * all that the key has. Copied. */
    const uint16_t *signing_schemes;
    size_t signing_scheme_count;
    /* Only for a peer that names the issuer of one of this chain's certificates among the
     * authorities that it trusts (RFC 5246 section 7.4.4, RFC 8446 section 4.2.4); of them the
     * first 256 are looked at. Others are not shown that we have it. Default false. */
    bool must_match_issuer;
};

/* Times are milliseconds, lengths bytes. */
struct rdtls_config_options {
    size_t size; /* sizeof(struct rdtls_config_options), set by the defaults function */

    /* Our certificate chain, leaf first, and its private key, both PEM. NULL for both: a
     * self-signed P-256 certificate is made on the spot. The key is P-256, P-384, Ed25519, or RSA
     * of 2048 to 4096 bits; one of Ed25519 is no client's in 1.2, where what it would sign is
     * hashed and not kept (a server does not ask for it there). The key usage of the leaf, where it
     * is said, allows signatures; each further certificate certifies the one before it. Copied. */
    const char *certificate_pem;
    size_t certificate_pem_len;
    const char *private_key_pem;
    size_t private_key_pem_len;
    bool client_certificate_offer; /* a client offers its certificate when it is asked for one;
                                      default false */

    enum rdtls_client_certificate client_certificate;     /* server: default NONE */
    enum rdtls_verify verify;                             /* default NONE */
    const uint8_t (*fingerprints)[RDTLS_FINGERPRINT_LEN]; /* SHA-256 each */
    size_t fingerprint_count;                             /* at most 16; copied */

    /* 0xfefd (DTLS 1.2), 0xfefc (DTLS 1.3), in any order: the newest that both know is used.
     * version_count 0: 1.2 alone. Copied. */
    const uint16_t *versions;
    size_t version_count;

    /* Code points in order of preference; count 0: the default order. Each version that is spoken
     * needs a suite; those of a version that is not spoken are left out. Copied. */
    const uint16_t *cipher_suites; /* default 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C,
                                      0xC030, 0xCCA9, 0xCCA8; of 1.2's, a server takes those that
                                      its certificate is for */
    size_t cipher_suite_count;
    /* Each version needs a group as well. 0x11EC is X25519MLKEM768, of 1.3 alone: X25519 and
     * ML-KEM-768, against whoever records today and has a quantum computer later. It needs a
     * libcrypto with ML-KEM (OpenSSL 3.5) when the program runs: without one the default order does
     * not have it, and whoever lists it gets NO_ML_KEM. A client whose first group it is sends a
     * share for it, and one for x25519 beside it if that is listed; its hello takes two datagrams.
     */
    const uint16_t *groups; /* default 0x11EC, 29 (x25519), 23 (secp256r1), 24 (secp384r1) */
    size_t group_count;

    enum rdtls_cookies cookies; /* default ALWAYS */
    /* NULL: a random one, or, in a configuration that takes another's place, the one that is in
     * use. A fleet behind one address shares one. Copied. */
    const uint8_t *cookie_secret; /* RDTLS_COOKIE_SECRET_LEN bytes */

    /* Largest UDP payload that is sent, in bytes: RDTLS_MTU_MIN..RDTLS_MTU_MAX, default 1200. */
    uint16_t mtu;

    /* RFC 6347 section 4.2.4.1, RFC 9147 section 5.8.2: first time-out (default 1000), doubled up
     * to the limit (60000), resent at most so many times (8). The whole handshake has
     * handshake_timeout_ms (30000). */
    uint32_t retransmit_initial_ms;
    uint32_t retransmit_max_ms;
    uint32_t retransmit_count_max;
    uint32_t handshake_timeout_ms;
    uint32_t idle_timeout_ms; /* closes an association that has received nothing; default 300000, 0:
                                 never */

    enum rdtls_signer
        signer; /* default KEY. HOST: certificate_pem is given, private_key_pem is NULL
                 */

    /* DTLS-SRTP (RFC 5764): profiles (enum rdtls_srtp_profile) in order of preference, at most
     * RDTLS_SRTP_PROFILES_MAX. A server takes its own first that the client offers. Count 0, the
     * default: use_srtp is neither offered nor answered. srtp_required: handshake_failure when none
     * is agreed on; otherwise the association is plain DTLS. Copied. */
    const uint16_t *srtp_profiles;
    size_t srtp_profile_count;
    bool srtp_required;

    /* ALPN (RFC 7301): names of protocols in order of preference, NUL-terminated, of 1 to
     * RDTLS_ALPN_NAME_MAX bytes, at most RDTLS_ALPN_MAX. A server takes its own first that the
     * client offers, and refuses a client that offers others alone: no_application_protocol. Count
     * 0, the default: ALPN is neither offered nor answered. alpn_required: a peer that does not
     * know ALPN is refused in the same way. Copied. */
    const char *const *alpn_protocols;
    size_t alpn_protocol_count;
    bool alpn_required;

    /* Client: the server's DNS name (RFC 6066 section 3), ASCII, without a dot at its end, at most
     * 253 bytes; an IP address is none. NULL, the default: not said. Copied. */
    const char *server_name;

    /* RFC 8449: the largest payload of a record under keys that is taken from a peer which knows
     * this extension, RDTLS_RECORD_SIZE_LIMIT_MIN..RDTLS_RECORD_SIZE_LIMIT_MAX, default the latter.
     * A peer's limit is respected in return. 0: the extension is neither sent nor answered. */
    uint16_t record_size_limit;

    /* rdtls_..._key_log may be asked: for those who look into their own traffic. Whoever reads what
     * it gives can decrypt the association. Default false. */
    bool key_log;

    /* Further certificates, beside certificate_pem, at most RDTLS_CREDENTIALS_MAX in all; copied. A
     * server presents one that is for the client's server_name (a dNSName of the leaf's
     * subjectAltName, with "*" for a leftmost label, RFC 6125) and that the client can verify by
     * the suites, signatures and curves that it offers; where none is for that name, or none is
     * asked for, the first that it can verify, in the order given here. A client presents the first
     * that the server takes. Default none. */
    const struct rdtls_credential *further_credentials;
    size_t further_credential_count;

    /* With RDTLS_VERIFY_CHAIN (RFC 5280 section 6): the certificates of the authorities that are
     * trusted, PEM, copied; at most 64. A peer's chain has at most 10 certificates and 16 KiB; keys
     * and signatures of less than 112 bits of strength are refused, as is a certificate that is not
     * for a server, or a client. A client that has a server_name holds the leaf to it (RFC 6125);
     * without one it takes every server that the authorities vouch for. Revocation is not looked
     * at. */
    const char *trust_pem;
    size_t trust_pem_len;
    /* Seconds since 1970, asked for each chain, on whichever thread uses the configuration: the
     * library reads no clock. Must be given with RDTLS_VERIFY_CHAIN. */
    int64_t (*unix_time_s)(void *context);
    void *unix_time_context; /* the host's: it outlives the configuration */

    /* Resumption without state (RFC 5077, RFC 8446 section 2.2). A server issues tickets and takes
     * them back; a client tells of those that come by TICKET events, and resumes with
     * rdtls_endpoint_resume or rdtls_conn_resume. A ticket that is not good, for whatever reason,
     * makes a full handshake and nothing else.
     *
     * A resumed association has no certificates on its wire: the peer's fingerprint is the one of
     * the full handshake, and the session is taken up only while server_name, client_certificate,
     * verify, fingerprints and trust_pem are what they were then. With RDTLS_VERIFY_HOST the host
     * sees every certificate, so nothing is resumed that would show it one; nor with
     * RDTLS_VERIFY_SIGNALLED, where each connection has a certificate of its own to expect. Whoever
     * has a ticket's secret can read what is sent in 1.2 as long as the session lives, and what was
     * sent: that is why it is off by default. */
    bool tickets;
    /* RDTLS_TICKET_SECRET_LEN bytes each: the first seals, each opens, so that they can be rotated.
     * A fleet behind one address shares them, and cookie_clock_offset_ns. Count 0: a random one,
     * or, in a configuration that takes another's place, those that are in use. Copied. */
    const uint8_t (*ticket_secrets)[RDTLS_TICKET_SECRET_LEN];
    size_t ticket_secret_count; /* at most RDTLS_TICKET_SECRETS_MAX */
    /* How long after its full handshake a session may be resumed, whichever of its tickets is
     * shown: 1 to RDTLS_TICKET_LIFETIME_MAX_S, default 7200. */
    uint32_t ticket_lifetime_s;

    /* Of certificate_pem: as in struct rdtls_credential. */
    const uint16_t *signing_schemes;
    size_t signing_scheme_count;
    bool must_match_issuer;

    /* What peers may sign their handshakes with, in order of preference: of 0x0403, 0x0807, 0x0804,
     * 0x0401, 0x0503, 0x0805, 0x0501 (IANA SignatureScheme). Whoever signs with another is refused:
     * illegal_parameter. What has signed the certificates of a chain is not meant. Count 0, the
     * default: all of these. Copied. */
    const uint16_t *peer_schemes;
    size_t peer_scheme_count;
};

/* Made once, read by all. */
struct rdtls_config;

/* Fill options with the defaults named above. Any thread. */
RDTLS_API void rdtls_config_options_defaults(struct rdtls_config_options *options);

/* Make a configuration. On success *config is to be given up with rdtls_config_free. Errors:
 * INVALID_ARGUMENT, BAD_CERTIFICATE_PEM, BAD_PRIVATE_KEY_PEM, KEY_MISMATCH, NO_MEMORY. Any thread.
 */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_config_new(
    const struct rdtls_config_options *options, struct rdtls_config **config);

/* Its maker needs it no longer, and does not use it any more. Connections, endpoints and servers
 * that were given it before hold it as long as they need it (see configs_in_use in the statistics);
 * the last to give it up, on whichever thread, wipes the keys and frees everything. NULL: nothing
 * happens. Any thread. */
RDTLS_API void rdtls_config_free(struct rdtls_config *config);

/* SHA-256 of our own leaf certificate. NOT_CONNECTED when there is none (a client without
 * certificate). Any thread. */
RDTLS_API RDTLS_MUST_CHECK enum rdtls_status rdtls_config_fingerprint(
    const struct rdtls_config *config, uint8_t fingerprint[RDTLS_FINGERPRINT_LEN]);

#ifdef __cplusplus
}
#endif
#endif
