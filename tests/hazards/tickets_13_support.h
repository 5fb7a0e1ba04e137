/* A client and a server of 1.3, after a handshake that has left the client a session. */
#ifndef TESTS_TICKETS_13_SUPPORT_H
#define TESTS_TICKETS_13_SUPPORT_H

#include "crafted_support.h"
#include "resume_support.h"
#include "wire/hellos.h"

enum { HELLO_MAX = 4096 };

static inline void tickets_13_begin(struct resuming *both)
{
    static const uint16_t version_13[] = {0xfefc};
    struct rdtls_config_options options = ticket_options();
    options.versions = version_13;
    options.version_count = 1;
    resuming_init(both, &options, &options);
    resuming_talk(both);
    cr_assert(both->connected[0] && both->connected[1]);
    resuming_carry(both, 1); /* the acknowledgement, and the ticket behind it */
    resuming_carry(both, 1);
    cr_assert_eq(both->kept.tickets, 1);
    resuming_hang_up(both);
}

#endif
