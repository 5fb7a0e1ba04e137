#include "app/sctp_gate.h"

enum {
    COMMON_HEADER_LEN = 12,
    HEADER_LEN = 4, /* of a chunk and of a parameter */
};

/* RFC 9260 section 3.2, RFC 3758, RFC 4820 and RFC 6525. */
enum chunk_type {
    CHUNK_DATA = 0,
    CHUNK_INIT = 1,
    CHUNK_INIT_ACK = 2,
    CHUNK_SACK = 3,
    CHUNK_HEARTBEAT = 4,
    CHUNK_HEARTBEAT_ACK = 5,
    CHUNK_ABORT = 6,
    CHUNK_SHUTDOWN = 7,
    CHUNK_SHUTDOWN_ACK = 8,
    CHUNK_ERROR = 9,
    CHUNK_COOKIE_ECHO = 10,
    CHUNK_COOKIE_ACK = 11,
    CHUNK_SHUTDOWN_COMPLETE = 14,
    CHUNK_RE_CONFIG = 130,
    CHUNK_PAD = 132,
    CHUNK_FORWARD_TSN = 192,
    CHUNK_TYPES = 256,
};

/* A wish that we have more streams to send on, up to 65,535 of them: usrsctp grants it whatever was
 * agreed, and takes 64 bytes for each (RFC 6525 section 4.6). Those that peers add for themselves
 * it holds to SCTP_STREAMS. */
enum { ADD_INCOMING_STREAMS = 18 };

/* fixed_len: bytes that it has at least, its header among them; 0: not let through. */
static const struct chunk_rule {
    uint8_t fixed_len;
    bool has_parameters; /* behind the fixed part */
    uint8_t refused;     /* a type of them that lets nothing through; 0: none */
    bool alone;          /* in its packet, RFC 9260 section 6.10 */
} rules[CHUNK_TYPES] = {
    [CHUNK_DATA] = {.fixed_len = 17}, /* and a byte at least, section 3.3.1 */
    [CHUNK_INIT] = {.fixed_len = 20, .has_parameters = true, .alone = true},
    [CHUNK_INIT_ACK] = {.fixed_len = 20, .has_parameters = true, .alone = true},
    [CHUNK_SACK] = {.fixed_len = 16},
    [CHUNK_HEARTBEAT] = {.fixed_len = 4, .has_parameters = true},
    [CHUNK_HEARTBEAT_ACK] = {.fixed_len = 4, .has_parameters = true},
    [CHUNK_ABORT] = {.fixed_len = 4, .has_parameters = true},
    [CHUNK_SHUTDOWN] = {.fixed_len = 8},
    [CHUNK_SHUTDOWN_ACK] = {.fixed_len = 4},
    [CHUNK_ERROR] = {.fixed_len = 4, .has_parameters = true},
    [CHUNK_COOKIE_ECHO] = {.fixed_len = 5},
    [CHUNK_COOKIE_ACK] = {.fixed_len = 4},
    [CHUNK_SHUTDOWN_COMPLETE] = {.fixed_len = 4, .alone = true},
    [CHUNK_RE_CONFIG] = {.fixed_len = 4, .has_parameters = true, .refused = ADD_INCOMING_STREAMS},
    [CHUNK_PAD] = {.fixed_len = 4},
    [CHUNK_FORWARD_TSN] = {.fixed_len = 8},
};

static size_t get_u16(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

/* How far it is to what follows; what is the last of all need not be padded. */
static size_t padded(size_t len, size_t left)
{
    const size_t whole = (len + 3) / 4 * 4;
    return whole < left ? whole : left;
}

static bool parameters_add_up(const uint8_t *at, size_t left, uint8_t refused)
{
    while (left > 0) {
        if (left < HEADER_LEN) {
            return false;
        }
        const size_t len = get_u16(at + 2);
        if (len < HEADER_LEN || len > left || (refused != 0 && get_u16(at) == refused)) {
            return false;
        }
        at += padded(len, left);
        left -= padded(len, left);
    }
    return true;
}

/* RFC 9260 section 3.3.4: numbers of gap blocks and of duplicates, four bytes for each. */
static bool sack_adds_up(const uint8_t *chunk, size_t len)
{
    return len == 16 + 4 * (get_u16(chunk + 12) + get_u16(chunk + 14));
}

static bool chunk_adds_up(const uint8_t *chunk, size_t len)
{
    const struct chunk_rule *rule = &rules[chunk[0]];
    if (rule->fixed_len == 0 || len < rule->fixed_len) {
        return false;
    }
    if (chunk[0] == CHUNK_SACK) {
        return sack_adds_up(chunk, len);
    }
    return !rule->has_parameters ||
           parameters_add_up(chunk + rule->fixed_len, len - rule->fixed_len, rule->refused);
}

bool sctp_gate_admits(const uint8_t *packet, size_t len)
{
    if (len < COMMON_HEADER_LEN + HEADER_LEN) {
        return false;
    }
    const uint8_t *at = packet + COMMON_HEADER_LEN;
    size_t left = len - COMMON_HEADER_LEN;
    const size_t all = left;
    while (left > 0) {
        if (left < HEADER_LEN) {
            return false;
        }
        const size_t chunk_len = get_u16(at + 2);
        if (chunk_len < HEADER_LEN || chunk_len > left || !chunk_adds_up(at, chunk_len)) {
            return false;
        }
        const size_t step = padded(chunk_len, left);
        if (rules[at[0]].alone && step != all) {
            return false;
        }
        at += step;
        left -= step;
    }
    return true;
}
