/* Signatures on their way from any thread to a shard: whole, once, none forgotten. */
#include "io/signature_mail.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { POSTERS = 4, LETTERS_EACH = 20000, ALL = POSTERS * LETTERS_EACH };

/* Every byte of it follows from who wrote it and how many he wrote before. */
static struct signature_letter letter_of(uint32_t poster, uint32_t number)
{
    struct signature_letter letter = {.id = {poster, number}, .len = RDTLS_SIGNATURE_MAX};
    memset(letter.signature, (int)(poster + number) & 0xff, sizeof(letter.signature));
    return letter;
}

static void expect_whole(const struct signature_letter *letter)
{
    struct signature_letter expected = letter_of(letter->id.slot, letter->id.generation);
    cr_assert_arr_eq(letter->signature, expected.signature, RDTLS_SIGNATURE_MAX);
    cr_assert_eq(letter->len, expected.len);
}

static bool post(struct signature_mail *mail, uint32_t number, bool *ring_bell)
{
    struct signature_letter letter = letter_of(0, number);
    return signature_mail_post(mail, &letter, ring_bell);
}

static void expect_next(struct signature_mail *mail, uint32_t number)
{
    struct signature_letter letter;
    cr_assert(signature_mail_waits(mail));
    cr_assert(signature_mail_collect(mail, &letter));
    cr_assert_eq(letter.id.generation, number);
    expect_whole(&letter);
}

static void fill_and_empty(struct signature_mail *mail)
{
    struct signature_letter letter;
    bool ring_bell;
    for (uint32_t i = 0; i < SIGNATURE_MAIL_MAX; i++)
        cr_assert(post(mail, i, &ring_bell));
    cr_expect_not(post(mail, 0, &ring_bell), "full");
    expect_next(mail, 0);
    cr_assert(post(mail, SIGNATURE_MAIL_MAX, &ring_bell), "room for one");
    cr_expect_not(post(mail, 0, &ring_bell));
    for (uint32_t i = 1; i <= SIGNATURE_MAIL_MAX; i++)
        expect_next(mail, i);
    cr_expect_not(signature_mail_waits(mail));
    cr_expect_not(signature_mail_collect(mail, &letter));
}

Test(signature_mail, comes_in_order_and_a_full_one_refuses)
{
    struct signature_mail mail = {0};
    cr_assert(signature_mail_open(&mail));
    for (int round = 0; round < 3; round++)
        fill_and_empty(&mail);
    signature_mail_close(&mail);
}

/* After 2^32 signatures the numbers begin again. */
Test(signature_mail, positions_wrap_around)
{
    struct signature_mail mail = {0};
    const uint32_t near_the_end = UINT32_MAX - SIGNATURE_MAIL_MAX + 1;
    cr_assert(signature_mail_open(&mail));
    for (size_t i = 0; i < SIGNATURE_MAIL_MAX; i++)
        mail.places[i].turn = near_the_end / SIGNATURE_MAIL_MAX * 2;
    mail.posted = mail.collected = near_the_end;
    for (int round = 0; round < 3; round++)
        fill_and_empty(&mail);
    signature_mail_close(&mail);
}

Test(signature_mail, the_bell_is_rung_once_until_somebody_comes)
{
    struct signature_mail mail = {0};
    bool ring_bell;
    cr_assert(signature_mail_open(&mail));
    cr_assert(post(&mail, 0, &ring_bell));
    cr_expect(ring_bell);
    cr_assert(post(&mail, 1, &ring_bell));
    cr_expect_not(ring_bell);
    signature_mail_come(&mail);
    expect_next(&mail, 0);
    cr_assert(post(&mail, 2, &ring_bell));
    cr_expect(ring_bell, "who came does not come again for this one by himself");
    expect_next(&mail, 1);
    expect_next(&mail, 2);
    signature_mail_close(&mail);
}

struct poster {
    struct signature_mail *mail;
    int doorbell;
    uint32_t number;
};

static void *post_all(void *argument)
{
    const struct poster *poster = argument;
    const uint64_t ring = 1;
    for (uint32_t i = 0; i < LETTERS_EACH; i++) {
        struct signature_letter letter = letter_of(poster->number, i);
        bool ring_bell;
        while (!signature_mail_post(poster->mail, &letter, &ring_bell))
            sched_yield();
        if (ring_bell)
            cr_assert_eq(write(poster->doorbell, &ring, sizeof(ring)), sizeof(ring));
    }
    return NULL;
}

/* The collector sleeps whenever it finds nothing: a ring that went missing would leave it there. */
static void collect_all(struct signature_mail *mail, int doorbell)
{
    uint32_t next[POSTERS] = {0};
    uint32_t count = 0;
    while (count < ALL) {
        struct signature_letter letter;
        uint64_t rung;
        cr_assert_eq(read(doorbell, &rung, sizeof(rung)), sizeof(rung));
        signature_mail_come(mail);
        while (signature_mail_collect(mail, &letter)) {
            cr_assert_lt(letter.id.slot, POSTERS);
            cr_assert_eq(letter.id.generation, next[letter.id.slot]++);
            expect_whole(&letter);
            count++;
        }
    }
    cr_expect_not(signature_mail_waits(mail));
}

Test(signature_mail, of_several_threads_arrives_whole_and_once, .timeout = 120)
{
    struct signature_mail mail = {0};
    pthread_t threads[POSTERS];
    struct poster posters[POSTERS];
    int doorbell = eventfd(0, EFD_CLOEXEC);
    cr_assert_geq(doorbell, 0);
    cr_assert(signature_mail_open(&mail));
    for (uint32_t i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){&mail, doorbell, i};
        cr_assert_eq(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    }
    collect_all(&mail, doorbell);
    for (uint32_t i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    signature_mail_close(&mail);
    close(doorbell);
}
