#include "wire/alert.h"

#include "wire_support.h"

static bool alert_of_hex_reads(const char *hex)
{
    struct bytes input = exact_from_hex(hex);
    struct alert alert;
    bool read = alert_read(input, &alert);
    exact_free(input);
    return read;
}

Test(alert, what_was_written_reads_back)
{
    for (unsigned description = 0; description <= UINT8_MAX; description++) {
        for (uint8_t level = ALERT_WARNING; level <= ALERT_FATAL; level++) {
            uint8_t out[ALERT_LEN];
            alert_write(out, &(struct alert){level, (uint8_t)description});
            struct bytes copy = exact_copy(bytes_of(out, sizeof(out)));
            struct alert alert;
            cr_assert(alert_read(copy, &alert));
            cr_expect_eq(alert.level, level);
            cr_expect_eq(alert.description, description);
            exact_free(copy);
        }
    }
}

Test(alert, the_level_comes_first)
{
    uint8_t out[ALERT_LEN];
    alert_write(out, &(struct alert){ALERT_FATAL, 40});
    EXPECT_BYTES(bytes_of(out, sizeof(out)), bytes_of("\x02\x28", 2));
}

/* [rfc5246#7.2] "enum { warning(1), fatal(2), (255) } AlertLevel;" */
Test(alert, a_level_that_is_neither_warning_nor_fatal_is_refused)
{
    for (unsigned level = 0; level <= UINT8_MAX; level++) {
        const uint8_t content[] = {(uint8_t)level, 0};
        struct alert alert;
        bool known = level == ALERT_WARNING || level == ALERT_FATAL;
        cr_expect_eq(alert_read(bytes_of(content, sizeof(content)), &alert), known);
    }
}

/* [rfc8446#5.1] "Alert messages (Section 6) MUST NOT be fragmented across records, and multiple
 * alert messages MUST NOT be coalesced into a single TLSPlaintext record." "In other words, a
 * record with an Alert type MUST contain exactly one message." */
Test(alert, other_lengths_than_two_are_refused)
{
    cr_expect_not(alert_of_hex_reads(""));
    cr_expect_not(alert_of_hex_reads("02"));
    cr_expect_not(alert_of_hex_reads("022800"));
    cr_expect_not(alert_of_hex_reads("02280228"), "two alerts in one record");
}
