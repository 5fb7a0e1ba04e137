/* What a datagram is, by its first bytes: all that is told before anything is looked up. */
#include <ringdtls/endpoint.h>

#include "handshake/association.h"
#include "wire/record_header.h"
#include "wire/unified_header.h"

enum { FIRST_BYTE_VALUES = 256 };

/* [rfc7983#7] "If the value is between 20 and 63 (inclusive), then the packet is DTLS." What its
 * list does not name belongs to nobody. */
static const uint8_t protocol_by_first_byte[FIRST_BYTE_VALUES] = {
    [0 ... 3] = RDTLS_PROTOCOL_STUN,    [16 ... 19] = RDTLS_PROTOCOL_ZRTP,
    [20 ... 63] = RDTLS_PROTOCOL_DTLS,  [64 ... 79] = RDTLS_PROTOCOL_TURN_CHANNEL,
    [128 ... 191] = RDTLS_PROTOCOL_RTP,
};

enum rdtls_protocol rdtls_classify(const uint8_t *datagram, size_t len)
{
    return len == 0 ? RDTLS_PROTOCOL_UNKNOWN
                    : (enum rdtls_protocol)protocol_by_first_byte[datagram[0]];
}

enum rdtls_datagram_class rdtls_datagram_classify(const uint8_t *datagram, size_t len)
{
    if (len > 0 && unified_header_begins(datagram[0]))
        return RDTLS_DATAGRAM_PROTECTED;
    if (len < RECORD_HEADER_LEN || rdtls_classify(datagram, len) != RDTLS_PROTOCOL_DTLS)
        return RDTLS_DATAGRAM_OTHER;
    struct record_header header;
    struct reader reader = reader_of(bytes_of(datagram, len));
    (void)record_header_read(&reader, &header);
    if (header.epoch != EPOCH_PLAINTEXT)
        return RDTLS_DATAGRAM_PROTECTED;
    if (header.type == CONTENT_HANDSHAKE && reader.left > 0 && reader.at[0] == MESSAGE_CLIENT_HELLO)
        return RDTLS_DATAGRAM_HELLO;
    return RDTLS_DATAGRAM_HANDSHAKE;
}
