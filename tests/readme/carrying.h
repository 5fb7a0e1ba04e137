/* What a host whose STUN carries handshakes has to do with the messages. */
#ifndef TESTS_README_CARRYING_H
#define TESTS_README_CARRYING_H

#include "app/stun.h"
#include "sfu.h"

/* A check that is right has come. */
void take_carried(struct session *session, const uint8_t *message, size_t len, uint64_t now);

/* Its answer. */
void carry(struct session *session, struct stun_writer *answer);

#endif
