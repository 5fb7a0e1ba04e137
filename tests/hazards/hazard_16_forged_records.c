/* Hazard 16: forged records on a live 5-tuple: the association survives, and nothing locks the real
 * peer out meanwhile. Over sockets, a million of them, with what each costs: tests/flood. */
#include "live_support.h"

#include <stdio.h>
#include <time.h>

static double cpu_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

Test(hazard_16, the_association_survives_and_its_peer_gets_through)
{
    enum { FORGED = 100000, TALK_EVERY = 1000 };
    struct live live;
    uint8_t record[RECORD_HEADER_LEN + 100] = {CONTENT_APPLICATION_DATA, 0xfe, 0xfd, 0, 1};
    uint8_t copy[sizeof(record)];
    live_init(&live);
    record[RECORD_LENGTH_AT + 1] = 100;
    double seconds = 0;
    for (unsigned i = 0; i < FORGED; i++) {
        /* numbers behind, within and far ahead of the window */
        store_u48(record + RECORD_SEQUENCE_AT, (uint64_t)i * i % (UINT64_C(1) << 48));
        store_u24(record + RECORD_HEADER_LEN + 50, i);
        memcpy(copy, record, sizeof(record));
        double begun = cpu_seconds();
        rdtls_endpoint_receive(live.server.endpoint, &live.path, copy, sizeof(copy), i);
        seconds += cpu_seconds() - begun;
        if (i % TALK_EVERY == 0)
            live_expect_talking(&live);
    }
    cr_expect_eq(live.server.closed, 0);
    cr_expect_eq(live.server.records, FORGED / TALK_EVERY);
    printf("a forged record costs %.0f ns, clock included\n", seconds / FORGED * 1e9);
    live_free(&live);
}
