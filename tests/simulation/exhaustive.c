/* Every single fault of every datagram, and every pair of them. */
#include <stdio.h>
#include <string.h>

#include "modes.h"

enum { NAME_MAX_LEN = 256, SEED = 20 };

/* A single fault costs at most one retransmission and the one after it; a pair at most two more. */
static const uint64_t bound_single_ns = UINT64_C(3500000000);
static const uint64_t bound_double_ns = UINT64_C(7500000000);

static bool next_shape(unsigned *number, struct shape *shape)
{
    if (*number >= SHAPE_COMMON)
        return false;
    *shape = shape_mixed(*number);
    return true;
}

static void conversation_of(struct conversation *conversation, const struct shape *shape,
                            enum closer closer, const struct planned_fault *plan, unsigned count)
{
    conversation_defaults(conversation, shape, SEED);
    conversation->closer = closer;
    /* With each record that comes, both sides at once, or never; pairs of faults would be too many.
     */
    conversation->options.update = shape->v13 && shape->aes_256 && count < 2 ? 1000 : 0;
    conversation->bound_ns = count < 2 ? bound_single_ns : bound_double_ns;
    for (unsigned i = 0; i < count; i++) {
        conversation->options.network.plan[i] = plan[i];
        conversation->options.restarts =
            conversation->options.restarts || fault_is_move(plan[i].fault);
    }
    conversation->options.network.plan_count = count;
}

static void run_one(struct report *report, struct conversation *conversation)
{
    char name[NAME_MAX_LEN];
    char shape[SHAPE_NAME_MAX];
    char command[NAME_MAX_LEN];
    char faults[64] = "";
    const struct network_options *network = &conversation->options.network;
    for (unsigned i = 0; i < network->plan_count; i++) {
        size_t used = strlen(faults);
        (void)snprintf(faults + used, sizeof(faults) - used, " --fault %u:%s",
                       network->plan[i].number, fault_name(network->plan[i].fault));
    }
    shape_name(&conversation->shape, shape);
    (void)snprintf(name, sizeof(name), "%s;%s", shape, faults);
    (void)snprintf(command, sizeof(command), "simulation --shape %u --closer %u%s --trace",
                   shape_number(&conversation->shape), (unsigned)conversation->closer, faults);
    report_conversation(report, conversation, name, command);
}

void run_planned(struct report *report, unsigned number, enum closer closer,
                 const struct planned_fault *plan, unsigned plan_count)
{
    struct conversation conversation;
    struct shape shape = shape_of(number % SHAPE_COUNT);
    conversation_of(&conversation, &shape, closer, plan, plan_count);
    run_one(report, &conversation);
}

/* How many datagrams there are when nothing goes wrong. */
static uint32_t datagrams_of(struct report *report, const struct shape *shape, enum closer closer)
{
    struct conversation conversation;
    struct outcome outcome;
    conversation_of(&conversation, shape, closer, NULL, 0);
    run_one(report, &conversation);
    conversation_run(&conversation, &outcome);
    return (uint32_t)outcome.datagrams;
}

static void run_singles(struct report *report, const struct shape *shape, enum closer closer)
{
    uint32_t datagrams = datagrams_of(report, shape, closer);
    for (uint32_t number = 0; number < datagrams; number++) {
        for (unsigned fault = FAULT_LOSE; fault < FAULT_COUNT; fault++) {
            struct conversation conversation;
            struct planned_fault plan = {number, (enum fault)fault};
            conversation_of(&conversation, shape, closer, &plan, 1);
            run_one(report, &conversation);
        }
    }
}

void run_exhaustive(struct report *report, unsigned every)
{
    struct shape shape;
    for (unsigned number = 0; next_shape(&number, &shape); number += every)
        for (unsigned closer = CLOSER_CLIENT; closer < CLOSER_COUNT; closer++)
            run_singles(report, &shape, (enum closer)closer);
}

/* Of those that leave a client where it is. The second fault may hit a datagram that the first one
 * has brought about: a few more than there were. */
static void run_pairs(struct report *report, const struct shape *shape)
{
    enum { MORE = 6 };
    uint32_t datagrams = datagrams_of(report, shape, CLOSER_CLIENT) + MORE;
    struct planned_fault plan[2];
    for (plan[0].number = 0; plan[0].number < datagrams; plan[0].number++)
        for (plan[1].number = plan[0].number + 1; plan[1].number < datagrams; plan[1].number++)
            for (unsigned pair = 0; pair < (FAULT_MOVE - 1) * (FAULT_MOVE - 1); pair++) {
                struct conversation conversation;
                plan[0].fault = (enum fault)(FAULT_LOSE + pair / (FAULT_MOVE - 1));
                plan[1].fault = (enum fault)(FAULT_LOSE + pair % (FAULT_MOVE - 1));
                conversation_of(&conversation, shape, CLOSER_CLIENT, plan, 2);
                run_one(report, &conversation);
            }
}

void run_doubles(struct report *report, unsigned every)
{
    struct shape shape;
    for (unsigned number = 0; next_shape(&number, &shape); number += every)
        run_pairs(report, &shape);
}
