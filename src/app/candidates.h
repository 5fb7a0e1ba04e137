/* Which addresses peers are told: what --announce says, or what can be found out. */
#ifndef APP_CANDIDATES_H
#define APP_CANDIDATES_H

#include "app/complaint.h"
#include "app/sdp_answer.h"

struct candidate_list {
    struct sdp_candidate candidates[SDP_CANDIDATES_MAX];
    size_t count;
};

/* listen: with the ports that were bound. announce: addresses that stand for those of the same
 * family, in the order in which they are told; none: each listened on itself, and for 0.0.0.0 and
 * [::] the one that this machine would reach others from. false with a complaint: peers could be
 * told nothing. */
bool candidates_find(const struct rdtls_listen *listen, size_t listen_count,
                     const struct rdtls_listen *announce, size_t announce_count,
                     struct candidate_list *list, struct complaint *complaint);

#endif
