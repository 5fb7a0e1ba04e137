/* Hazard 10, in DTLS 1.3: what a client makes of a server that answers its offer to resume
 * otherwise than it may. */
#include "tickets_13_support.h"

/* A client's view: the first message of the server's, changed on its way. */
static enum rdtls_status client_verdict(struct resuming *both, bool offers,
                                        void (*change)(struct writer *body,
                                                       const struct server_hello *hello))
{
    uint8_t datagram[HELLO_MAX];
    uint8_t out[HELLO_MAX];
    struct rdtls_session session = {both->kept.bytes, offers ? both->kept.len : 0};
    struct rdtls_event event;
    struct server_hello hello;
    size_t len;
    enum rdtls_status status = RDTLS_OK;
    cr_assert_eq(rdtls_conn_resume(both->client, &session, 0, both->now_ns, &both->ends[0]),
                 RDTLS_OK);
    cr_assert_eq(rdtls_conn_new(both->server, RDTLS_SERVER, 0, both->now_ns, &both->ends[1]),
                 RDTLS_OK);
    cr_assert_eq(rdtls_conn_transmit(both->ends[0], datagram, sizeof(datagram), &len), RDTLS_OK);
    rdtls_conn_receive(both->ends[1], datagram, len, both->now_ns);
    cr_assert_eq(rdtls_conn_transmit(both->ends[1], datagram, sizeof(datagram), &len), RDTLS_OK);
    struct reader reader = reader_of(bytes_of(datagram, len));
    struct record_header record;
    cr_assert(record_header_read(&reader, &record));
    struct bytes body = {datagram + RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN,
                         (size_t)record.length - HANDSHAKE_HEADER_LEN};
    cr_assert_eq(server_hello_read(body, &hello), RDTLS_OK);
    struct writer changed = writer_of(out, sizeof(out));
    change(&changed, &hello);
    uint8_t sent[HELLO_MAX];
    len = plain_message(MESSAGE_SERVER_HELLO, 0, bytes_of(out, changed.len), sent);
    rdtls_conn_receive(both->ends[0], sent, len, both->now_ns);
    while (rdtls_conn_poll(both->ends[0], &event))
        if (event.kind == RDTLS_EVENT_CLOSED)
            status = event.status;
    resuming_hang_up(both);
    return status;
}

static struct server_hello_13_content content_of(const struct server_hello *hello)
{
    return (struct server_hello_13_content){
        .random = hello->random.data,
        .cipher_suite = hello->cipher_suite,
        .share = {.group = hello->answer_13.group, .key = hello->answer_13.key},
        .has_psk = hello->answer_13.psk_present,
        .psk_selected = hello->answer_13.psk_selected,
    };
}

static void select_another(struct writer *body, const struct server_hello *hello)
{
    struct server_hello_13_content content = content_of(hello);
    content.has_psk = true;
    content.psk_selected = 1;
    server_hello_13_write(body, &content);
}

static void select_ours(struct writer *body, const struct server_hello *hello)
{
    struct server_hello_13_content content = content_of(hello);
    content.has_psk = true;
    content.psk_selected = 0;
    server_hello_13_write(body, &content);
}

static void change_hash(struct writer *body, const struct server_hello *hello)
{
    struct server_hello_13_content content = content_of(hello);
    content.cipher_suite = hello->cipher_suite == SUITE_AES_256_GCM_SHA384
                               ? SUITE_AES_128_GCM_SHA256
                               : SUITE_AES_256_GCM_SHA384;
    server_hello_13_write(body, &content);
}

/* [rfc8446#4.2.11] "Clients MUST verify that the server's selected_identity is within the range
 * supplied by the client, that the server selected a cipher suite indicating a Hash associated with
 * the PSK" "If these values are not consistent, the client MUST abort the handshake with an
 * "illegal_parameter" alert." */
Test(hazard_10, a_server_takes_what_was_offered_or_nothing)
{
    static struct resuming both;
    tickets_13_begin(&both);
    cr_expect_eq(client_verdict(&both, true, select_ours), RDTLS_OK);
    cr_expect_eq(client_verdict(&both, true, select_another), RDTLS_ALERT_ILLEGAL_PARAMETER);
    cr_expect_eq(client_verdict(&both, true, change_hash), RDTLS_ALERT_ILLEGAL_PARAMETER);
    cr_expect_eq(client_verdict(&both, false, select_ours), RDTLS_ALERT_UNSUPPORTED_EXTENSION);
    resuming_free(&both);
}
