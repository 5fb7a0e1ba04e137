#include "endpoint/retry_gate.h"

#include "handshake/negotiate.h"
#include "wire/alert.h"

bool retry_gate_is_for(const struct hello_gate *gate, struct bytes body, bool needs_cookie,
                       struct client_hello *hello)
{
    uint16_t version;
    return client_hello_read(body, hello) == RDTLS_OK &&
           negotiate_version(&gate->config->policy, hello, &version) == RDTLS_OK &&
           version == VERSION_DTLS_1_3 && (needs_cookie || hello->offer_13.cookie_present);
}

/* [rfc9147#5.1] The answer's record number is the hello's: nothing was kept that could count. */
static void write_record_header(const struct hello_fragment *hello, enum content_type type,
                                size_t len, uint8_t *out)
{
    struct record_header record = {
        .type = (uint8_t)type,
        .version = VERSION_DTLS_1_2,
        .epoch = EPOCH_PLAINTEXT,
        .sequence = hello->record.sequence,
        .length = (uint16_t)len,
    };
    record_header_write(out, &record);
}

static size_t write_alert(const struct hello_fragment *hello, enum rdtls_status status,
                          uint8_t *out)
{
    struct alert alert = {ALERT_FATAL, (uint8_t)status};
    write_record_header(hello, CONTENT_ALERT, ALERT_LEN, out);
    alert_write(out + RECORD_HEADER_LEN, &alert);
    return RECORD_HEADER_LEN + ALERT_LEN;
}

/* [rfc9147#5.2] "DTLS 1.3-compliant implementations MUST NOT use the HelloVerifyRequest to execute
 * a return-routability check." */
static size_t write_retry(const struct hello_fragment *hello,
                          const struct hello_retry_request_content *content, uint8_t *out)
{
    struct writer body = writer_of(out + RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN, RETRY_BODY_MAX);
    hello_retry_request_write(&body, content);
    struct handshake_header header = {
        .type = MESSAGE_SERVER_HELLO,
        .message_seq = hello->header.message_seq,
        .length = (uint32_t)body.len,
        .fragment_length = (uint32_t)body.len,
    };
    write_record_header(hello, CONTENT_HANDSHAKE, HANDSHAKE_HEADER_LEN + body.len, out);
    handshake_header_write(out + RECORD_HEADER_LEN, &header);
    return RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN + body.len;
}

static struct bytes hash_hello(const struct hello_fragment *hello, const struct suite *suite,
                               uint8_t hash[DIGEST_LEN_MAX])
{
    struct transcript transcript = {0};
    transcript_start_13(&transcript, suite->hash);
    transcript_add(&transcript, &hello->header, hello->body);
    return bytes_of(hash, transcript_hash(&transcript, suite->hash, hash));
}

/* What a hello without a cookie is told. */
static size_t answer_first(const struct hello_gate *gate, const struct retry_context *context,
                           const struct hello_fragment *hello, const struct client_hello *parsed,
                           uint8_t *out)
{
    struct choice choice;
    struct bytes share;
    enum rdtls_status status = negotiate_13(&gate->config->policy, parsed, &choice, &share);
    /* Whether a session is resumed is decided behind the cookie; who offers none needs a
     * certificate. */
    if (status == RDTLS_OK && !parsed->offer_13.psk.present)
        status = choose_credential_13(&gate->config->policy, parsed, &choice);
    if (status != RDTLS_OK)
        return write_alert(hello, status, out);
    uint8_t hash[DIGEST_LEN_MAX];
    uint8_t cookie[RETRY_COOKIE_MAX];
    struct retry_cookie remembered = {
        .suite = choice.suite,
        .group = choice.retry_group,
        .hello_hash = hash_hello(hello, choice.suite, hash),
    };
    struct hello_retry_request_content content = {
        .cipher_suite = choice.suite->code_point,
        .group = choice.retry_group,
        .cookie = bytes_of(cookie, retry_cookie_make(context, &remembered, cookie)),
    };
    return write_retry(hello, &content, out);
}

static bool brings_good_cookie(const struct hello_gate *gate, const struct retry_context *context,
                               struct bytes cookie, uint64_t now)
{
    struct retry_context former = *context;
    former.secret = &gate->former;
    return retry_cookie_is_good(context, cookie) ||
           (now < gate->former_until_ns && retry_cookie_is_good(&former, cookie));
}

enum gate_verdict retry_gate_judge(const struct hello_gate *gate, const struct rdtls_path *path,
                                   const struct hello_fragment *hello,
                                   const struct client_hello *parsed, uint64_t now, uint8_t *answer,
                                   size_t *answer_len)
{
    struct retry_context context = {
        .secret = &gate->secret,
        .path = bytes_of(path, sizeof(*path)),
        .client_random = parsed->prefix.random,
        .clock_ns = now + gate->clock_offset_ns,
    };
    bool has_cookie = parsed->offer_13.cookie_present;
    if (has_cookie && brings_good_cookie(gate, &context, parsed->offer_13.cookie, now))
        return rate_limit_admits(gate->proven, path->remote_ip, now) ? GATE_ADMIT : GATE_REFUSE;
    if (answer == NULL || !rate_limit_admits(gate->strangers, path->remote_ip, now))
        return GATE_REFUSE;
    /* [rfc9147#5.1] "If a server receives a ClientHello with an invalid cookie, it MUST terminate
     * the handshake with an "illegal_parameter" alert." */
    *answer_len = has_cookie ? write_alert(hello, RDTLS_ALERT_ILLEGAL_PARAMETER, answer)
                             : answer_first(gate, &context, hello, parsed, answer);
    /* An unproven address gets no more bytes than it sent. */
    return *answer_len <= hello->datagram_len ? GATE_ANSWER : GATE_REFUSE;
}
