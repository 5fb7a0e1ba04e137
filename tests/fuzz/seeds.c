/*
 * Writes what the fuzzers start from: FOLDER/TARGET/NUMBER. Everything that two of our endpoints
 * say to each other in a few shapes, cut into what each target takes, the captured hellos of other
 * people's clients, and a few programs for the targets whose input is one.
 *
 * usage: fuzz_seeds FOLDER [HEX FILE]...
 */
#include "endpoint_operations.h"
#include "fuzz.h"
#include "handshake/session.h"
#include "pair.h"
#include "seed_files.h"
#include "wire/certificate_messages.h"
#include "wire/handshake_header.h"
#include "wire/hellos.h"
#include "wire/key_exchange_messages.h"
#include "wire/record_header.h"
#include "wire/session_ticket_12.h"
#include "wire/session_ticket_13.h"

enum { LINE_LEN = 16384 };

static void write_message(uint8_t type, struct bytes body)
{
    static const char *const targets[] = {
        [MESSAGE_CLIENT_HELLO] = "client_hello",
        [MESSAGE_SERVER_HELLO] = "server_hello",
        [MESSAGE_HELLO_VERIFY_REQUEST] = "hello_verify_request",
        [MESSAGE_CERTIFICATE] = "certificate",
        [MESSAGE_SERVER_KEY_EXCHANGE] = "server_key_exchange",
        [MESSAGE_CERTIFICATE_REQUEST] = "certificate_request",
        [MESSAGE_CERTIFICATE_VERIFY] = "certificate_verify",
        [MESSAGE_CLIENT_KEY_EXCHANGE] = "client_key_exchange",
    };
    struct certificate_message certificate;
    struct server_key_exchange key_exchange;
    struct certificate_verify verify;
    if (type < sizeof(targets) / sizeof(targets[0]) && targets[type] != NULL)
        seed_files_write(targets[type], body);
    if (type == MESSAGE_CERTIFICATE && certificate_read(body, &certificate) == RDTLS_OK)
        seed_files_write("certificate_walk", certificate.leaf);
    if (type == MESSAGE_SERVER_KEY_EXCHANGE &&
        server_key_exchange_read(body, &key_exchange) == RDTLS_OK)
        seed_files_write("ecdsa_der", key_exchange.signature);
    if (type == MESSAGE_CERTIFICATE_VERIFY && certificate_verify_read(body, &verify) == RDTLS_OK)
        seed_files_write("ecdsa_der", verify.signature);
}

static void write_datagram(struct bytes datagram)
{
    struct reader records = reader_of(datagram);
    struct record_header record;
    seed_files_write("record_header", datagram);
    seed_files_write_behind("hello_gate", bytes_of("\1\0\0", 3), datagram);
    while (record_header_read(&records, &record)) {
        struct bytes content = reader_bytes(&records, record.length);
        if (record.epoch != 0 || record.type != CONTENT_HANDSHAKE)
            continue;
        seed_files_write("handshake_header", content);
        struct reader fragments = reader_of(content);
        struct handshake_header header;
        struct bytes fragment;
        while (handshake_fragment_read(&fragments, &header, &fragment))
            if (fragment.len == header.length)
                write_message(header.type, fragment);
    }
}

static void take_sent(enum side from, struct bytes datagram)
{
    (void)from;
    write_datagram(datagram);
}

static void record_handshake(unsigned shape_index)
{
    static struct pair pair;
    struct shape shape = shape_of(shape_index);
    pair_begin(&pair, &shape);
    pair.sent = take_sent;
    pair_connect(&pair, 0);
    pair_exchange(&pair, PAIR_QUEUE_MAX);
    EXPECT(pair.sides[SIDE_SERVER].connected == 1);
    pair_end(&pair);
}

/* Programs for endpoint.c, behind the two bytes of the shape. */
static const uint8_t in_order[] = {
    DELIVER, DELIVER | AT_CLIENT, DELIVER, DELIVER | AT_CLIENT, DELIVER, EXCHANGE,
};
static const uint8_t busy[] = {
    EXCHANGE,
    SPEAK,
    9,
    SPEAK | AT_CLIENT,
    9,
    EXCHANGE,
    INJECT_SEALED,
    1,
    0,
    0,
    4,
    1,
    2,
    3,
    4,
    ADVANCE,
    99,
    RESTART,
    CONNECT,
    EXCHANGE,
    CLOSE,
    0,
    EXCHANGE,
};
static const uint8_t changing[] = {
    DELIVER,
    SET_CONFIG,
    DELIVER | AT_CLIENT,
    SET_CONFIG | AT_CLIENT,
    DELIVER,
    SET_CONFIG,
    DELIVER | AT_CLIENT,
    DELIVER,
    SET_CONFIG,
    EXCHANGE,
    SPEAK,
    9,
    SET_CONFIG,
    SET_CONFIG | AT_CLIENT,
    SPEAK | AT_CLIENT,
    9,
    EXCHANGE,
    RESTART,
    CONNECT,
    DELIVER,
    SET_CONFIG,
    EXCHANGE,
    CLOSE,
    0,
    EXCHANGE,
};
static const uint8_t lossy[] = {
    DROP,
    ADVANCE,
    40,
    DELIVER,
    SWAP | AT_CLIENT,
    REPEAT | AT_CLIENT,
    DELIVER_DAMAGED | AT_CLIENT,
    1,
    0,
    30,
    1,
    ADVANCE,
    60,
    EXCHANGE,
    DELIVER_CUT,
    0,
    40,
    ADVANCE,
    90,
    EXCHANGE,
};
static const uint8_t forged[] = {
    EXCHANGE,
    INJECT_RECORD,
    2,
    0,
    0,
    9,
    0,
    2,
    1,
    0,
    INJECT_FRAGMENT | AT_CLIENT,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    2,
    1,
    1,
    INJECT_SEALED,
    200,
    0,
    1,
    3,
    0,
    0,
    0,
    0,
    0,
    1,
    7,
    EXCHANGE,
};
static const struct bytes programs[] = {
    {in_order, sizeof(in_order)}, {busy, sizeof(busy)},     {changing, sizeof(changing)},
    {lossy, sizeof(lossy)},       {forged, sizeof(forged)},
};

/* Pieces of three messages, two of them next to each other, one again. */
static const uint8_t fragments[] = {
    2, 0,  0, 3, 2, 4, 0, 4, 0, 100, 0, 0, 0,   50, 2, 4, 0, 0, 100, 0, 50,
    0, 50, 1, 2, 5, 0, 2, 0, 0, 40,  1, 0, 130, 4,  0, 0, 0, 0, 20,  0, 200,
};

/* Records 5, 6, 5 again, and a damaged one. */
static const uint8_t records[] = {
    0, 0, 5, 20, 3, 0, 0, 6, 20, 3, 0, 0, 5, 20, 3, 0, 0, 200, 9, 3, 1, 0, 14, 1,
};

/* A ticket as a client of 1.2 gets it, and the session that it keeps. */
static void write_ticket_12(void)
{
    static struct saved_session saved = {
        .session =
            {
                .version = VERSION_DTLS_1_2,
                .suite = SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256,
                .secret_len = SESSION_SECRET_MAX,
                .extended_master_secret = true,
                .peer_certificate = true,
                .authenticated_ms = 1,
                .issued_ms = 2,
                .lifetime_s = 7200,
            },
        .ticket_len = 6,
        .ticket = "ticket",
    };
    uint8_t out[512];
    struct session_ticket_12 ticket = {7200, bytes_of("ticket", 6)};
    struct writer writer = writer_of(out, sizeof(out));
    session_ticket_12_write(&writer, &ticket);
    seed_files_write("session_ticket_12", bytes_of(out, writer.len));
    writer = writer_of(out, sizeof(out));
    saved_session_encode(&writer, &saved);
    seed_files_write("saved_session", bytes_of(out, writer.len));
    writer = writer_of(out, sizeof(out));
    session_encode(&writer, &saved.session);
    seed_files_write("saved_session", bytes_of(out, writer.len));
}

/* A ticket as a client of 1.3 gets it, and a hello that ends with one. */
static void write_ticket(void)
{
    static const uint8_t random[RANDOM_LEN];
    static const uint8_t binder[BINDER_MIN] = {1};
    static const uint16_t versions[] = {VERSION_DTLS_1_3};
    uint8_t out[512];
    struct session_ticket_13 ticket = {7200, 1, bytes_of("n", 1), bytes_of("ticket", 6)};
    struct writer writer = writer_of(out, sizeof(out));
    session_ticket_13_write(&writer, &ticket);
    seed_files_write("session_ticket_13", bytes_of(out, writer.len));
    struct psk_identity identity = {ticket.ticket, 1000, bytes_of(binder, sizeof(binder))};
    struct client_hello_content hello = {
        .random = random,
        .cipher_suites = versions,
        .cipher_suite_count = 1,
        .groups = versions,
        .group_count = 1,
        .signature_schemes = versions,
        .signature_scheme_count = 1,
        .offer_13 =
            {
                .versions = versions,
                .version_count = 1,
                .shares = {{.key = bytes_of(random, sizeof(random))}},
                .share_count = 1,
                .takes_tickets = true,
                .identity = &identity,
            },
    };
    writer = writer_of(out, sizeof(out));
    client_hello_write(&writer, &hello);
    seed_files_write("client_hello", bytes_of(out, writer.len));
}

static void write_programs(void)
{
    for (unsigned shape = 0; shape < SHAPE_COUNT; shape += 61) {
        const uint8_t head[] = {(uint8_t)(shape >> 8), (uint8_t)shape};
        for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
            seed_files_write_behind("endpoint", bytes_of(head, sizeof(head)), programs[i]);
    }
    seed_files_write("reassembly", bytes_of(fragments, sizeof(fragments)));
    seed_files_write("record_opening", bytes_of(records, sizeof(records)));
    seed_files_write("finished", bytes_of("verify_data!", 12));
    seed_files_write("alert", bytes_of("\2\50", 2));
    seed_files_write("alert", bytes_of("\1\0", 2));
    write_ticket();
    write_ticket_12();
}

static unsigned hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    EXPECT(c >= 'a' && c <= 'f');
    return (unsigned)(c - 'a') + 10;
}

/* A line is a datagram, or a ClientHello's body where the file says so by its name. */
static void write_captured(const char *path)
{
    static char line[LINE_LEN];
    static uint8_t bytes[LINE_LEN / 2];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        size_t len = strcspn(line, "\n") / 2;
        if (line[0] == '#')
            continue;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(hex_value(line[2 * i]) << 4 | hex_value(line[2 * i + 1]));
        if (strstr(path, ".clienthello.") != NULL)
            seed_files_write("client_hello", bytes_of(bytes, len));
        else
            write_datagram(bytes_of(bytes, len));
    }
    (void)fclose(file);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: fuzz_seeds FOLDER [HEX FILE]...\n");
        return 2;
    }
    seed_files_begin(argv[1]);
    for (unsigned shape = 0; shape < SHAPE_COUNT; shape += 37) {
        struct shape described = shape_of(shape);
        if (!shape_is_refused(&described))
            record_handshake(shape);
    }
    write_programs();
    for (int i = 2; i < argc; i++)
        write_captured(argv[i]);
    return 0;
}
