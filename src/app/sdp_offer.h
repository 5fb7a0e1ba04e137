/*
 * An SDP offer (RFC 8866) of a browser or its like, as far as an ICE-lite server needs it: whom the
 * certificate has to be of, where data channels end, which sections can be taken. Judged as a
 * whole: it is taken, or one line says what is wrong.
 *
 * Nothing is copied: what is of type sdp_text lies in the offer's text and lives as long as it.
 */
#ifndef APP_SDP_OFFER_H
#define APP_SDP_OFFER_H

#include <ringdtls/ringdtls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/complaint.h"
#include "app/sdp_text.h"

enum {
    SDP_TEXT_MAX = 1 << 16, /* bytes of an offer */
    SDP_SECTIONS_MAX = 64,
};

enum sdp_kind {
    SDP_RTP,  /* audio or video over DTLS-SRTP */
    SDP_DATA, /* data channels (RFC 8841) */
    SDP_OTHER,
};

/* What starts with an m= line (RFC 8866 section 5.14). */
struct sdp_section {
    enum sdp_kind kind;
    bool taken;      /* answered with our port; otherwise rejected */
    bool offered_to; /* the peer wants to send (RFC 8866 section 6.7) */
    struct sdp_text media;
    struct sdp_text port;
    struct sdp_text protocol;
    struct sdp_text formats;
    struct sdp_text format; /* of RTP: the payload type of the first codec; otherwise the first */
    struct sdp_text mid;    /* RFC 5888; at NULL: without */
    struct sdp_text lines;  /* what follows the m= line */
};

struct sdp_offer {
    struct sdp_text ice_ufrag; /* RFC 8839 section 5.4 */
    struct sdp_text ice_pwd;
    /* By SHA-256, SHA-384 or SHA-512; others are as if they were not there (RFC 8122 section 5). */
    struct rdtls_fingerprint fingerprints[RDTLS_SIGNALLED_MAX];
    size_t fingerprint_count;
    bool bundled;         /* the sections that are taken are a BUNDLE group (RFC 9143) */
    bool has_data;        /* one of them is for data channels */
    bool has_media;       /* one of them is RTP */
    uint16_t sctp_port;   /* RFC 8841 section 5 */
    uint64_t message_max; /* bytes that the peer takes in one message; 0: any (section 6) */
    struct sdp_section sections[SDP_SECTIONS_MAX];
    size_t section_count;
    size_t transport; /* the section whose ICE and DTLS are everybody's */
};

/* false with a complaint, which says what is wrong with the offer. */
bool sdp_offer_parse(const char *text, size_t len, struct sdp_offer *offer,
                     struct complaint *complaint);

#endif
