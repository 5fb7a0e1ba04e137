#include "base/list.h"

#include "wire_support.h"

struct item {
    int value;
    struct list_node node;
};

static void expect_values(const struct list_node *head, const int *values, size_t count)
{
    const struct list_node *node = head->next;
    for (size_t i = 0; i < count; i++, node = node->next) {
        cr_assert_neq(node, head, "the list ends after %zu", i);
        cr_expect_eq(LIST_OWNER(node, struct item, node)->value, values[i]);
        cr_expect_eq(node->next->previous, node);
        cr_expect_eq(node->previous->next, node);
    }
    cr_expect_eq(node, head);
}

Test(list, keeps_the_order_of_appending)
{
    struct list_node head;
    list_init(&head);
    cr_expect(list_is_empty(&head));
    struct item items[] = {{.value = 1}, {.value = 2}, {.value = 3}};
    for (size_t i = 0; i < 3; i++)
        list_append(&head, &items[i].node);
    cr_expect_not(list_is_empty(&head));
    expect_values(&head, (const int[]){1, 2, 3}, 3);
}

Test(list, loses_exactly_what_is_removed)
{
    struct list_node head;
    list_init(&head);
    struct item items[] = {{.value = 1}, {.value = 2}, {.value = 3}};
    for (size_t i = 0; i < 3; i++)
        list_append(&head, &items[i].node);
    list_remove(&items[1].node);
    expect_values(&head, (const int[]){1, 3}, 2);
    list_remove(&items[0].node);
    expect_values(&head, (const int[]){3}, 1);
    list_remove(&items[2].node);
    cr_expect(list_is_empty(&head));
}

Test(list, removing_twice_does_nothing)
{
    struct list_node head;
    list_init(&head);
    struct item items[] = {{.value = 1}, {.value = 2}};
    list_append(&head, &items[0].node);
    list_append(&head, &items[1].node);
    list_remove(&items[0].node);
    list_remove(&items[0].node);
    expect_values(&head, (const int[]){2}, 1);
    cr_expect(list_is_empty(&items[0].node), "a node that is in no list points to itself");

    struct list_node loner;
    list_init(&loner);
    list_remove(&loner);
    cr_expect(list_is_empty(&loner));
}

Test(list, a_removed_node_may_be_appended_again)
{
    struct list_node head;
    list_init(&head);
    struct item items[] = {{.value = 1}, {.value = 2}};
    list_append(&head, &items[0].node);
    list_append(&head, &items[1].node);
    list_remove(&items[0].node);
    list_append(&head, &items[0].node);
    expect_values(&head, (const int[]){2, 1}, 2);
}
