#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "app/sctp.h"
#include "app/sctp_gate.h"
#include "app/sctp_limits.h"
#include "app/sctp_stack.h"

/* The room may be told something just now: what has ended is cleared away by sctp_association_work.
 */
static void end(struct sctp_association *association, const char *why)
{
    if (association->ended == NULL) {
        association->ended = why;
        sctp_stack_now_ready(association->stack, association);
    }
}

static void carry(void *context, const struct sctp_message *message)
{
    struct sctp_association *association = context;
    struct sctp_figures *figures = &association->stack->figures;
    if (association->ended != NULL) {
        return;
    }
    enum sctp_sent sent = SCTP_SENT_LATER;
    if (association->backlog.first == NULL) {
        sent = sctp_socket_send(association->socket, message);
    }
    if (sent == SCTP_SENT_NEVER) {
        figures->messages_ignored++;
    }
    if (sent == SCTP_SENT_LATER && !sctp_backlog_append(&association->backlog, message)) {
        figures->associations_slow++;
        end(association, "it does not read what its room says");
    }
}

static void reset_stream(void *context, uint16_t stream)
{
    struct sctp_association *association = context;
    if (association->ended == NULL) {
        sctp_backlog_drop(&association->backlog, stream);
        (void)sctp_socket_reset_stream(association->socket, stream);
    }
}

static void receive_part(struct sctp_association *association, const struct sctp_part *part)
{
    struct sctp_message message;
    switch (sctp_assemblies_add(&association->assemblies, part, &message)) {
    case SCTP_ASSEMBLED_WHOLE:
        data_channels_receive(&association->channels, &message);
        break;
    case SCTP_ASSEMBLED_PART:
        break;
    case SCTP_ASSEMBLED_TOO_LONG:
        data_channels_oversized(&association->channels, part->message.stream);
        break;
    case SCTP_ASSEMBLED_NO_ROOM:
        end(association, "there is no room for the parts of its messages");
        break;
    }
}

static void forget_streams(struct sctp_association *association)
{
    data_channels_clear(&association->channels);
    sctp_assemblies_clear(&association->assemblies);
    sctp_backlog_clear(&association->backlog);
}

static void peer_reset(struct sctp_association *association, uint16_t stream)
{
    sctp_assemblies_drop(&association->assemblies, stream);
    data_channels_peer_reset(&association->channels, stream);
}

static void receive_notification(struct sctp_association *association, const struct sctp_read *read)
{
    const struct sctp_notice notice = sctp_socket_notice(read);
    switch (notice.kind) {
    case SCTP_NOTICE_UP:
        association->established = true;
        association->stack->figures.associations_established++;
        sctp_socket_established(association->socket);
        break;
    case SCTP_NOTICE_RESTARTED:
        forget_streams(association);
        break;
    case SCTP_NOTICE_LOST:
        association->stack->figures.associations_ended++;
        end(association, notice.why);
        break;
    case SCTP_NOTICE_PART_LOST:
        sctp_assemblies_drop(&association->assemblies, notice.stream);
        break;
    case SCTP_NOTICE_STREAMS_RESET:
        for (size_t i = 0; i < notice.streams_count; i++) {
            peer_reset(association, sctp_notice_stream(&notice, i));
        }
        break;
    case SCTP_NOTICE_ALL_STREAMS_RESET:
        for (uint32_t i = 0; i < association->channels.places; i++) {
            if (association->channels.by_stream[i] != NULL) {
                peer_reset(association, (uint16_t)i);
            }
        }
        break;
    case SCTP_NOTICE_OTHER:
        break;
    }
}

/* True: there may be more. */
static bool read_one(struct sctp_association *association)
{
    struct sctp_stack *stack = association->stack;
    const struct sctp_read read =
        sctp_socket_read(association->socket, stack->read, sizeof(stack->read));
    switch (read.kind) {
    case SCTP_READ_PART:
        receive_part(association, &(struct sctp_part){read.message, read.last});
        return true;
    case SCTP_READ_NOTIFICATION:
        receive_notification(association, &read);
        return true;
    case SCTP_READ_END:
        stack->figures.associations_ended++;
        end(association, "the association is gone");
        return false;
    case SCTP_READ_NOTHING:
    default:
        return false;
    }
}

static void send_backlog(struct sctp_association *association)
{
    struct sctp_backlog *backlog = &association->backlog;
    while (backlog->first != NULL) {
        const enum sctp_sent sent = sctp_socket_send(association->socket, &backlog->first->message);
        if (sent == SCTP_SENT_LATER) {
            return;
        }
        if (sent == SCTP_SENT_NEVER) {
            association->stack->figures.messages_ignored++;
        }
        sctp_backlog_remove_first(backlog);
    }
}

/* What has ended gives back all but itself, which is the session's until it closes it. */
static void clear_away(struct sctp_association *association)
{
    struct sctp_stack *stack = association->stack;
    struct sctp_shard *shard = &stack->shard[association->shard];
    sctp_socket_close(association->socket);
    association->socket = NULL;
    forget_streams(association);
    association->ended_next = atomic_load(&shard->ended);
    atomic_store(&shard->ended, association);
    if (association->shard != stack->caller) {
        stack->options.wake(stack->options.context, association->shard);
    }
}

/* While anything waits to be sent nothing is read: the peer, who does not take his echoes, finds
 * his window closed. */
void sctp_association_work(struct sctp_association *association)
{
    while (association->ended == NULL) {
        send_backlog(association);
        if (association->backlog.first != NULL || !read_one(association)) {
            break;
        }
    }
    if (association->ended != NULL && association->socket != NULL) {
        clear_away(association);
    }
}

static struct sctp_association *make(struct sctp_stack *stack, const struct sctp_setup *setup)
{
    struct sctp_association *association = calloc(1, sizeof(*association));
    if (association == NULL) {
        return NULL;
    }
    association->stack = stack;
    association->shard = setup->shard;
    association->id = setup->id;
    association->session = setup->session;
    const struct channel_carrier carrier = {
        .context = association, .send = carry, .reset = reset_stream};
    data_channels_init(&association->channels, &carrier, &stack->rooms, &stack->figures,
                       setup->message_max, setup->room);
    return association;
}

struct sctp_association *sctp_association_open(struct sctp_stack *stack,
                                               const struct sctp_setup *setup, uint64_t now_ns)
{
    assert(setup->shard < stack->options.shards);
    struct sctp_association *association = make(stack, setup);
    if (association == NULL) {
        return NULL;
    }
    sctp_stack_lock(stack, setup->shard);
    const bool opened = sctp_stack_attach(stack, association, setup, now_ns);
    sctp_stack_unlock(stack);
    if (!opened) {
        free(association);
        return NULL;
    }
    return association;
}

void sctp_association_receive(struct sctp_stack *stack, struct sctp_association *association,
                              const uint8_t *packet, size_t len)
{
    sctp_stack_lock(stack, association->shard);
    sctp_stack_keep_time(stack);
    if (!sctp_gate_admits(packet, len)) {
        stack->figures.packets_refused++;
    } else if (association->socket != NULL) {
        sctp_cookie_ack_answered(&association->cookie_ack, packet, len);
        sctp_library_receive((uintptr_t)association->place + 1, packet, len);
    }
    sctp_stack_unlock(stack);
}

static void forget_ended(struct sctp_stack *stack, struct sctp_association *association)
{
    struct sctp_shard *shard = &stack->shard[association->shard];
    struct sctp_association *at = atomic_load(&shard->ended);
    if (at == association) {
        atomic_store(&shard->ended, at->ended_next);
        return;
    }
    while (at->ended_next != association) {
        at = at->ended_next;
    }
    at->ended_next = association->ended_next;
}

void sctp_association_close(struct sctp_stack *stack, struct sctp_association *association)
{
    sctp_stack_lock(stack, association->shard);
    if (association->socket != NULL) {
        sctp_socket_close(association->socket);
        forget_streams(association);
    } else if (!association->told) {
        forget_ended(stack, association);
    }
    sctp_stack_detach(stack, association);
    sctp_stack_unlock(stack);
    free(association);
}

void sctp_association_describe(struct sctp_stack *stack, const struct sctp_association *association,
                               struct sctp_description *description)
{
    sctp_stack_lock(stack, SCTP_NO_SHARD);
    *description = (struct sctp_description){
        .established = association->established && association->ended == NULL,
        .channels = association->channels.open,
        .messages_received = association->channels.messages_received,
        .messages_sent = association->channels.messages_sent,
    };
    sctp_stack_unlock(stack);
}
