/* The file of tickets' secrets. */
#include "app/ticket_keys.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DIGITS_16 "0123456789abcdef"
#define SECRET    DIGITS_16 DIGITS_16 DIGITS_16 "0123456789ABCDEF"

static bool reads(const char *text, struct ticket_keys *keys, struct complaint *complaint)
{
    char path[] = "/tmp/ringdtls-test-XXXXXX";
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    cr_assert_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(file);
    bool read = ticket_keys_read(path, keys, complaint);
    (void)unlink(path);
    return read;
}

static void expect_refused(const char *text, const char *reason)
{
    struct ticket_keys keys;
    struct complaint complaint = {""};
    cr_expect_not(reads(text, &keys, &complaint), "%s", text);
    cr_expect_not_null(strstr(complaint.text, reason), "%s", complaint.text);
    cr_expect_null(strstr(complaint.text, DIGITS_16), "a secret is not repeated");
}

Test(ticket_keys, are_read_in_their_order)
{
    struct ticket_keys keys;
    struct complaint complaint;
    cr_assert(reads("# rotated\n\nff23456789abcdef" DIGITS_16 DIGITS_16 DIGITS_16 "\r\n" SECRET,
                    &keys, &complaint));
    cr_assert_eq(keys.count, 2);
    cr_expect_eq(keys.secrets[0][0], 0xff);
    cr_expect_eq(keys.secrets[1][0], 0x01);
    cr_expect_eq(keys.secrets[1][RDTLS_TICKET_SECRET_LEN - 1], 0xef);
}

Test(ticket_keys, that_cannot_be_meant_are_refused)
{
    expect_refused("", "no secret");
    expect_refused("# nothing\n", "no secret");
    expect_refused(DIGITS_16 "\n", "line 1");
    expect_refused(SECRET "\n" SECRET "0\n", "line 2");
    expect_refused(DIGITS_16 DIGITS_16 DIGITS_16 "0123456789abcdeg\n", "line 1");
    expect_refused(SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n", "more than 4");
}

Test(ticket_keys, are_made_anew_each_time)
{
    struct ticket_keys a;
    struct ticket_keys b;
    struct complaint complaint;
    cr_assert(ticket_keys_make(&a, &complaint) && ticket_keys_make(&b, &complaint));
    cr_expect_eq(a.count, 1);
    cr_expect_arr_neq(a.secrets[0], b.secrets[0], sizeof(a.secrets[0]));
}
