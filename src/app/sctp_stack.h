/*
 * The inside of sctp.h: what its two files share. Everything is guarded by the lock, but for the
 * queues, which have their own, and what is atomic.
 */
#ifndef APP_SCTP_STACK_H
#define APP_SCTP_STACK_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/data_channel.h"
#include "app/sctp_assembly.h"
#include "app/sctp_backlog.h"
#include "app/sctp_cookie_ack.h"
#include "app/sctp_outputs.h"
#include "app/sctp_socket.h"

struct sctp_association {
    struct sctp_stack *stack;
    struct socket *socket;
    uint32_t place; /* in the stack's table: its address for usrsctp is one more */
    uint32_t shard;
    struct rdtls_id id;
    void *session;
    bool ready; /* in the list of those to be looked at */
    struct sctp_association *ready_next;
    const char *ended;                   /* why; NULL: it lives */
    struct sctp_association *ended_next; /* of those whose host is to be told */
    bool told;
    bool established;
    struct sctp_cookie_ack cookie_ack;
    bool unanswered; /* in the list of those who may have to say it again */
    struct sctp_association *unanswered_next;
    struct data_channels channels;
    struct sctp_assemblies assemblies;
    struct sctp_backlog backlog;
};

struct sctp_shard {
    struct sctp_outputs outputs;
    _Atomic(struct sctp_association *) ended; /* changed under the lock */
};

/* A number that usrsctp knows as an address. It is never taken back from it, which would leave a
 * trace in usrsctp each time, but given to another association, the longest unused first. */
struct sctp_place {
    struct sctp_association *association; /* NULL: free */
    uint32_t next_free;
};

struct sctp_stack {
    struct sctp_options options;
    pthread_mutex_t lock;
    uint32_t caller; /* the shard that holds the lock: it need not be woken; SCTP_NO_SHARD */
    struct sctp_association *ready;
    struct sctp_association *unanswered;
    struct rooms rooms;
    struct sctp_figures figures;
    struct sctp_place *places;
    uint32_t places_count;
    uint32_t free_first;
    uint32_t free_last;
    bool clock_runs;
    uint64_t clock_ns;      /* until when usrsctp's timers have run */
    uint64_t last_alive_ns; /* when there was an association last */
    _Alignas(uint64_t) uint8_t read[SCTP_MESSAGE_MAX];
    struct sctp_shard shard[];
};

enum { SCTP_NO_SHARD = UINT32_MAX, SCTP_NO_PLACE = UINT32_MAX };

void sctp_stack_lock(struct sctp_stack *stack, uint32_t caller);

/* What has become ready is looked at first. */
void sctp_stack_unlock(struct sctp_stack *stack);

/* usrsctp's timers start from the time that it was told last: before anything is sent it is to be
 * near. */
void sctp_stack_keep_time(struct sctp_stack *stack);

void sctp_stack_now_ready(struct sctp_stack *stack, struct sctp_association *association);

/* Give it a place and a socket, which says INIT. False: out of memory. */
bool sctp_stack_attach(struct sctp_stack *stack, struct sctp_association *association,
                       const struct sctp_setup *setup, uint64_t now_ns);

/* Its place is free; its socket is closed already. */
void sctp_stack_detach(struct sctp_stack *stack, struct sctp_association *association);

/* Send what waits, read what has come. */
void sctp_association_work(struct sctp_association *association);

#endif
