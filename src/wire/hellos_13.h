/*
 * What hellos carry for DTLS 1.3: supported_versions, key_share, cookie (RFC 8446 section 4.2),
 * what a session is resumed with (pre_shared_key.h), and
 * the two messages of a server that are a ServerHello on the wire: ServerHello and
 * HelloRetryRequest (sections 4.1.3, 4.1.4). Views; form alone is judged here.
 */
#ifndef WIRE_HELLOS_13_H
#define WIRE_HELLOS_13_H

#include "base/status.h"
#include "wire/codepoints.h"
#include "wire/extensions.h"
#include "wire/pre_shared_key.h"

/* In a ClientHello that was read. */
struct client_offer_13 {
    bool key_shares_present;
    struct bytes key_shares; /* for key_share_find; may be empty */
    bool cookie_present;
    struct bytes cookie; /* not empty when present */
    struct psk_offer psk;
};

/* false: not one of these. Otherwise *well_formed says whether its body is. */
bool client_offer_13_read(const struct extension *extension, struct client_offer_13 *offer,
                          bool *well_formed);

/* The share for a group; false: there is none. ILLEGAL_PARAMETER is for whoever finds a group twice
 * (RFC 8446 section 4.2.8), see key_shares_are_distinct: false also for more than KEY_SHARES_MAX,
 * which nobody offers, since each is compared with each, for a stranger. */
enum { KEY_SHARES_MAX = 32 };
bool key_share_find(struct bytes key_shares, uint16_t group, struct bytes *key);
bool key_shares_are_distinct(struct bytes key_shares);

/* A share that is to be written: two parts, one behind the other. */
struct key_share {
    uint16_t group;
    struct bytes kem; /* of ML-KEM, where the group has it; else empty */
    struct bytes key;
};

enum { CLIENT_SHARES_MAX = 2 };

/* In a ClientHello that is to be written; version_count 0: nothing of this. */
struct client_offer_13_content {
    const uint16_t *versions;
    size_t version_count;
    struct key_share shares[CLIENT_SHARES_MAX];
    size_t share_count;
    struct bytes cookie;                 /* empty: none */
    bool takes_tickets;                  /* psk_key_exchange_modes */
    const struct psk_identity *identity; /* the hello's last extension; NULL: none */
};
/* All but the identity. */
void client_offer_13_write(struct writer *writer, const struct client_offer_13_content *content);

/* In a ServerHello or HelloRetryRequest that was read. */
struct server_answer_13 {
    uint16_t selected_version; /* 0: no supported_versions */
    uint16_t group;            /* of key_share; 0: no key_share */
    struct bytes key;          /* empty in a HelloRetryRequest */
    struct bytes cookie;
    bool psk_present;
    uint16_t psk_selected; /* the place of an identity that we have offered */
};

/* is_retry: key_share has its short form, and there is no pre_shared_key. */
bool server_answer_13_read(const struct extension *extension, bool is_retry,
                           struct server_answer_13 *answer, bool *well_formed);

/* SHA-256 of "HelloRetryRequest": the random that makes a ServerHello one. */
bool random_is_retry(struct bytes random);

struct server_hello_13_content {
    const uint8_t *random; /* RANDOM_LEN */
    uint16_t cipher_suite;
    struct key_share share;
    bool has_psk;
    uint16_t psk_selected; /* place of the client's identity */
};

/* Where in its body the share begins. */
enum { SERVER_SHARE_AT = 54 };
void server_hello_13_write(struct writer *writer, const struct server_hello_13_content *content);

struct hello_retry_request_content {
    uint16_t cipher_suite;
    uint16_t group;      /* 0: the client's share will do */
    struct bytes cookie; /* empty: none */
};
void hello_retry_request_write(struct writer *writer,
                               const struct hello_retry_request_content *content);

#endif
