/* The server's choice, as a pure function: a hello and a policy in, a choice or an alert out. */
#ifndef HANDSHAKE_NEGOTIATE_H
#define HANDSHAKE_NEGOTIATE_H

#include "handshake/groups.h"
#include "handshake/policy.h"
#include "wire/certificate_messages.h"
#include "wire/hellos.h"

struct choice {
    const struct suite *suite;
    uint16_t group;
    uint16_t scheme;    /* of our signature */
    uint8_t credential; /* place in the policy's list */
    bool renegotiation_info;
    bool point_formats;
    bool server_name;           /* the client's server_name has had a say in this choice */
    uint16_t srtp_profile;      /* 0: none */
    uint8_t alpn;               /* 1 + place in the policy's list; 0: none */
    uint16_t record_size_limit; /* the client's, at most 2^14; 0: nothing was agreed */
    uint16_t own_record_size_limit;
    bool ticket_12;        /* 1.2: the server gives the client a ticket */
    bool takes_tickets;    /* 1.3: the client would resume as we do */
    uint16_t psk_selected; /* 1.3: place of the identity whose session is resumed */
    uint16_t retry_group;  /* 1.3: the client has no share of a group of ours: this one is asked
                              for; 0: it has */
};

/* Which version a server answers with. PROTOCOL_VERSION: none in common. */
MUST_CHECK enum rdtls_status negotiate_version(const struct policy *policy,
                                               const struct client_hello *hello, uint16_t *version);

/* All but the credential, which a session that is resumed needs none of. *share: the client's key
 * share of the chosen group; empty when retry_group is not 0. */
MUST_CHECK enum rdtls_status negotiate_13(const struct policy *policy,
                                          const struct client_hello *hello, struct choice *choice,
                                          struct bytes *share);
MUST_CHECK enum rdtls_status choose_credential_13(const struct policy *policy,
                                                  const struct client_hello *hello,
                                                  struct choice *choice);

/* [rfc8446#4.1.3] "TLS 1.3 servers which negotiate TLS 1.2 ... MUST set the last 8 bytes of their
 * Random value specially": so that a client notices when somebody has taken 1.3 from its offer. */
void random_mark_downgrade(uint8_t random[RANDOM_LEN]);
bool random_shows_downgrade(struct bytes random);

MUST_CHECK enum rdtls_status negotiate_12(const struct policy *policy,
                                          const struct client_hello *hello, struct choice *choice);

/* The same where a session with that suite is resumed. */
MUST_CHECK enum rdtls_status negotiate_12_resumed(const struct policy *policy,
                                                  const struct client_hello *hello,
                                                  const struct suite *suite, struct choice *choice);

/* A server's part of the choice in the extras; negotiate_12 calls it. NO_APPLICATION_PROTOCOL,
 * HANDSHAKE_FAILURE: what the policy requires is not to be had. */
MUST_CHECK enum rdtls_status choose_extras(const struct policy *policy,
                                           const struct hello_extras *offer, struct choice *choice);

/* What a server says of the choice in its extras. Views into both. */
struct hello_extras_content extras_answer(const struct policy *policy, const struct choice *choice);

/* What a server has said: in its ServerHello, or in 1.3 in EncryptedExtensions. */
struct server_extras {
    const struct hello_extras *extras;
    bool server_name;
    bool is_hello; /* of 1.2, where SessionTicket may be */
};

/* A client's view of what the server has chosen: one of what the policy offers, in each extra.
 * Fills srtp_profile, alpn, record_size_limit and ticket_12. UNSUPPORTED_EXTENSION for what was not
 * offered, ILLEGAL_PARAMETER for another answer. */
MUST_CHECK enum rdtls_status accept_extras(const struct policy *policy,
                                           const struct server_extras *answer,
                                           struct choice *choice);

/* A client's part: the first credential that the server takes. false: none. */
MUST_CHECK bool choose_client_credential(const struct policy *policy,
                                         const struct certificate_request *request,
                                         struct choice *choice);
MUST_CHECK bool choose_client_credential_13(const struct policy *policy,
                                            const struct certificate_request *request,
                                            struct choice *choice);

/* Has a peer that trusts these authorities a use for it? */
bool credential_suits(const struct credential *credential, struct bytes authorities);

/* The first scheme of the credential's that is in the peer's list; 0: none. */
uint16_t scheme_choose(const struct credential *credential, struct bytes offered);
uint16_t scheme_choose_13(const struct credential *credential, struct bytes offered);

#endif
