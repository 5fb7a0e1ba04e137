/* What sessions are called, and how they are found. */
#include <criterion/criterion.h>
#include <string.h>

#include "app/session_name.h"
#include "app/session_table.h"

Test(session_name, says_where_the_session_is)
{
    const struct session_place places[] = {
        {0, 0}, {1, 2}, {SESSION_SHARDS_MAX - 1, SESSION_PLACES_MAX - 1}, {31, 32}, {32, 1023}};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct session_name name;
        struct session_place place;
        cr_assert(session_name_make(places[i], &name));
        cr_expect_eq(strlen(name.ufrag), SESSION_UFRAG_LEN);
        cr_expect_eq(strlen(name.pwd), SESSION_PWD_LEN);
        cr_expect_eq(strlen(name.resource), SESSION_RESOURCE_LEN);
        cr_assert(session_place_of(name.ufrag, SESSION_UFRAG_LEN, &place));
        cr_expect_eq(place.shard, places[i].shard);
        cr_expect_eq(place.place, places[i].place);
        cr_assert(session_place_of(name.resource, SESSION_RESOURCE_LEN, &place));
        cr_expect_eq(place.shard, places[i].shard);
        cr_expect_eq(place.place, places[i].place);
    }
}

Test(session_name, differs_each_time)
{
    struct session_name one;
    struct session_name other;
    cr_assert(session_name_make((struct session_place){3, 4}, &one));
    cr_assert(session_name_make((struct session_place){3, 4}, &other));
    cr_expect_str_neq(one.ufrag, other.ufrag);
    cr_expect_str_neq(one.pwd, other.pwd);
    cr_expect_str_neq(one.resource, other.resource);
    cr_expect(session_name_is(one.ufrag, one.ufrag, SESSION_UFRAG_LEN));
    cr_expect_not(session_name_is(one.ufrag, other.ufrag, SESSION_UFRAG_LEN));
    cr_expect_not(session_name_is(one.ufrag, one.ufrag, SESSION_UFRAG_LEN - 1));
    cr_expect_not(session_name_is(one.ufrag, one.resource, SESSION_RESOURCE_LEN));
}

Test(session_name, others_names_are_not_ours)
{
    struct session_place place;
    cr_expect_not(session_place_of("", 0, &place));
    cr_expect_not(session_place_of("NFAn", 4, &place));
    cr_expect_not(session_place_of("aaaaaaaaaaaaaaa", 15, &place));
    cr_expect_not(session_place_of("aaaaa1aaaaaaaaaa", 16, &place));
    cr_expect_not(session_place_of("a\0aaaaaaaaaaaaaa", 16, &place));
    cr_expect(session_place_of("aaaaaaaaaaaaaaaa", 16, &place));
}

enum { CAPACITY = 4 };

static struct session_table *table;

static void set_up(void)
{
    table = session_table_new(7, CAPACITY);
    cr_assert_not_null(table);
}

static void tear_down(void)
{
    session_table_free(table);
}

static struct session *added(void)
{
    struct session *session = session_add(table);
    cr_assert_not_null(session);
    return session;
}

static struct rdtls_path path_of(uint16_t port)
{
    return (struct rdtls_path){.remote_port = port, .socket = 1};
}

TestSuite(session_table, .init = set_up, .fini = tear_down);

Test(session_table, gives_each_session_a_place)
{
    struct session *sessions[CAPACITY];
    for (uint32_t i = 0; i < CAPACITY; i++) {
        sessions[i] = added();
        cr_expect_eq(sessions[i]->place.shard, 7);
        cr_expect_eq(session_at(table, sessions[i]->place.place), sessions[i]);
        cr_expect_eq(session_by_key(table, sessions[i]->key), sessions[i]);
    }
    cr_expect_null(session_add(table));
    cr_expect_eq(session_count(table), CAPACITY);
    cr_expect_null(session_at(table, CAPACITY));
    cr_expect_null(session_at(table, UINT32_MAX));
}

Test(session_table, a_place_is_used_again_and_a_key_is_not)
{
    struct session *first = added();
    const uint64_t key = first->key;
    const uint32_t place = first->place.place;
    session_remove(table, first);
    cr_expect_null(session_at(table, place));
    struct session *second = added();
    cr_expect_eq(second->place.place, place);
    cr_expect_neq(second->key, key);
    cr_expect_null(session_by_key(table, key));
    cr_expect_null(session_by_key(table, 0));
}

Test(session_table, finds_a_session_by_its_paths)
{
    struct session *one = added();
    struct session *other = added();
    for (uint16_t port = 1; port <= SESSION_PATHS_MAX; port++) {
        const struct rdtls_path path = path_of(port);
        cr_expect_not(session_has_path(one, &path));
        cr_expect(session_add_path(table, one, &path));
        cr_expect(session_add_path(table, one, &path), "once more is no error");
        cr_expect(session_has_path(one, &path));
        cr_expect_eq(session_by_path(table, &path), one);
    }
    const struct rdtls_path one_more = path_of(SESSION_PATHS_MAX + 1);
    const struct rdtls_path oldest = path_of(1);
    cr_expect(session_add_path(table, one, &one_more));
    cr_expect_eq(session_by_path(table, &one_more), one);
    cr_expect_null(session_by_path(table, &oldest));
    cr_expect_eq(one->path_count, SESSION_PATHS_MAX);
    const struct rdtls_path taken = path_of(3);
    cr_expect(session_add_path(table, other, &taken));
    cr_expect_eq(session_by_path(table, &taken), other);
    cr_expect_not(session_has_path(one, &taken));
    cr_expect_eq(one->path_count, SESSION_PATHS_MAX - 1);
    session_remove(table, one);
    for (uint16_t port = 1; port <= SESSION_PATHS_MAX; port++) {
        const struct rdtls_path path = path_of(port);
        cr_expect_eq(session_by_path(table, &path), port == 3 ? other : NULL);
    }
}

Test(session_table, queues_keep_the_order)
{
    struct session *a = added();
    struct session *b = added();
    struct session *c = added();
    session_enqueue(table, QUEUE_ALIVE, a);
    session_enqueue(table, QUEUE_ALIVE, b);
    session_enqueue(table, QUEUE_ALIVE, c);
    session_enqueue(table, QUEUE_CONNECTING, b);
    cr_expect_eq(session_queued(table, QUEUE_ALIVE), 3);
    cr_expect_eq(session_first(table, QUEUE_ALIVE), a);
    session_enqueue(table, QUEUE_ALIVE, a); /* heard again */
    cr_expect_eq(session_first(table, QUEUE_ALIVE), b);
    cr_expect_eq(session_next(b, QUEUE_ALIVE), c);
    cr_expect_eq(session_next(c, QUEUE_ALIVE), a);
    cr_expect_null(session_next(a, QUEUE_ALIVE));
    session_dequeue(table, QUEUE_ALIVE, c);
    session_dequeue(table, QUEUE_ALIVE, c);
    cr_expect_eq(session_next(b, QUEUE_ALIVE), a);
    session_remove(table, b);
    cr_expect_eq(session_first(table, QUEUE_ALIVE), a);
    cr_expect_null(session_first(table, QUEUE_CONNECTING));
    session_remove(table, a);
    cr_expect_null(session_first(table, QUEUE_ALIVE));
    cr_expect_eq(session_queued(table, QUEUE_ALIVE), 0);
}
