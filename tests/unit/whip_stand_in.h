/* WebRTC's sessions as WHIP meets them, without any WebRTC: an offer that begins with "v=0" is
 * answered while there is room. */
#ifndef UNIT_WHIP_STAND_IN_H
#define UNIT_WHIP_STAND_IN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/whip.h"

struct sessions {
    unsigned offers;
    unsigned room_for;
    unsigned ended;
    unsigned stats;           /* asked for */
    char room[WHIP_ROOM_MAX]; /* of the last offer */
    size_t offer_len;
    bool open; /* the one that is called "Res-1_x" */
};

#define STAND_IN_RESOURCE "Res-1_x"

static void stand_in_offer(struct sessions *sessions, const char *offer, size_t len,
                           const char *room, struct whip_answer *answer)
{
    sessions->offers++;
    sessions->offer_len = len;
    snprintf(sessions->room, sizeof(sessions->room), "%s", room);
    if (strncmp(offer, "v=0", 3) != 0 || strlen(offer) != len) {
        answer->status = 400;
        complain(&answer->complaint, "not SDP: the first line is not v=0");
    } else if (sessions->room_for == 0) {
        answer->status = 503;
        complain(&answer->complaint, "as many sessions as there may be");
    } else {
        sessions->room_for--;
        sessions->open = true;
        answer->status = 201;
        answer->sdp = strdup("v=0\r\ns=answer\r\n");
        snprintf(answer->resource, sizeof(answer->resource), STAND_IN_RESOURCE);
    }
}

static bool stand_in_end(struct sessions *sessions, const char *resource)
{
    const bool known = sessions->open && strcmp(resource, STAND_IN_RESOURCE) == 0;
    sessions->open = sessions->open && !known;
    sessions->ended += known;
    return known;
}

static cJSON *stand_in_stats(struct sessions *sessions)
{
    cJSON *root = cJSON_CreateObject();
    sessions->stats++;
    cJSON_AddArrayToObject(root, "sessions");
    cJSON_AddNumberToObject(cJSON_AddObjectToObject(root, "totals"), "offers", sessions->offers);
    return root;
}

static struct whip_sessions stand_in(struct sessions *sessions)
{
    return (struct whip_sessions){sessions, stand_in_offer, stand_in_end, stand_in_stats};
}

#endif
