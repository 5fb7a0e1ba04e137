#include "io/signature_mail.h"

#include <assert.h>
#include <stdlib.h>

static_assert((SIGNATURE_MAIL_MAX & (SIGNATURE_MAIL_MAX - 1)) == 0, "positions may wrap around");

bool signature_mail_open(struct signature_mail *mail)
{
    mail->places = calloc(SIGNATURE_MAIL_MAX, sizeof(*mail->places));
    return mail->places != NULL;
}

void signature_mail_close(struct signature_mail *mail)
{
    free(mail->places);
    mail->places = NULL;
}

static struct signature_place *place_of(const struct signature_mail *mail, uint32_t position)
{
    return &mail->places[position % SIGNATURE_MAIL_MAX];
}

/* The turn at which its place is empty for a position, and the one at which the letter is there. */
static uint32_t empty_turn(uint32_t position)
{
    return position / SIGNATURE_MAIL_MAX * 2;
}

static uint32_t letter_turn(uint32_t position)
{
    return empty_turn(position) + 1;
}

bool signature_mail_post(struct signature_mail *mail, const struct signature_letter *letter,
                         bool *ring_bell)
{
    uint32_t position = atomic_load_explicit(&mail->posted, memory_order_relaxed);
    struct signature_place *place;
    bool is_ours = false;
    while (!is_ours) {
        place = place_of(mail, position);
        uint32_t turn = atomic_load_explicit(&place->turn, memory_order_acquire);
        if (turn == empty_turn(position)) {
            is_ours = atomic_compare_exchange_weak_explicit(
                &mail->posted, &position, position + 1, memory_order_relaxed, memory_order_relaxed);
            continue;
        }
        /* Another's letter lies there. It is the ring's oldest, unless we looked too late. */
        uint32_t now = atomic_load_explicit(&mail->posted, memory_order_relaxed);
        if (now == position)
            return false;
        position = now;
    }
    place->letter = *letter;
    atomic_store_explicit(&place->turn, letter_turn(position), memory_order_release);
    /* Whoever came before this exchange sees the letter; otherwise the bell is ours to ring. */
    *ring_bell = atomic_exchange_explicit(&mail->bell, 1, memory_order_seq_cst) == 0;
    return true;
}

void signature_mail_come(struct signature_mail *mail)
{
    if (atomic_load_explicit(&mail->bell, memory_order_relaxed) != 0)
        (void)atomic_exchange_explicit(&mail->bell, 0, memory_order_seq_cst);
}

bool signature_mail_waits(const struct signature_mail *mail)
{
    if (mail->places == NULL)
        return false;
    const struct signature_place *place = place_of(mail, mail->collected);
    return atomic_load_explicit(&place->turn, memory_order_acquire) == letter_turn(mail->collected);
}

bool signature_mail_collect(struct signature_mail *mail, struct signature_letter *letter)
{
    if (!signature_mail_waits(mail))
        return false;
    struct signature_place *place = place_of(mail, mail->collected);
    *letter = place->letter;
    /* Empty for whoever comes by a whole round later. */
    uint32_t next = mail->collected + SIGNATURE_MAIL_MAX;
    atomic_store_explicit(&place->turn, empty_turn(next), memory_order_release);
    mail->collected++;
    return true;
}
