#include "io/mailbox.h"

#include <assert.h>
#include <stdlib.h>

/* In front of a letter. */
struct place {
    _Atomic uint32_t turn;
    uint32_t reserved[3];
};

static_assert(sizeof(struct place) == 16, "letters are aligned as promised");

bool mailbox_open(struct mailbox *mailbox, uint32_t place_count, uint32_t letter_len)
{
    assert((place_count & (place_count - 1)) == 0);
    uint32_t len = (uint32_t)sizeof(struct place) + letter_len;
    *mailbox = (struct mailbox){
        .place_len = (len + MAILBOX_APART - 1) / MAILBOX_APART * MAILBOX_APART,
        .place_count = place_count,
    };
    mailbox->places = calloc(place_count, mailbox->place_len);
    return mailbox->places != NULL;
}

void mailbox_close(struct mailbox *mailbox)
{
    free(mailbox->places);
    mailbox->places = NULL;
}

static struct place *place_at(const struct mailbox *mailbox, uint32_t position)
{
    size_t offset = (size_t)(position & (mailbox->place_count - 1)) * mailbox->place_len;
    return (struct place *)(void *)(mailbox->places + offset);
}

/* The turn at which its place is empty for a position; a letter's is the next one. */
static uint32_t empty_turn(const struct mailbox *mailbox, uint32_t position)
{
    return position / mailbox->place_count * 2;
}

static bool is_empty(const struct mailbox *mailbox, uint32_t position)
{
    struct place *place = place_at(mailbox, position);
    return atomic_load_explicit(&place->turn, memory_order_acquire) ==
           empty_turn(mailbox, position);
}

void *mailbox_claim(struct mailbox *mailbox, uint32_t spare)
{
    assert(spare < mailbox->place_count);
    uint32_t position = atomic_load_explicit(&mailbox->posted, memory_order_relaxed);
    while (true) {
        /* Places become empty in their order: when a later one is, all before it are. */
        if (is_empty(mailbox, position + spare)) {
            bool is_ours =
                atomic_compare_exchange_weak_explicit(&mailbox->posted, &position, position + 1,
                                                      memory_order_relaxed, memory_order_relaxed);
            if (is_ours)
                return place_at(mailbox, position) + 1;
            continue;
        }
        /* Another's letter lies there. It is the ring's oldest, unless we looked too late. */
        uint32_t now = atomic_load_explicit(&mailbox->posted, memory_order_relaxed);
        if (now == position)
            return NULL;
        position = now;
    }
}

void mailbox_post(void *letter)
{
    struct place *place = (struct place *)letter - 1;
    uint32_t turn = atomic_load_explicit(&place->turn, memory_order_relaxed);
    assert(turn % 2 == 0);
    atomic_store_explicit(&place->turn, turn + 1, memory_order_release);
}

bool mailbox_waits(const struct mailbox *mailbox)
{
    if (mailbox->places == NULL)
        return false;
    struct place *place = place_at(mailbox, mailbox->seen);
    uint32_t turn = atomic_load_explicit(&place->turn, memory_order_acquire);
    return turn == empty_turn(mailbox, mailbox->seen) + 1;
}

void *mailbox_next(struct mailbox *mailbox)
{
    if (!mailbox_waits(mailbox))
        return NULL;
    return place_at(mailbox, mailbox->seen++) + 1;
}

void mailbox_release(struct mailbox *mailbox)
{
    for (; mailbox->released != mailbox->seen; mailbox->released++) {
        struct place *place = place_at(mailbox, mailbox->released);
        /* Empty for whoever comes by a whole round later. */
        uint32_t turn = empty_turn(mailbox, mailbox->released + mailbox->place_count);
        atomic_store_explicit(&place->turn, turn, memory_order_release);
    }
}
