/*
 * DATA events that wait to be polled: views into the datagrams of this pass; and TICKET events
 * among them. A fixed ring; what does not fit is dropped and counted, as a datagram would be.
 */
#ifndef ENDPOINT_EVENT_QUEUE_H
#define ENDPOINT_EVENT_QUEUE_H

#include "base/bytes.h"

struct data_event {
    uint8_t *data;
    uint32_t len;
    uint32_t slot;
    uint32_t generation;
    uint32_t ticket; /* 1 + the place of its session; 0: it is data */
};

struct event_queue {
    struct data_event *events;
    uint32_t capacity; /* a power of two */
    uint32_t head;
    uint32_t tail;
};

static inline void event_queue_init(struct event_queue *queue, struct data_event *events,
                                    uint32_t capacity)
{
    *queue = (struct event_queue){events, capacity, 0, 0};
}

static inline bool event_queue_is_empty(const struct event_queue *queue)
{
    return queue->head == queue->tail;
}

static inline bool event_queue_append(struct event_queue *queue, const struct data_event *event)
{
    if (queue->tail - queue->head == queue->capacity)
        return false;
    queue->events[queue->tail++ & (queue->capacity - 1)] = *event;
    return true;
}

static inline struct data_event event_queue_take(struct event_queue *queue)
{
    return queue->events[queue->head++ & (queue->capacity - 1)];
}

#endif
