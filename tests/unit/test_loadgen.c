#include <criterion/criterion.h>
#include <string.h>

#include "loadgen/associations.h"
#include "loadgen/echo_pattern.h"
#include "loadgen/local_paths.h"
#include "loadgen/schedule.h"

Test(schedule, shares_add_up_and_the_first_is_the_largest)
{
    const struct load_options options = {.handshakes = 1003, .concurrency = 10, .hold = true};
    for (uint32_t threads = 1; threads <= 10; threads++) {
        uint64_t attempts = 0;
        uint64_t in_flight = 0;
        const struct schedule first = schedule_of(&options, 0, threads);
        for (uint32_t thread = 0; thread < threads; thread++) {
            const struct schedule schedule = schedule_of(&options, thread, threads);
            attempts += schedule.attempts;
            in_flight += schedule.in_flight_max;
            cr_expect_geq(schedule.in_flight_max, 1);
            cr_expect_eq(schedule.open_max, schedule.attempts);
            cr_expect_leq(schedule.open_max, first.open_max);
            cr_expect_leq(schedule.in_flight_max, first.in_flight_max);
        }
        cr_expect_eq(attempts, 1003);
        cr_expect_eq(in_flight, 10);
    }
}

Test(schedule, has_no_thread_without_work)
{
    cr_expect_eq(schedule_threads(&(struct load_options){.handshakes = 3, .concurrency = 64}, 8),
                 3);
    cr_expect_eq(schedule_threads(&(struct load_options){.handshakes = 64, .concurrency = 2}, 8),
                 2);
    cr_expect_eq(schedule_threads(&(struct load_options){.duration_s = 1, .concurrency = 64}, 8),
                 8);
    cr_expect_eq(schedule_threads(&(struct load_options){.duration_s = 2, .rate = 1}, 8), 2);
    cr_expect_eq(schedule_threads(
                     &(struct load_options){.duration_s = 1, .concurrency = 9, .threads = 5}, 8),
                 5);
}

/* All threads' time-tables together are one: an arrival each interval, none twice. */
Test(schedule, keeps_one_time_table_in_an_open_loop)
{
    const struct load_options options = {.duration_s = 2, .rate = 1000};
    uint8_t seen[2000] = {0};
    for (uint32_t thread = 0; thread < 3; thread++) {
        const struct schedule schedule = schedule_of(&options, thread, 3);
        for (uint64_t n = 0; n < schedule.attempts; n++) {
            const uint64_t due_ns = schedule_due_ns(&schedule, n);
            cr_assert_eq(due_ns % 1000000, 0);
            cr_assert_lt(due_ns / 1000000, 2000);
            seen[due_ns / 1000000]++;
        }
    }
    for (size_t i = 0; i < sizeof(seen); i++) {
        cr_assert_eq(seen[i], 1);
    }
}

Test(echo_pattern, tells_its_own_from_older_and_from_others)
{
    uint8_t bytes[100];
    uint8_t damaged[100];
    for (size_t len = 16; len <= sizeof(bytes); len += 7) {
        const struct echo_pattern pattern = {.attempt = 77, .sequence = 20};
        echo_pattern_fill(pattern, bytes, len);
        cr_expect_eq(echo_pattern_judge(pattern, len, bytes, len), ECHO_MATCHES);
        cr_expect_eq(echo_pattern_judge(pattern, len, bytes, len - 1), ECHO_WRONG);
        const struct echo_pattern later = {.attempt = 77, .sequence = 22};
        cr_expect_eq(echo_pattern_judge(later, len, bytes, len), ECHO_OLD);
        const struct echo_pattern other = {.attempt = 78, .sequence = 20};
        cr_expect_eq(echo_pattern_judge(other, len, bytes, len), ECHO_WRONG);
        memcpy(damaged, bytes, len);
        damaged[len - 1] ^= 1;
        cr_expect_eq(echo_pattern_judge(pattern, len, damaged, len), ECHO_WRONG);
    }
}

Test(echo_pattern, of_a_first_record_has_no_older_one)
{
    uint8_t bytes[32] = {0};
    const struct echo_pattern first = {.attempt = 1, .sequence = 0};
    cr_expect_eq(echo_pattern_judge(first, sizeof(bytes), bytes, sizeof(bytes)), ECHO_WRONG);
}

Test(address_circle, threads_share_no_address_and_none_is_special)
{
    const struct rdtls_listen target = {
        .ip = {[10] = 0xff, [11] = 0xff, [12] = 127, [13] = 0, [14] = 1, [15] = 1}, .port = 1};
    enum { THREADS = 3, EACH = 2000 };
    static uint8_t ips[THREADS * EACH][16];
    size_t count = 0;
    for (uint32_t thread = 0; thread < THREADS; thread++) {
        struct address_circle circle = address_circle_of(thread, THREADS);
        for (size_t i = 0; i < EACH; i++) {
            uint8_t *ip = ips[count++];
            address_circle_next(&circle, &target, ip);
            cr_assert_eq(ip[12], 127);
            cr_assert_neq(ip[15], 0);
            cr_assert_neq(ip[15], 255);
            cr_assert(ip[13] != 0 || ip[14] != 0);
            cr_assert_neq(memcmp(ip, target.ip, 16), 0);
        }
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = i + 1; k < count; k++) {
            cr_assert_neq(memcmp(ips[i], ips[k], 16), 0);
        }
    }
}

Test(address_circle, comes_round_inside_its_thread)
{
    const struct rdtls_listen target = {.ip = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
    struct address_circle circle = address_circle_of(255, 256);
    uint8_t first[16];
    uint8_t ip[16];
    address_circle_next(&circle, &target, first);
    for (uint32_t i = 1; i < circle.count; i++) {
        address_circle_next(&circle, &target, ip);
        cr_assert_neq(memcmp(ip, first, 16), 0);
        cr_assert_eq(ip[12], 127);
    }
    address_circle_next(&circle, &target, ip);
    cr_expect_arr_eq(ip, first, 16);
}

Test(local_paths, choose_by_target)
{
    struct complaint complaint;
    struct local_paths paths;
    struct rdtls_listen target = {.ip = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1},
                                  .port = 4433};
    cr_assert(local_paths_find(&target, &paths, &complaint));
    cr_expect(paths.many_addresses);
    cr_expect_eq(paths.local.ip[12], 0);
    cr_expect_eq(paths.local.port, 0);
    cr_expect_not(local_paths_allow_sockets(70000, &complaint));
    cr_expect_not_null(strstr(complaint.text, "needs 70000 sockets"));
}

Test(associations, come_back_in_the_order_they_left)
{
    struct associations associations;
    cr_assert(associations_init(&associations, 3));
    for (uint32_t i = 0; i < 3; i++) {
        struct association *association = queue_first(&associations, &associations.free);
        cr_expect_eq(association_index(&associations, association), i);
        queue_remove(&associations, &associations.free, association);
        queue_append(&associations, &associations.awaited, association);
    }
    cr_expect_null(queue_first(&associations, &associations.free));
    queue_remove(&associations, &associations.awaited, &associations.slots[1]);
    cr_expect_eq(queue_first(&associations, &associations.awaited), &associations.slots[0]);
    queue_remove(&associations, &associations.awaited, &associations.slots[0]);
    cr_expect_eq(queue_first(&associations, &associations.awaited), &associations.slots[2]);
    queue_remove(&associations, &associations.awaited, &associations.slots[2]);
    cr_expect_null(queue_first(&associations, &associations.awaited));
    associations_free(&associations);
}
