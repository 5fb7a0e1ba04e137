/*
 * The handshake header of DTLS (RFC 6347 section 4.2.2).
 *
 *     0     1       4             6                 9                 12
 *     type  length  message_seq   fragment_offset   fragment_length   fragment...
 */
#ifndef WIRE_HANDSHAKE_HEADER_H
#define WIRE_HANDSHAKE_HEADER_H

#include "base/reader.h"
#include "base/writer.h"
#include "wire/codepoints.h"

enum { HANDSHAKE_HEADER_LEN = 12 };

struct handshake_header {
    uint8_t type; /* enum handshake_type, or what the peer made of it */
    uint16_t message_seq;
    uint32_t length; /* of the whole message, 24 bits, as are the two below */
    uint32_t fragment_offset;
    uint32_t fragment_length;
};

/* What a message is called on the wire. [rfc8446#4.1.3] "The HelloRetryRequest message uses the
 * same structure as the ServerHello". */
static inline uint8_t wire_type_of(uint8_t message)
{
    return message == MESSAGE_HELLO_RETRY_REQUEST ? MESSAGE_SERVER_HELLO : message;
}

/* One fragment: its header and bytes. false: cut short, or the fragment lies outside its message.
 */
bool handshake_fragment_read(struct reader *reader, struct handshake_header *header,
                             struct bytes *fragment);
void handshake_header_write(uint8_t out[HANDSHAKE_HEADER_LEN],
                            const struct handshake_header *header);

#endif
