/* A host whose STUN carries nothing. */
#include "carrying.h"

void take_carried(struct session *session, const uint8_t *message, size_t len, uint64_t now)
{
    (void)session;
    (void)message;
    (void)len;
    (void)now;
}

void carry(struct session *session, struct stun_writer *answer)
{
    (void)session;
    (void)answer;
}
