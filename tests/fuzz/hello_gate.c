/*
 * The gate alone: a stranger's datagram is dropped or answered with no more bytes than it has. What
 * the answer carries lets the same hello in from the same path, soon; and no other.
 */
#include "fuzz.h"

#include "endpoint/hello_gate.h"
#include "input.h"

enum { ANSWER_COOKIE_AT = RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN + 2 + 1 };

static const uint64_t later_ns = 4 * COOKIE_WINDOW_NS;

static struct rdtls_config config;
static struct rate_limit unlimited;
static struct hello_gate gate = {.config = &config, .strangers = &unlimited, .proven = &unlimited};

static enum gate_verdict judge(const struct rdtls_path *path, const struct first_hello *hello,
                               uint64_t now)
{
    uint8_t answer[HELLO_VERIFY_REQUEST_LEN];
    return hello_gate_judge(&gate, path, hello, true, now, answer);
}

/* The same hello with the cookie that it was given. */
static void come_back(const struct rdtls_path *path, const struct first_hello *hello, uint64_t now,
                      const uint8_t *answer)
{
    struct first_hello second = *hello;
    second.prefix.cookie = bytes_of(answer + ANSWER_COOKIE_AT, COOKIE_LEN);
    EXPECT(judge(path, &second, now) == GATE_ADMIT);
    EXPECT(judge(path, &second, now + later_ns) == GATE_ANSWER);
    struct rdtls_path elsewhere = *path;
    elsewhere.remote_port ^= 1;
    EXPECT(judge(&elsewhere, &second, now) == GATE_ANSWER);
    uint8_t random[RANDOM_LEN];
    memcpy(random, hello->prefix.random.data, RANDOM_LEN);
    random[RANDOM_LEN - 1] ^= 1;
    second.prefix.random = bytes_of(random, RANDOM_LEN);
    EXPECT(judge(path, &second, now) == GATE_ANSWER);
}

static void expect_answer(const struct first_hello *hello, struct bytes datagram,
                          const uint8_t answer[HELLO_VERIFY_REQUEST_LEN])
{
    EXPECT(HELLO_VERIFY_REQUEST_LEN <= datagram.len);
    struct reader reader = reader_of(bytes_of(answer, HELLO_VERIFY_REQUEST_LEN));
    struct record_header record;
    struct handshake_header header;
    struct bytes body;
    struct bytes cookie;
    EXPECT(record_header_read(&reader, &record) && record.length == reader.left);
    EXPECT(record.sequence == hello->record.sequence);
    EXPECT(handshake_fragment_read(&reader, &header, &body) && reader_is_complete(&reader));
    EXPECT(header.type == MESSAGE_HELLO_VERIFY_REQUEST &&
           header.message_seq == hello->handshake.message_seq);
    EXPECT(hello_verify_request_read(body, &cookie) == RDTLS_OK && cookie.len == COOKIE_LEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t secret[] = "of whoever holds the gate";
    struct reader input = reader_of(bytes_of(data, size));
    struct rdtls_path path = {.remote_port = input_u8(&input), .local_port = 4433};
    uint64_t now = (uint64_t)input_u16(&input) << 24;
    cookie_secret_init(&gate.secret, bytes_of(secret, sizeof(secret)));

    struct bytes rest = input_bytes(&input, input.left);
    uint8_t *copy = malloc(rest.len);
    EXPECT(copy != NULL || rest.len == 0);
    bytes_copy(copy, rest);
    struct bytes datagram = bytes_of(copy, rest.len);
    (void)rdtls_datagram_classify(datagram.data, datagram.len);
    struct first_hello hello;
    enum rdtls_discard reason;
    if (first_hello_read(datagram, &hello, &reason)) {
        EXPECT(rdtls_datagram_classify(datagram.data, datagram.len) == RDTLS_DATAGRAM_HELLO);
        uint8_t answer[HELLO_VERIFY_REQUEST_LEN];
        enum gate_verdict verdict = hello_gate_judge(&gate, &path, &hello, true, now, answer);
        EXPECT(verdict == GATE_ANSWER);
        expect_answer(&hello, datagram, answer);
        come_back(&path, &hello, now, answer);
    } else {
        EXPECT(reason < RDTLS_DISCARD_COUNT);
    }
    free(copy);
    return 0;
}
