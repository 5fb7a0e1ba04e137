/* What went wrong once: each test is named after it, and was seen to fail before its mistake was
 * corrected. */
#include "certificate_support.h"
#include "fragment_support.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "wire/record_header.h"

/* Two messages of the window had one place where message_seq wraps. The hello gave its own blocks
 * up for itself, began anew as a shorter message, and a block far behind its end was copied: over
 * the end of scratch. */
Test(regressions, a_hello_that_begins_at_the_last_message_seq_writes_behind_scratch)
{
    enum { LAST_SEQ = UINT16_MAX, BLOCK = REASSEMBLY_BLOCK_DATA, SHORT = 200, RUNS = 8 };
    static const uint8_t bytes[SHORT] = {7};
    struct host server = host_new();
    struct rdtls_path path = path_number(1);
    begin_longest_hello(&server, &path, LAST_SEQ);
    cr_assert_eq(rdtls_endpoint_stats(server.endpoint)->handshakes_started, 1);
    static const uint32_t far[] = {10 * BLOCK, 20 * BLOCK, 32 * BLOCK + 72};
    for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
        send_fragment(&server, &path, 2,
                      (struct fragment){LAST_SEQ, REASSEMBLY_MESSAGE_MAX, far[i], {bytes, 1}});
    for (uint32_t i = 0; i < RUNS; i++)
        send_fragment(&server, &path, 3,
                      (struct fragment){LAST_SEQ, SHORT, 10 + 4 * i, {bytes, 1}});
    send_fragment(&server, &path, 4, (struct fragment){LAST_SEQ, SHORT, 0, {bytes, 1}});
    send_fragment(&server, &path, 5, (struct fragment){LAST_SEQ, SHORT, 0, {bytes, SHORT / 2}});
    send_fragment(&server, &path, 6,
                  (struct fragment){LAST_SEQ, SHORT, SHORT / 2, {bytes, SHORT / 2}});
    cr_assert_eq(discarded(&server, RDTLS_DISCARD_BAD_FRAGMENT), RUNS + 3,
                 "the message is as long as it said first");
    host_free(&server);
}

Test(regressions, two_messages_around_the_last_message_seq_are_taken_for_one)
{
    enum { BLOCKS = 8, NEXT = UINT16_MAX, AHEAD = 4, LEN = 1 };
    static uint8_t memory[BLOCKS * REASSEMBLY_BLOCK_LEN];
    static uint8_t scratch[REASSEMBLY_MESSAGE_MAX];
    struct reassembly reassembly;
    struct block_pool blocks;
    block_pool_init(&blocks, memory, REASSEMBLY_BLOCK_LEN, BLOCKS, 1);
    reassembly_init(&reassembly, NEXT);
    struct handshake_header next = {
        .type = 1, .message_seq = NEXT, .length = LEN, .fragment_length = LEN};
    struct handshake_header later = {
        .type = 2, .message_seq = AHEAD - 1, .length = LEN, .fragment_length = LEN};
    struct bytes body = bytes_of("a", LEN);
    cr_assert_eq(reassembly_keep(&reassembly, &blocks, &later, body, 0), REASSEMBLY_KEPT);
    cr_assert_eq(reassembly_keep(&reassembly, &blocks, &next, body, 0), REASSEMBLY_KEPT);
    struct handshake_header header;
    uint8_t epoch;
    cr_assert(reassembly_next(&reassembly, &blocks, &header, &epoch, scratch));
    cr_assert_eq(header.type, next.type);
    for (int i = 0; i < AHEAD; i++)
        reassembly_advance(&reassembly, &blocks);
    cr_assert(reassembly_next(&reassembly, &blocks, &header, &epoch, scratch));
    cr_assert_eq(header.type, later.type);
    cr_assert_eq(header.message_seq, later.message_seq);
    reassembly_release(&reassembly, &blocks);
    cr_assert_eq(blocks.slots.used, 0);
}

/* Two pieces from a message's middle had taken all the blocks that its bytes so far allowed: its
 * first bytes, small pieces in order, were refused until later ones had filled those blocks. */
Test(regressions, what_came_early_keeps_the_beginning_out)
{
    enum { BLOCKS = 32, LENGTH = 9144, PIECE = 253 };
    static uint8_t memory[BLOCKS * REASSEMBLY_BLOCK_LEN];
    static uint8_t scratch[REASSEMBLY_MESSAGE_MAX];
    static const uint8_t body[LENGTH] = {1, 2, 3};
    static const struct reassembly_run early[] = {{3726, 4674}, {7967, 8728}};
    struct handshake_header header = {.type = MESSAGE_CERTIFICATE, .length = LENGTH};
    struct reassembly reassembly;
    struct block_pool blocks;
    uint8_t epoch;
    block_pool_init(&blocks, memory, REASSEMBLY_BLOCK_LEN, BLOCKS, 1);
    reassembly_init(&reassembly, 0);
    for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++) {
        header.fragment_offset = early[i].start;
        header.fragment_length = (uint32_t)early[i].end - early[i].start;
        struct bytes fragment = bytes_of(body + early[i].start, header.fragment_length);
        cr_assert_eq(reassembly_keep(&reassembly, &blocks, &header, fragment, 0), REASSEMBLY_KEPT);
    }
    for (uint32_t at = 0; at < LENGTH; at += PIECE) {
        header.fragment_offset = at;
        header.fragment_length = LENGTH - at < PIECE ? LENGTH - at : PIECE;
        struct bytes fragment = bytes_of(body + at, header.fragment_length);
        cr_assert_eq(reassembly_keep(&reassembly, &blocks, &header, fragment, 0), REASSEMBLY_KEPT,
                     "the piece at %u", at);
    }
    cr_assert(reassembly_next(&reassembly, &blocks, &header, &epoch, scratch));
    cr_assert_arr_eq(scratch, body, LENGTH);
    reassembly_release(&reassembly, &blocks);
    cr_assert_eq(blocks.slots.used, 0);
}

/* A server answers with the hello's record sequence number, and there may be none behind it. What
 * could not be sealed counted as sent, again and again: garbage without end from one hello. */
Test(regressions, a_hello_at_the_last_record_sequence_is_answered_without_end)
{
    enum { ENOUGH = 16 };
    struct host server = host_new();
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    uint8_t datagram[DATAGRAM_MAX];
    size_t hello_len = take_second_hello(&client, &server, &path, datagram);
    memset(datagram + RECORD_SEQUENCE_AT, 0xff, 6);
    host_receive(&server, &path, datagram, hello_len, 0);
    size_t answers = 0;
    for (size_t len = host_take(&server, datagram); len > 0 && answers < ENOUGH; answers++) {
        cr_assert_eq(len, RECORD_HEADER_LEN + load_u16(datagram + RECORD_LENGTH_AT),
                     "one whole record");
        len = host_take(&server, datagram);
    }
    cr_assert_eq(answers, 1, "the one record that has a number");
    rdtls_endpoint_tick(server.endpoint, 2 * (uint64_t)SECOND);
    cr_assert_eq(host_take(&server, datagram), 0);
    rdtls_endpoint_tick(server.endpoint, 60 * (uint64_t)SECOND);
    host_poll(&server);
    cr_assert_eq(server.last_status, RDTLS_TIMED_OUT);
    host_free(&server);
    host_free(&client);
}

/* The last byte of a hello that was answered asked for the whole flight again, a hundred times a
 * second as long as a handshake may last: twenty times the bytes and more, to whoever the source
 * address names. */
Test(regressions, a_byte_of_the_hello_provokes_flights_without_end)
{
    enum { PROVOCATIONS = 500, MS_BETWEEN = 20, FLIGHTS_AT_MOST = 32 };
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.cookies = RDTLS_COOKIES_NEVER;
    struct host server = host_with(&config, &options);
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    uint8_t datagram[DATAGRAM_MAX];
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    host_receive(&server, &path, datagram, host_take(&client, datagram), 0);
    uint8_t last_byte[BODY_AT + 1] = {22, 0xfe, 0xfd, [RECORD_LENGTH_AT + 1] = 13, [13] = 1};
    last_byte[MESSAGE_AT + 3] = 100;
    last_byte[MESSAGE_SEQ_AT + 4] = 99;
    last_byte[BODY_AT - 1] = 1;
    unsigned datagrams = 0;
    for (uint64_t i = 1; i <= PROVOCATIONS; i++) {
        host_receive(&server, &path, last_byte, sizeof(last_byte), i * MS_BETWEEN * 1000000);
        while (host_take(&server, datagram) > 0)
            datagrams++;
    }
    cr_assert_gt(datagrams, 0, "a client that repeats its hello is answered again");
    cr_assert_leq(datagrams, FLIGHTS_AT_MOST);
    host_free(&server);
    host_free(&client);
}

/* Another client of the path sent half a hello and went silent. */
static void squat(struct host *squatter, struct host *server, const struct rdtls_path *path,
                  enum rdtls_cookies cookies)
{
    enum { CUT = 20 };
    struct rdtls_id id;
    uint8_t hello[DATAGRAM_MAX];
    size_t len;
    if (cookies == RDTLS_COOKIES_ALWAYS) {
        len = take_second_hello(squatter, server, path, hello);
    } else {
        cr_assert_eq(rdtls_endpoint_connect(squatter->endpoint, path, 0, 0, &id), RDTLS_OK);
        len = host_take(squatter, hello);
    }
    store_u16(hello + RECORD_LENGTH_AT, (uint16_t)(len - RECORD_HEADER_LEN - CUT));
    store_u24(hello + BODY_AT - 3, (uint32_t)(len - BODY_AT - CUT));
    host_receive(server, path, hello, len - CUT, 0);
    cr_assert_eq(rdtls_endpoint_stats(server->endpoint)->handshakes_started, 1);
}

static void half_a_hello_and_a_client(enum rdtls_cookies cookies)
{
    struct rdtls_config_options config;
    struct rdtls_endpoint_options options = small_endpoint();
    rdtls_config_options_defaults(&config);
    config.cookies = cookies;
    struct host server = host_with(&config, &options);
    struct host squatter = host_new();
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    squat(&squatter, &server, &path, cookies);
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    hosts_exchange(&client, &server, &path, 0);
    cr_assert_eq(client.connected, 1);
    cr_assert_eq(server.connected, 1);
    cr_assert_eq(server.last_status, RDTLS_REPLACED);
    host_free(&server);
    host_free(&squatter);
    host_free(&client);
}

/* While a hello was not whole, every other hello on its path was taken for it, for the whole time
 * of a handshake: a client that restarted at that moment, and, without cookies, anybody whose
 * address somebody else had used. */
Test(regressions, half_a_hello_keeps_the_next_client_out)
{
    half_a_hello_and_a_client(RDTLS_COOKIES_ALWAYS);
    half_a_hello_and_a_client(RDTLS_COOKIES_NEVER);
}

/* The end that a host asks for before the first hello was forgotten: no CLOSED, and the hello that
 * came later was answered. */
Test(regressions, a_server_that_is_closed_before_its_first_hello_serves_it)
{
    struct rdtls_config_options options;
    struct rdtls_config *config;
    struct rdtls_conn *server;
    struct rdtls_conn *client;
    struct rdtls_event event;
    uint8_t datagram[DATAGRAM_MAX];
    size_t len;
    rdtls_config_options_defaults(&options);
    cr_assert_eq(rdtls_config_new(&options, &config), RDTLS_OK);
    cr_assert_eq(rdtls_conn_new(config, RDTLS_SERVER, 7, 0, &server), RDTLS_OK);
    cr_assert_eq(rdtls_conn_new(config, RDTLS_CLIENT, 0, 0, &client), RDTLS_OK);
    rdtls_conn_close(server);
    cr_assert(rdtls_conn_poll(server, &event));
    cr_assert_eq(event.kind, RDTLS_EVENT_CLOSED);
    cr_assert_eq(event.status, RDTLS_CLOSED);
    cr_assert_eq(event.user_data, 7);
    cr_assert_eq(rdtls_conn_transmit(client, datagram, sizeof(datagram), &len), RDTLS_OK);
    rdtls_conn_receive(server, datagram, len, 0);
    cr_assert_not(rdtls_conn_poll(server, &event));
    cr_assert_eq(rdtls_conn_transmit(server, datagram, sizeof(datagram), &len), RDTLS_OK);
    cr_assert_eq(len, 0);
    cr_assert_eq(rdtls_conn_deadline(server), RDTLS_NEVER);
    rdtls_conn_free(server);
    rdtls_conn_free(client);
    rdtls_config_free(config);
}

/* A certificate with a comment of so many bytes, and its key, as PEM. */
static void make_pem(size_t comment_len, BIO *certificate_pem, BIO *key_pem)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = issue(key, X509_VERSION_3);
    char *comment = calloc(1, comment_len + 1);
    cr_assert_not_null(comment);
    memset(comment, 'a', comment_len);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_netscape_comment, comment);
    cr_assert_not_null(extension);
    cr_assert_eq(X509_add_ext(certificate, extension, -1), 1);
    cr_assert_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    cr_assert_eq(PEM_write_bio_X509(certificate_pem, certificate), 1);
    cr_assert_eq(PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL), 1);
    X509_EXTENSION_free(extension);
    free(comment);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static enum rdtls_status config_with_comment(size_t comment_len)
{
    BIO *certificate_pem = BIO_new(BIO_s_mem());
    BIO *key_pem = BIO_new(BIO_s_mem());
    struct rdtls_config_options options;
    struct rdtls_config *config;
    char *text;
    make_pem(comment_len, certificate_pem, key_pem);
    rdtls_config_options_defaults(&options);
    options.certificate_pem_len = (size_t)BIO_get_mem_data(certificate_pem, &text);
    options.certificate_pem = text;
    options.private_key_pem_len = (size_t)BIO_get_mem_data(key_pem, &text);
    options.private_key_pem = text;
    enum rdtls_status status = rdtls_config_new(&options, &config);
    if (status == RDTLS_OK)
        rdtls_config_free(config);
    BIO_free(certificate_pem);
    BIO_free(key_pem);
    return status;
}

/* The configuration was taken, and every handshake under it ended with internal_error. */
Test(regressions, a_chain_that_no_message_holds_is_served)
{
    cr_assert_eq(config_with_comment(REASSEMBLY_MESSAGE_MAX - 1000), RDTLS_OK);
    cr_assert_eq(config_with_comment(REASSEMBLY_MESSAGE_MAX), RDTLS_BAD_CERTIFICATE_PEM);
}
