#include "crypto/break_even.h"

#include "lanes_support.h"

/* A clock that is told how long everything takes: the engine's call, then libcrypto's, and so on.
 */
struct told {
    uint64_t now;
    uint64_t steps;
    uint64_t eight_ns;
    uint64_t single_ns;
};

static uint64_t tell(void *context)
{
    struct told *told = context;
    static const uint64_t reads_per_round = 3;
    uint64_t step = told->steps++ % reads_per_round;
    if (step == 1)
        told->now += told->eight_ns;
    if (step == 2)
        told->now += told->single_ns;
    return told->now;
}

static size_t found(struct fixture *fixture, uint64_t eight_ns, uint64_t single_ns)
{
    struct told told = {.eight_ns = eight_ns, .single_ns = single_ns};
    struct lanes_options options = fixture->options;
    memset(options.break_even, 0, sizeof(options.break_even));
    options.clock = (struct lane_clock){tell, &told};
    fixture_renew(fixture, &options);
    size_t first = lanes_break_even(fixture->lanes, LANE_X25519_DERIVE);
    for (int kind = 0; kind < KINDS_OF_P256; kind++)
        cr_expect_eq(lanes_break_even(fixture->lanes, (enum lane_kind)kind), first);
    return first;
}

Test(break_even, is_where_eight_lanes_cost_no_more_than_libcrypto)
{
    struct fixture fixture;
    const struct lane_engine *engine = engine_here();
    fixture_init(&fixture, engine);
    static const struct {
        uint64_t eight_ns;
        uint64_t single_ns;
        size_t count;
    } cases[] = {{100, 100, 1}, {100, 1000, 1}, {101, 100, 2}, {200, 100, 2},
                 {201, 100, 3}, {800, 100, 8},  {801, 100, 9}, {100, 0, 9}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_eq(found(&fixture, cases[i].eight_ns, cases[i].single_ns),
                     engine == NULL ? (size_t)BREAK_EVEN_NEVER : cases[i].count);
    fixture_free(&fixture);
}

/* What was measured leaves nothing behind in libcrypto's queue of errors, and the lanes work. */
Test(break_even, without_a_clock_figures_of_another_machine_do)
{
    struct fixture fixture;
    struct lane_job job;
    fixture_init(&fixture, engine_here());
    struct lanes_options options = fixture.options;
    memset(options.break_even, 0, sizeof(options.break_even));
    fixture_renew(&fixture, &options);
    expect_no_libcrypto_error("measuring");
    for (int kind = 0; kind < KINDS_OF_P256; kind++) {
        cr_expect_geq(lanes_break_even(fixture.lanes, (enum lane_kind)kind), 1);
        fill(&fixture, &job, (enum lane_kind)kind, 1);
        run_all(&fixture, &job, 1, 0);
        cr_expect(job.ok);
    }
    fixture_free(&fixture);
}
