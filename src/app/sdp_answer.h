/* The answer of an ICE-lite, DTLS-passive server with one port (RFC 8829 section 5.3, RFC 8839, RFC
 * 8842, RFC 8841, RFC 9143). */
#ifndef APP_SDP_ANSWER_H
#define APP_SDP_ANSWER_H

#include "app/sdp_offer.h"

enum { SDP_CANDIDATES_MAX = 16, SDP_ADDRESS_MAX = 46 };

/* Where we can be reached: a numeric address without brackets. */
struct sdp_candidate {
    char address[SDP_ADDRESS_MAX];
    bool ipv6;
    uint16_t port;
};

/* Our side. */
struct sdp_local {
    const char *ice_ufrag;
    const char *ice_pwd;
    const char *fingerprint; /* SHA-256 of our certificate, AB:CD:... */
    uint64_t session_id;     /* of the o= line (RFC 8866 section 5.2): below 2^63 */
    uint16_t sctp_port;
    uint64_t message_max;                   /* bytes that we take in one message */
    const struct sdp_candidate *candidates; /* the preferred one first; the first is in m= and c= */
    size_t candidate_count;                 /* 1 to SDP_CANDIDATES_MAX */
};

/* The answer, to be freed; NULL: no memory. */
char *sdp_answer_write(const struct sdp_offer *offer, const struct sdp_local *local);

#endif
