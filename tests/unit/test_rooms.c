#include <criterion/criterion.h>
#include <stdio.h>

#include "app/rooms.h"

static struct rooms rooms;

/* Who is in the member's room, as letters by their place in the array. */
static const char *members(const struct room_member *array, const struct room_member *member)
{
    static char text[32];
    size_t len = 0;
    for (const struct room_member *at = room_first(member); at != NULL; at = at->next) {
        text[len++] = (char)('a' + (at - array));
    }
    text[len] = '\0';
    return text;
}

static bool all_empty(void)
{
    for (size_t i = 0; i < ROOMS_BUCKETS; i++) {
        if (rooms.bucket[i] != NULL) {
            return false;
        }
    }
    return true;
}

Test(rooms, members_are_found_in_the_order_in_which_they_came)
{
    struct room_member at[3] = {0};
    for (size_t i = 0; i < 3; i++) {
        cr_expect(rooms_join(&rooms, "lobby", &at[i]));
    }
    cr_expect_str_eq(members(at, &at[1]), "abc");
    cr_expect_eq(room_count(&at[1]), 3);
    for (size_t i = 0; i < 3; i++) {
        rooms_leave(&rooms, &at[i]);
    }
    cr_expect(all_empty());
}

Test(rooms, whoever_leaves_is_gone_from_wherever_he_stood)
{
    struct room_member at[4] = {0};
    for (size_t i = 0; i < 4; i++) {
        cr_expect(rooms_join(&rooms, "lobby", &at[i]));
    }
    rooms_leave(&rooms, &at[0]);
    cr_expect_str_eq(members(at, &at[1]), "bcd");
    rooms_leave(&rooms, &at[2]);
    cr_expect_str_eq(members(at, &at[1]), "bd");
    rooms_leave(&rooms, &at[3]);
    cr_expect_str_eq(members(at, &at[1]), "b");
    cr_expect(rooms_join(&rooms, "lobby", &at[0]));
    cr_expect_str_eq(members(at, &at[1]), "ba");
    rooms_leave(&rooms, &at[1]);
    rooms_leave(&rooms, &at[0]);
    cr_expect(all_empty());
}

Test(rooms, of_another_room_nothing_is_heard)
{
    struct room_member at[3] = {0};
    cr_expect(rooms_join(&rooms, "lobby", &at[0]));
    cr_expect(rooms_join(&rooms, "lobby ", &at[1]));
    cr_expect(rooms_join(&rooms, "", &at[2]));
    cr_expect_str_eq(members(at, &at[0]), "a");
    cr_expect_str_eq(members(at, &at[1]), "b");
    cr_expect_str_eq(members(at, &at[2]), "c");
    cr_expect(rooms_join(&rooms, "lobby", &at[2]), "he leaves the room that he was in");
    cr_expect_str_eq(members(at, &at[2]), "ac");
    for (size_t i = 0; i < 3; i++) {
        rooms_leave(&rooms, &at[i]);
        rooms_leave(&rooms, &at[i]); /* twice is once */
    }
    cr_expect(all_empty());
}

Test(rooms, a_full_room_takes_nobody_and_loses_nobody)
{
    static struct room_member at[ROOM_MEMBERS_MAX + 1];
    for (size_t i = 0; i < ROOM_MEMBERS_MAX; i++) {
        cr_expect(rooms_join(&rooms, "lobby", &at[i]));
    }
    cr_expect_not(rooms_join(&rooms, "lobby", &at[ROOM_MEMBERS_MAX]));
    cr_expect_null(room_first(&at[ROOM_MEMBERS_MAX]));
    cr_expect_eq(room_count(&at[0]), ROOM_MEMBERS_MAX);
    rooms_leave(&rooms, &at[7]);
    cr_expect(rooms_join(&rooms, "lobby", &at[ROOM_MEMBERS_MAX]));
    for (size_t i = 0; i <= ROOM_MEMBERS_MAX; i++) {
        rooms_leave(&rooms, &at[i]);
    }
    cr_expect(all_empty());
}

Test(rooms, many_rooms_come_and_go)
{
    enum { MANY = 3 * ROOMS_BUCKETS };
    static struct room_member at[MANY];
    for (size_t i = 0; i < MANY; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "room %zu", i);
        cr_expect(rooms_join(&rooms, name, &at[i]));
    }
    for (size_t i = 0; i < MANY; i++) {
        cr_expect_eq(room_count(&at[i]), 1);
        rooms_leave(&rooms, &at[i]);
    }
    cr_expect(all_empty());
}
