/*
 * The associations of one thread, in a table of fixed size. Each is in exactly one queue, or in
 * none; queues hand out the longest-waiting first. An association's index is its user data in the
 * library.
 */
#ifndef LOADGEN_ASSOCIATIONS_H
#define LOADGEN_ASSOCIATIONS_H

#include <ringdtls/ringdtls.h>

enum association_state {
    ASSOCIATION_FREE,        /* in the queue free */
    ASSOCIATION_HANDSHAKING, /* in none */
    ASSOCIATION_ECHOING,     /* in the queue unsent or awaited */
    ASSOCIATION_HOLDING,     /* in none */
    ASSOCIATION_CLOSING,     /* in none; CLOSED is still to come */
};

#define ASSOCIATION_NONE UINT32_MAX

struct association {
    enum association_state state;
    struct rdtls_id id;
    uint64_t attempt;  /* unlike all others' of the run */
    uint64_t due_ns;   /* of the handshake */
    uint64_t sent_ns;  /* of the record whose echo is awaited, when it was first sent */
    uint64_t retry_ns; /* when it is sent again */
    uint32_t sequence; /* of that record */
    uint32_t tries;
    uint32_t next;
    uint32_t previous;
};

struct association_queue {
    uint32_t first;
    uint32_t last;
};

struct associations {
    struct association *slots;
    uint32_t count;
    struct association_queue free;
    struct association_queue unsent;  /* their record found no room */
    struct association_queue awaited; /* by retry_ns, since all wait equally long */
};

/* false: out of memory. */
bool associations_init(struct associations *associations, uint32_t count);
void associations_free(struct associations *associations);

uint32_t association_index(const struct associations *associations,
                           const struct association *association);

/* NULL when the queue is empty. */
struct association *queue_first(const struct associations *associations,
                                const struct association_queue *queue);
void queue_append(struct associations *associations, struct association_queue *queue,
                  struct association *association);
void queue_remove(struct associations *associations, struct association_queue *queue,
                  struct association *association);

#endif
