#include "endpoint/hello_gate.h"

#include "base/nanoseconds.h"

#include <assert.h>

enum {
    /* header of record and message, version, random, three empty vectors (session id, cookie, and
     * compression with its one byte), one suite */
    CLIENT_HELLO_SHORTEST =
        RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN + 2 + RANDOM_LEN + 1 + 1 + 4 + 2,
};

static_assert((int)HELLO_VERIFY_REQUEST_LEN <= (int)CLIENT_HELLO_SHORTEST,
              "an unproven address gets no more bytes than it sent");

static bool first_record_read(struct bytes datagram, struct record_header *record,
                              struct bytes *fragment, enum rdtls_discard *reason)
{
    struct reader reader = reader_of(datagram);
    *reason = RDTLS_DISCARD_NOT_DTLS;
    if (rdtls_classify(datagram.data, datagram.len) != RDTLS_PROTOCOL_DTLS ||
        !record_header_read(&reader, record))
        return false;
    *reason = RDTLS_DISCARD_VERSION;
    if (record->version >> 8 != VERSION_DTLS_1_2 >> 8)
        return false;
    *reason = RDTLS_DISCARD_TRUNCATED;
    *fragment = reader_bytes(&reader, record->length);
    return !reader.failed;
}

bool hello_fragment_read(struct bytes datagram, struct hello_fragment *hello,
                         enum rdtls_discard *reason)
{
    struct bytes content;
    if (!first_record_read(datagram, &hello->record, &content, reason))
        return false;
    *reason = RDTLS_DISCARD_STRANGER;
    if (hello->record.type != CONTENT_HANDSHAKE || hello->record.epoch != EPOCH_PLAINTEXT ||
        content.len == 0 || content.data[0] != MESSAGE_CLIENT_HELLO)
        return false;
    *reason = RDTLS_DISCARD_BAD_HELLO;
    struct reader reader = reader_of(content);
    hello->datagram_len = (uint32_t)datagram.len;
    return handshake_fragment_read(&reader, &hello->header, &hello->body);
}

bool first_hello_of(const struct hello_fragment *fragment, struct first_hello *hello,
                    enum rdtls_discard *reason)
{
    hello->record = fragment->record;
    hello->handshake = fragment->header;
    *reason = RDTLS_DISCARD_STRANGER;
    if (fragment->header.fragment_offset != 0)
        return false;
    *reason = RDTLS_DISCARD_BAD_HELLO;
    struct reader prefix = reader_of(fragment->body);
    return client_hello_prefix_read(&prefix, &hello->prefix);
}

bool first_hello_read(struct bytes datagram, struct first_hello *hello, enum rdtls_discard *reason)
{
    struct hello_fragment fragment;
    return hello_fragment_read(datagram, &fragment, reason) &&
           first_hello_of(&fragment, hello, reason);
}

/* Stateless: whatever sequence numbers the hello has, the answer has too. */
static void write_hello_verify_request(const struct first_hello *hello, struct bytes cookie,
                                       uint8_t *out)
{
    enum { BODY_LEN = 2 + 1 + COOKIE_LEN };
    /* [rfc6347#4.2.1] "the server MUST use the record sequence number in the ClientHello as the
     * record sequence number in the HelloVerifyRequest" */
    struct record_header record = {
        .type = CONTENT_HANDSHAKE,
        .version = VERSION_DTLS_1_0,
        .epoch = EPOCH_PLAINTEXT,
        .sequence = hello->record.sequence,
        .length = HANDSHAKE_HEADER_LEN + BODY_LEN,
    };
    struct handshake_header header = {
        .type = MESSAGE_HELLO_VERIFY_REQUEST,
        .message_seq = hello->handshake.message_seq,
        .length = BODY_LEN,
        .fragment_length = BODY_LEN,
    };
    record_header_write(out, &record);
    handshake_header_write(out + RECORD_HEADER_LEN, &header);
    struct writer body = writer_of(out + RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN, BODY_LEN);
    hello_verify_request_write(&body, cookie);
}

void hello_gate_change_secret(struct hello_gate *gate, const struct cookie_secret *secret,
                              uint64_t now)
{
    gate->former = gate->secret;
    gate->former_until_ns = nanoseconds_after(now, 2 * COOKIE_WINDOW_NS);
    gate->secret = *secret;
}

static bool brings_good_cookie(const struct hello_gate *gate, struct bytes path,
                               const struct client_hello_prefix *hello, uint64_t now)
{
    uint64_t clock = now + gate->clock_offset_ns;
    return cookie_is_good(&gate->secret, path, hello, clock) ||
           (now < gate->former_until_ns && cookie_is_good(&gate->former, path, hello, clock));
}

enum gate_verdict hello_gate_judge(const struct hello_gate *gate, const struct rdtls_path *path,
                                   const struct first_hello *hello, bool needs_cookie, uint64_t now,
                                   uint8_t *answer)
{
    struct bytes path_bytes = bytes_of(path, sizeof(*path));
    bool cookie_matters = needs_cookie || gate->proven->per_second != 0;
    if (cookie_matters && brings_good_cookie(gate, path_bytes, &hello->prefix, now))
        return rate_limit_admits(gate->proven, path->remote_ip, now) ? GATE_ADMIT : GATE_REFUSE;
    if (!rate_limit_admits(gate->strangers, path->remote_ip, now))
        return GATE_REFUSE;
    if (!needs_cookie)
        return GATE_ADMIT;
    if (answer == NULL)
        return GATE_REFUSE;
    /* [rfc6347#4.2.1] "If a server receives a ClientHello with an invalid cookie, it SHOULD treat
     * it the same as a ClientHello with no cookie." */
    uint8_t cookie[COOKIE_LEN];
    cookie_make(&gate->secret, path_bytes, &hello->prefix, now + gate->clock_offset_ns, cookie);
    write_hello_verify_request(hello, bytes_of(cookie, COOKIE_LEN), answer);
    return GATE_ANSWER;
}
