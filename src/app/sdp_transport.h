/* The part of an offer that says who the peer is and how it is reached: ICE, DTLS, SCTP. */
#ifndef APP_SDP_TRANSPORT_H
#define APP_SDP_TRANSPORT_H

#include "app/sdp_offer.h"

/* Fill in what offer->transport and the section for data channels say, or the session for all.
 * false with a complaint. */
bool sdp_transport_read(struct sdp_offer *offer, struct sdp_text session,
                        struct complaint *complaint);

#endif
