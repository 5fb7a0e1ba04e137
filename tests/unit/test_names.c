/* Names of what is counted: every number has one of its own, and what is no number of ours is not
 * read behind the table. */
#include <criterion/criterion.h>
#include <ringdtls/ringdtls.h>
#include <string.h>

static void expect_own_names(const char *(*name_of)(int), int count)
{
    for (int i = 0; i < count; i++) {
        const char *name = name_of(i);
        cr_assert_not_null(name, "%d", i);
        cr_expect_str_neq(name, "other", "%d", i);
        for (int earlier = 0; earlier < i; earlier++)
            cr_expect_str_neq(name, name_of(earlier), "%d and %d", i, earlier);
    }
    cr_expect_str_eq(name_of(count), "other");
    cr_expect_str_eq(name_of(-1), "other");
}

static const char *discard(int number)
{
    return rdtls_discard_name((enum rdtls_discard)number);
}

static const char *lane_kind(int number)
{
    return rdtls_lane_kind_name((enum rdtls_lane_kind)number);
}

static const char *ahead_kind(int number)
{
    return rdtls_ahead_kind_name((enum rdtls_ahead_kind)number);
}

Test(names, every_reason_and_kind_has_its_own)
{
    expect_own_names(discard, RDTLS_DISCARD_COUNT);
    expect_own_names(lane_kind, RDTLS_LANE_KIND_COUNT);
    expect_own_names(ahead_kind, RDTLS_AHEAD_KIND_COUNT);
}

/* The range has gaps: alerts that nobody sends. */
Test(names, a_status_has_its_own_or_is_other)
{
    cr_expect_str_eq(rdtls_status_name(RDTLS_OK), "ok");
    cr_expect_str_eq(rdtls_status_name(RDTLS_NO_ROOM), "no_room");
    cr_expect_str_eq(rdtls_status_name(RDTLS_RECEIVED_ALERT + RDTLS_ALERT_HANDSHAKE_FAILURE),
                     "received_alert_handshake_failure");
    cr_expect_str_eq(rdtls_status_name(RDTLS_STATUS_COUNT), "other");
    for (int i = 0; i < RDTLS_STATUS_COUNT; i++) {
        const char *name = rdtls_status_name((enum rdtls_status)i);
        cr_assert_not_null(name);
        for (int earlier = 0; earlier < i && strcmp(name, "other") != 0; earlier++)
            cr_expect_str_neq(name, rdtls_status_name((enum rdtls_status)earlier), "%d and %d", i,
                              earlier);
    }
}
