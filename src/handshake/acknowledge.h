/* Our ACKs (RFC 9147 section 7): the records of the peer's current flight that were taken. One
 * whose content found no room is not among them. */
#ifndef HANDSHAKE_ACKNOWLEDGE_H
#define HANDSHAKE_ACKNOWLEDGE_H

#include "handshake/send_record.h"

/* Of the epochs that a flight came in; NULL: none. */
struct acknowledged {
    const struct replay_window *plaintext; /* epoch 0 */
    const struct replay_window *handshake; /* epoch 2 */
};

/* One datagram with an ACK, under the epoch that we send in; 0: there is nothing to acknowledge, or
 * no keys to do it with. */
size_t acknowledge(const struct record_sender *sender, const struct acknowledged *taken,
                   uint8_t *out, size_t capacity);

/* The same for one record. */
size_t acknowledge_record(const struct record_sender *sender, const struct record_number *number,
                          uint8_t *out, size_t capacity);

#endif
