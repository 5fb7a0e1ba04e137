#include "app/dcep.h"

enum {
    OPEN_HEADER_LEN = 12,
    CHANNEL_TYPE_UNORDERED = 0x80, /* on top of one of the three that follow */
};

/* RFC 8832 section 8.2.2. */
enum channel_type {
    CHANNEL_RELIABLE = 0x00,
    CHANNEL_PARTIAL_RELIABLE_REXMIT = 0x01,
    CHANNEL_PARTIAL_RELIABLE_TIMED = 0x02,
};

static uint16_t get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)get_u16(at) << 16 | get_u16(at + 2);
}

static bool consume_reliability(uint8_t channel_type, uint32_t parameter,
                                struct sctp_reliability *reliability)
{
    reliability->unordered = (channel_type & CHANNEL_TYPE_UNORDERED) != 0;
    reliability->limit_value = parameter;
    switch (channel_type & ~CHANNEL_TYPE_UNORDERED) {
    case CHANNEL_RELIABLE:
        reliability->limit = SCTP_LIMIT_NONE;
        reliability->limit_value = 0; /* to be ignored, section 5.1 */
        return true;
    case CHANNEL_PARTIAL_RELIABLE_REXMIT:
        reliability->limit = SCTP_LIMIT_RETRANSMITS;
        return true;
    case CHANNEL_PARTIAL_RELIABLE_TIMED:
        reliability->limit = SCTP_LIMIT_LIFETIME_MS;
        return true;
    default:
        return false;
    }
}

static enum dcep_kind consume_open(const uint8_t *message, size_t len, struct dcep_open *open)
{
    if (len < OPEN_HEADER_LEN) {
        return DCEP_MALFORMED;
    }
    struct dcep_open read = {
        .priority = get_u16(message + 2),
        .label = message + OPEN_HEADER_LEN,
        .label_len = get_u16(message + 8),
        .protocol_len = get_u16(message + 10),
    };
    read.protocol = read.label + read.label_len;
    if (len != OPEN_HEADER_LEN + read.label_len + read.protocol_len ||
        !consume_reliability(message[1], get_u32(message + 4), &read.reliability)) {
        return DCEP_MALFORMED;
    }
    *open = read;
    return DCEP_OPEN;
}

enum dcep_kind dcep_consume(const uint8_t *message, size_t len, struct dcep_open *open)
{
    if (len == 1 && message[0] == DCEP_TYPE_ACK) {
        return DCEP_ACK;
    }
    if (len > 0 && message[0] == DCEP_TYPE_OPEN) {
        return consume_open(message, len, open);
    }
    return DCEP_MALFORMED;
}
