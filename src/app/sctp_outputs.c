#include "app/sctp_outputs.h"

#include <stdlib.h>
#include <string.h>

#include "app/sctp_limits.h"

struct sctp_packet {
    struct sctp_packet *next;
    struct rdtls_id id;
    size_t len;
    uint8_t bytes[];
};

void sctp_outputs_init(struct sctp_outputs *outputs)
{
    *outputs = (struct sctp_outputs){.last_link = &outputs->first};
    pthread_mutex_init(&outputs->lock, NULL);
}

void sctp_outputs_free(struct sctp_outputs *outputs)
{
    while (outputs->first != NULL) {
        struct sctp_packet *packet = outputs->first;
        outputs->first = packet->next;
        free(packet);
    }
    pthread_mutex_destroy(&outputs->lock);
}

/* What is counted of a packet: all that it takes. */
static size_t cost(size_t len)
{
    return sizeof(struct sctp_packet) + len;
}

static enum sctp_pushed append(struct sctp_outputs *outputs, struct sctp_packet *packet)
{
    if (outputs->bytes + cost(packet->len) > SCTP_OUTPUTS_MAX) {
        return SCTP_PUSHED_NOT;
    }
    const bool was_empty = outputs->first == NULL;
    *outputs->last_link = packet;
    outputs->last_link = &packet->next;
    outputs->bytes += cost(packet->len);
    return was_empty ? SCTP_PUSHED_FIRST : SCTP_PUSHED_BEHIND;
}

enum sctp_pushed sctp_outputs_push(struct sctp_outputs *outputs, struct rdtls_id id,
                                   const uint8_t *packet, size_t len)
{
    struct sctp_packet *copy = malloc(sizeof(*copy) + len);
    if (copy == NULL) {
        return SCTP_PUSHED_NOT;
    }
    *copy = (struct sctp_packet){.id = id, .len = len};
    memcpy(copy->bytes, packet, len);
    pthread_mutex_lock(&outputs->lock);
    const enum sctp_pushed pushed = append(outputs, copy);
    pthread_mutex_unlock(&outputs->lock);
    if (pushed == SCTP_PUSHED_NOT) {
        free(copy);
    }
    return pushed;
}

/* All that wait. They stay counted. */
static struct sctp_packet *take(struct sctp_outputs *outputs)
{
    pthread_mutex_lock(&outputs->lock);
    struct sctp_packet *packets = outputs->first;
    outputs->first = NULL;
    outputs->last_link = &outputs->first;
    pthread_mutex_unlock(&outputs->lock);
    return packets;
}

/* rest: those that had no room, before all that have come since. */
static void settle(struct sctp_outputs *outputs, struct sctp_packet *rest, size_t sent_bytes)
{
    struct sctp_packet **end = &rest;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    pthread_mutex_lock(&outputs->lock);
    outputs->bytes -= sent_bytes;
    if (rest != NULL) {
        if (outputs->first == NULL) {
            outputs->last_link = end;
        }
        *end = outputs->first;
        outputs->first = rest;
    }
    pthread_mutex_unlock(&outputs->lock);
}

bool sctp_outputs_drain(struct sctp_outputs *outputs, const struct sctp_outlet *outlet)
{
    struct sctp_packet *packet = take(outputs);
    if (packet == NULL) {
        return false;
    }
    size_t sent_bytes = 0;
    while (packet != NULL &&
           outlet->send(outlet->context, packet->id, packet->bytes, packet->len) != RDTLS_NO_ROOM) {
        struct sctp_packet *next = packet->next;
        sent_bytes += cost(packet->len);
        free(packet);
        packet = next;
    }
    settle(outputs, packet, sent_bytes);
    return packet != NULL;
}
