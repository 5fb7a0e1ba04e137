/* Letters from any thread to a shard: whole, once, in order, none forgotten, and no more of them
 * than there is room for. */
#include "io/mailbox.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "io/doorbell.h"

enum {
    PLACES = 64,
    FILL_LEN = 1200,
    POSTERS = 4,
    LETTERS_EACH = 20000,
    ALL = POSTERS * LETTERS_EACH,
};

/* Every byte of it follows from who wrote it and how many he wrote before. */
struct letter {
    uint32_t poster;
    uint32_t number;
    uint8_t fill[FILL_LEN];
};

static bool post(struct mailbox *mailbox, uint32_t poster, uint32_t number)
{
    struct letter *letter = mailbox_claim(mailbox, 0);
    if (letter == NULL)
        return false;
    cr_assert_eq((uintptr_t)letter % 16, 0);
    letter->poster = poster;
    letter->number = number;
    memset(letter->fill, (int)(poster + number) & 0xff, FILL_LEN);
    mailbox_post(letter);
    return true;
}

static const struct letter *expect_letter(struct mailbox *mailbox)
{
    const struct letter *letter = mailbox_next(mailbox);
    cr_assert_not_null(letter);
    for (size_t i = 0; i < FILL_LEN; i++)
        cr_assert_eq(letter->fill[i], (uint8_t)(letter->poster + letter->number), "at %zu", i);
    return letter;
}

static void expect_next(struct mailbox *mailbox, uint32_t number)
{
    cr_assert(mailbox_waits(mailbox));
    cr_assert_eq(expect_letter(mailbox)->number, number);
}

static struct mailbox opened(void)
{
    struct mailbox mailbox;
    cr_assert(mailbox_open(&mailbox, PLACES, sizeof(struct letter)));
    return mailbox;
}

static void fill_and_empty(struct mailbox *mailbox)
{
    for (uint32_t i = 0; i < PLACES; i++)
        cr_assert(post(mailbox, 0, i));
    cr_expect_not(post(mailbox, 0, 0), "full");
    expect_next(mailbox, 0);
    cr_expect_not(post(mailbox, 0, 0), "a letter that is being read keeps its place");
    mailbox_release(mailbox);
    cr_assert(post(mailbox, 0, PLACES), "room for one");
    cr_expect_not(post(mailbox, 0, 0));
    for (uint32_t i = 1; i <= PLACES; i++)
        expect_next(mailbox, i);
    cr_expect_not(mailbox_waits(mailbox));
    cr_expect_null(mailbox_next(mailbox));
    mailbox_release(mailbox);
}

Test(mailbox, comes_in_order_and_a_full_one_refuses)
{
    struct mailbox mailbox = opened();
    for (int round = 0; round < 3; round++)
        fill_and_empty(&mailbox);
    mailbox_close(&mailbox);
}

/* Some kinds of letters leave room for others. */
Test(mailbox, places_that_are_spared_are_there_for_others)
{
    enum { SPARED = 10 };
    struct mailbox mailbox = opened();
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < PLACES - SPARED; i++) {
            void *letter = mailbox_claim(&mailbox, SPARED);
            cr_assert_not_null(letter, "%u", i);
            mailbox_post(letter);
        }
        cr_expect_null(mailbox_claim(&mailbox, SPARED));
        for (uint32_t i = 0; i < SPARED; i++)
            cr_assert(post(&mailbox, 0, i));
        cr_expect_not(post(&mailbox, 0, 0), "full");
        cr_assert_not_null(mailbox_next(&mailbox));
        mailbox_release(&mailbox);
        cr_expect_null(mailbox_claim(&mailbox, SPARED));
        cr_assert(post(&mailbox, 0, 0));
        while (mailbox_next(&mailbox) != NULL)
            continue;
        mailbox_release(&mailbox);
    }
    mailbox_close(&mailbox);
}

/* After 2^32 letters the positions begin again. */
Test(mailbox, positions_wrap_around)
{
    struct mailbox mailbox = opened();
    const uint32_t near_the_end = UINT32_MAX - PLACES + 1;
    for (size_t i = 0; i < PLACES; i++) {
        uint32_t turn = near_the_end / PLACES * 2;
        memcpy(mailbox.places + i * mailbox.place_len, &turn, sizeof(turn));
    }
    mailbox.posted = mailbox.seen = mailbox.released = near_the_end;
    for (int round = 0; round < 3; round++)
        fill_and_empty(&mailbox);
    mailbox_close(&mailbox);
}

Test(mailbox, a_letter_that_is_being_written_is_not_there_yet)
{
    struct mailbox mailbox = opened();
    struct letter *slow = mailbox_claim(&mailbox, 0);
    cr_assert_not_null(slow);
    cr_assert(post(&mailbox, 0, 1));
    cr_expect_not(mailbox_waits(&mailbox), "nor what is behind it: order is kept");
    cr_expect_null(mailbox_next(&mailbox));
    *slow = (struct letter){0};
    mailbox_post(slow);
    expect_next(&mailbox, 0);
    expect_next(&mailbox, 1);
    mailbox_close(&mailbox);
}

Test(mailbox, that_was_never_opened_has_no_letters)
{
    struct mailbox mailbox = {0};
    cr_expect_not(mailbox_waits(&mailbox));
    cr_expect_null(mailbox_next(&mailbox));
    mailbox_release(&mailbox);
    mailbox_close(&mailbox);
}

static bool has_rung(const struct doorbell *doorbell)
{
    struct pollfd waiting = {.fd = doorbell->fd, .events = POLLIN};
    uint64_t rung = 0;
    if (poll(&waiting, 1, 0) == 0)
        return false;
    cr_assert_eq(read(doorbell->fd, &rung, sizeof(rung)), sizeof(rung));
    cr_expect_eq(rung, 1);
    return true;
}

Test(doorbell, is_rung_once_until_somebody_comes)
{
    struct doorbell doorbell = {0};
    cr_assert(doorbell_open(&doorbell));
    cr_expect_not(has_rung(&doorbell));
    doorbell_ring(&doorbell);
    doorbell_ring(&doorbell);
    cr_expect(has_rung(&doorbell));
    doorbell_ring(&doorbell);
    cr_expect_not(has_rung(&doorbell), "the shard is on its way");
    doorbell_come(&doorbell);
    doorbell_ring(&doorbell);
    cr_expect(has_rung(&doorbell), "who came does not come again for this one by himself");
    doorbell_come(&doorbell);
    doorbell_come(&doorbell);
    doorbell_ring(&doorbell);
    cr_expect(has_rung(&doorbell));
    doorbell_close(&doorbell);
    doorbell_close(&doorbell);
}

struct poster {
    struct mailbox *mailbox;
    struct doorbell *doorbell;
    uint32_t number;
};

static void *post_all(void *argument)
{
    const struct poster *poster = argument;
    for (uint32_t i = 0; i < LETTERS_EACH; i++) {
        while (!post(poster->mailbox, poster->number, i))
            sched_yield();
        doorbell_ring(poster->doorbell);
    }
    return NULL;
}

/* The collector sleeps whenever it finds nothing: a ring that went missing would leave it there. */
static void collect_all(struct mailbox *mailbox, struct doorbell *doorbell)
{
    uint32_t next[POSTERS] = {0};
    uint32_t count = 0;
    while (count < ALL) {
        uint64_t rung;
        cr_assert_eq(read(doorbell->fd, &rung, sizeof(rung)), sizeof(rung));
        doorbell_come(doorbell);
        while (mailbox_waits(mailbox)) {
            const struct letter *letter = expect_letter(mailbox);
            cr_assert_lt(letter->poster, POSTERS);
            cr_assert_eq(letter->number, next[letter->poster]++);
            count++;
            /* Several at a time, as a pass does. */
            if (count % 16 == 0)
                mailbox_release(mailbox);
        }
        mailbox_release(mailbox);
    }
    cr_expect_not(mailbox_waits(mailbox));
}

Test(mailbox, of_several_threads_arrives_whole_and_once, .timeout = 120)
{
    struct mailbox mailbox = opened();
    struct doorbell doorbell = {0};
    pthread_t threads[POSTERS];
    struct poster posters[POSTERS];
    cr_assert(doorbell_open(&doorbell));
    for (uint32_t i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){&mailbox, &doorbell, i};
        cr_assert_eq(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    }
    collect_all(&mailbox, &doorbell);
    for (uint32_t i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    mailbox_close(&mailbox);
    doorbell_close(&doorbell);
}
