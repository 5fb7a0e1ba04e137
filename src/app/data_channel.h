/*
 * The data channels of one association (RFC 8831): opened by the peer with DCEP (RFC 8832) or,
 * without a word, by agreement of the two applications; echoed, or a voice in the room; closed by
 * either side with a stream reset, which the other answers with its own (RFC 8831 section 6.7).
 *
 * We never open one. What a peer does wrong in a channel ends that channel and nothing else: an
 * OPEN that is none or comes twice, a message that is too long. No lock of its own.
 */
#ifndef APP_DATA_CHANNEL_H
#define APP_DATA_CHANNEL_H

#include "app/rooms.h"
#include "app/sctp.h"
#include "app/sctp_message.h"

struct data_channel;

/* What channels need of their association. Neither may call back. */
struct channel_carrier {
    void *context;
    /* Whole, now or as soon as may be. Copied. */
    void (*send)(void *context, const struct sctp_message *message);
    /* Of our direction, behind what was sent. */
    void (*reset)(void *context, uint16_t stream);
};

struct data_channels {
    struct channel_carrier carrier;
    struct rooms *rooms;
    struct sctp_figures *figures; /* of all associations */
    size_t message_max;           /* bytes: what the peer takes */
    char room[SCTP_ROOM_NAME_MAX + 1];
    uint64_t messages_received;
    uint64_t messages_sent;
    uint32_t open;
    uint32_t in_room; /* of them */
    uint32_t places;  /* of the array */
    struct data_channel **by_stream;
};

/* room: at most SCTP_ROOM_NAME_MAX bytes of it are taken. message_max 0: any. */
void data_channels_init(struct data_channels *channels, const struct channel_carrier *carrier,
                        struct rooms *rooms, struct sctp_figures *figures, size_t message_max,
                        const char *room);

/* All are gone, without a word to the peer. Can be used on. */
void data_channels_clear(struct data_channels *channels);

/* A whole message has come, of whatever kind. Of its reliability only the order is known. */
void data_channels_receive(struct data_channels *channels, const struct sctp_message *message);

/* One that has come, or is to be sent, was larger than may be: the channel is closed. */
void data_channels_oversized(struct data_channels *channels, uint16_t stream);

/* The peer has reset its direction: the channel is closed, and ours is reset as well. */
void data_channels_peer_reset(struct data_channels *channels, uint16_t stream);

#endif
