/* The secrets that tickets are sealed under, made keys once: rotated by whoever gives them. */
#ifndef HANDSHAKE_TICKET_SECRETS_H
#define HANDSHAKE_TICKET_SECRETS_H

#include "crypto/hmac.h"

enum { TICKET_SECRETS_MAX = 4, TICKET_SECRET_LEN = 32 };

struct ticket_secrets {
    struct hmac_key keys[TICKET_SECRETS_MAX]; /* the first seals, each opens */
    uint32_t count;
};

/* Behind those that there are; at most TICKET_SECRETS_MAX. */
void ticket_secrets_add(struct ticket_secrets *secrets, const uint8_t secret[TICKET_SECRET_LEN]);

#endif
