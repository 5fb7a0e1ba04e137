#include "app/data_channel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "app/dcep.h"

enum {
    PLACES_FIRST = 8,
    IN_ROOM_MAX = 4, /* channels of one association: nobody fills a room alone, or hears himself
                        more often */
};

static const char CHAT_LABEL[] = "chat";

struct data_channel {
    struct room_member member; /* first, so that the room leads here */
    struct data_channels *channels;
    struct sctp_reliability reliability;
    uint16_t stream;
    bool is_chat;
    bool closing; /* we have reset our direction, and await that the peer resets his */
};

static_assert(offsetof(struct data_channel, member) == 0, "a member is a channel");

void data_channels_init(struct data_channels *channels, const struct channel_carrier *carrier,
                        struct rooms *rooms, struct sctp_figures *figures, size_t message_max,
                        const char *room)
{
    *channels = (struct data_channels){
        .carrier = *carrier,
        .rooms = rooms,
        .figures = figures,
        .message_max =
            message_max != 0 && message_max < SCTP_MESSAGE_MAX ? message_max : SCTP_MESSAGE_MAX,
    };
    memcpy(channels->room, room, strnlen(room, SCTP_ROOM_NAME_MAX));
}

static struct data_channel *find(const struct data_channels *channels, uint16_t stream)
{
    return stream < channels->places ? channels->by_stream[stream] : NULL;
}

static bool make_place(struct data_channels *channels, uint16_t stream)
{
    uint32_t places = channels->places != 0 ? channels->places : PLACES_FIRST;
    while (places <= stream) {
        places *= 2;
    }
    if (places == channels->places) {
        return true;
    }
    struct data_channel **grown =
        realloc(channels->by_stream, places * sizeof(struct data_channel *));
    if (grown == NULL) {
        return false;
    }
    memset(grown + channels->places, 0,
           (places - channels->places) * sizeof(struct data_channel *));
    channels->by_stream = grown;
    channels->places = places;
    return true;
}

/* Not open yet. NULL: out of memory. */
static struct data_channel *add(struct data_channels *channels, uint16_t stream)
{
    struct data_channel *channel = make_place(channels, stream) ? malloc(sizeof(*channel)) : NULL;
    if (channel != NULL) {
        *channel = (struct data_channel){.channels = channels, .stream = stream, .closing = true};
        channels->by_stream[stream] = channel;
    }
    return channel;
}

static void now_open(struct data_channel *channel)
{
    channel->closing = false;
    channel->channels->open++;
    channel->channels->figures->channels_open++;
    channel->channels->figures->channels_opened++;
}

static void no_longer_open(struct data_channel *channel)
{
    if (!channel->closing) {
        channel->closing = true;
        channel->channels->open--;
        channel->channels->figures->channels_open--;
        channel->channels->in_room -= channel->member.room != NULL;
        rooms_leave(channel->channels->rooms, &channel->member);
    }
}

static void discard(struct data_channel *channel)
{
    no_longer_open(channel);
    channel->channels->by_stream[channel->stream] = NULL;
    free(channel);
}

void data_channels_clear(struct data_channels *channels)
{
    for (uint32_t i = 0; i < channels->places; i++) {
        if (channels->by_stream[i] != NULL) {
            discard(channels->by_stream[i]);
        }
    }
    free(channels->by_stream);
    channels->by_stream = NULL;
    channels->places = 0;
}

/* Our direction first. What the peer still says meanwhile is ignored, and is not taken for a
 * channel of its own: hence the place is kept. */
static void close_stream(struct data_channels *channels, uint16_t stream)
{
    struct data_channel *channel = find(channels, stream);
    if (channel != NULL && channel->closing) {
        return;
    }
    channels->carrier.reset(channels->carrier.context, stream);
    if (channel != NULL) {
        no_longer_open(channel);
    } else {
        (void)add(channels, stream);
    }
}

static void refuse(struct data_channels *channels, uint16_t stream)
{
    channels->figures->channels_refused++;
    close_stream(channels, stream);
}

void data_channels_oversized(struct data_channels *channels, uint16_t stream)
{
    channels->figures->channels_oversized++;
    close_stream(channels, stream);
}

static void send_ack(struct data_channels *channels, uint16_t stream)
{
    static const uint8_t ack = DCEP_TYPE_ACK;
    const struct sctp_message message = {
        .stream = stream, .ppid = SCTP_PPID_DCEP, .bytes = &ack, .len = sizeof(ack)};
    channels->carrier.send(channels->carrier.context, &message);
}

static bool is_chat(const struct dcep_open *open)
{
    return open->label_len == sizeof(CHAT_LABEL) - 1 &&
           memcmp(open->label, CHAT_LABEL, open->label_len) == 0;
}

static bool join_room(struct data_channels *channels, struct data_channel *channel)
{
    if (channels->in_room == IN_ROOM_MAX ||
        !rooms_join(channels->rooms, channels->room, &channel->member)) {
        return false;
    }
    channels->in_room++;
    return true;
}

static void open_channel(struct data_channels *channels, uint16_t stream,
                         const struct dcep_open *open)
{
    /* A stream that is in use is refused, RFC 8832 section 6. */
    struct data_channel *channel = find(channels, stream) == NULL ? add(channels, stream) : NULL;
    if (channel == NULL) {
        refuse(channels, stream);
        return;
    }
    now_open(channel);
    channel->reliability = open->reliability;
    channel->is_chat = is_chat(open);
    if (channel->is_chat && !join_room(channels, channel)) {
        refuse(channels, stream);
        return;
    }
    send_ack(channels, stream);
}

static void receive_dcep(struct data_channels *channels, const struct sctp_message *message)
{
    struct dcep_open open;
    switch (dcep_consume(message->bytes, message->len, &open)) {
    case DCEP_OPEN:
        open_channel(channels, message->stream, &open);
        break;
    case DCEP_ACK:
        channels->figures->messages_ignored++; /* we have opened none */
        break;
    case DCEP_MALFORMED:
        refuse(channels, message->stream);
        break;
    }
}

static void send_on(struct data_channel *channel, const struct sctp_message *message)
{
    struct data_channels *channels = channel->channels;
    const struct sctp_message copy = {
        .stream = channel->stream,
        .ppid = message->ppid,
        .reliability = channel->reliability,
        .bytes = message->bytes,
        .len = message->len,
    };
    channels->messages_sent++;
    channels->figures->messages_sent++;
    channels->figures->bytes_sent += message->len;
    channels->carrier.send(channels->carrier.context, &copy);
}

/* One for whom the message is too large goes without it: it is none of his doing. */
static void tell_room(const struct data_channel *channel, const struct sctp_message *message)
{
    for (struct room_member *at = room_first(&channel->member); at != NULL; at = at->next) {
        struct data_channel *listener = (struct data_channel *)at;
        if (message->len <= listener->channels->message_max) {
            send_on(listener, message);
        } else {
            listener->channels->figures->messages_ignored++;
        }
    }
}

/* Of a stream that nobody has opened: the two applications have agreed upon the channel
 * (negotiated: true), and all that we know of it is that it is there. */
static struct data_channel *agreed_channel(struct data_channels *channels,
                                           const struct sctp_message *message)
{
    struct data_channel *channel = add(channels, message->stream);
    if (channel != NULL) {
        now_open(channel);
        channel->reliability.unordered = message->reliability.unordered;
    }
    return channel;
}

static void receive_data(struct data_channels *channels, const struct sctp_message *message)
{
    struct data_channel *channel = find(channels, message->stream);
    if (channel == NULL) {
        channel = agreed_channel(channels, message);
    }
    if (channel == NULL || channel->closing) {
        channels->figures->messages_ignored++;
        return;
    }
    channels->messages_received++;
    channels->figures->messages_received++;
    channels->figures->bytes_received += message->len;
    if (channel->is_chat) {
        tell_room(channel, message);
    } else if (message->len <= channels->message_max) {
        send_on(channel, message);
    } else {
        data_channels_oversized(channels, message->stream);
    }
}

void data_channels_receive(struct data_channels *channels, const struct sctp_message *message)
{
    switch (message->ppid) {
    case SCTP_PPID_DCEP:
        receive_dcep(channels, message);
        break;
    case SCTP_PPID_TEXT:
    case SCTP_PPID_BINARY:
    case SCTP_PPID_TEXT_EMPTY:
    case SCTP_PPID_BINARY_EMPTY:
        receive_data(channels, message);
        break;
    default:
        channels->figures->messages_ignored++;
    }
}

void data_channels_peer_reset(struct data_channels *channels, uint16_t stream)
{
    struct data_channel *channel = find(channels, stream);
    if (channel == NULL || !channel->closing) {
        channels->carrier.reset(channels->carrier.context, stream);
    }
    if (channel != NULL) {
        discard(channel);
    }
}
