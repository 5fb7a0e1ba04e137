#include "loadgen/associations.h"

#include <stdlib.h>

bool associations_init(struct associations *associations, uint32_t count)
{
    const struct association_queue empty = {ASSOCIATION_NONE, ASSOCIATION_NONE};
    *associations =
        (struct associations){.count = count, .free = empty, .unsent = empty, .awaited = empty};
    associations->slots = calloc(count, sizeof(*associations->slots));
    if (associations->slots == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        queue_append(associations, &associations->free, &associations->slots[i]);
    }
    return true;
}

void associations_free(struct associations *associations)
{
    free(associations->slots);
    associations->slots = NULL;
}

uint32_t association_index(const struct associations *associations,
                           const struct association *association)
{
    return (uint32_t)(association - associations->slots);
}

struct association *queue_first(const struct associations *associations,
                                const struct association_queue *queue)
{
    return queue->first == ASSOCIATION_NONE ? NULL : &associations->slots[queue->first];
}

void queue_append(struct associations *associations, struct association_queue *queue,
                  struct association *association)
{
    const uint32_t index = association_index(associations, association);
    association->previous = queue->last;
    association->next = ASSOCIATION_NONE;
    if (queue->last == ASSOCIATION_NONE) {
        queue->first = index;
    } else {
        associations->slots[queue->last].next = index;
    }
    queue->last = index;
}

void queue_remove(struct associations *associations, struct association_queue *queue,
                  struct association *association)
{
    if (association->previous == ASSOCIATION_NONE) {
        queue->first = association->next;
    } else {
        associations->slots[association->previous].next = association->next;
    }
    if (association->next == ASSOCIATION_NONE) {
        queue->last = association->previous;
    } else {
        associations->slots[association->next].previous = association->previous;
    }
}
