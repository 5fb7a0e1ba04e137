/* The datagrams of real clients' hellos (tests/clients), and the messages in them. */
#ifndef TESTS_CAPTURES_SUPPORT_H
#define TESTS_CAPTURES_SUPPORT_H

#include <stdio.h>
#include <string.h>

#include "wire/handshake_header.h"
#include "wire/record_header.h"
#include "wire_support.h"

enum { CAPTURED_MAX = 8, LINE_MAX_LEN = 8192 };

struct capture {
    struct bytes datagrams[CAPTURED_MAX];
    size_t count;
};

/* The lines of a file of tests/clients: one datagram each, or the one message body. */
static inline struct capture capture_loaded(const char *name, const char *suffix)
{
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/%s%s", TEST_CLIENTS_DIR, name, suffix);
    FILE *file = fopen(path, "r");
    cr_assert_neq(file, NULL, "%s cannot be opened", path);
    struct capture capture = {.count = 0};
    char *line = malloc(LINE_MAX_LEN);
    cr_assert_neq(line, NULL);
    while (fgets(line, LINE_MAX_LEN, file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        cr_assert_lt(capture.count, CAPTURED_MAX);
        capture.datagrams[capture.count++] = exact_from_hex(line);
    }
    free(line);
    (void)fclose(file);
    cr_assert_gt(capture.count, 0, "%s is empty", path);
    return capture;
}

static inline void capture_free(struct capture *capture)
{
    for (size_t i = 0; i < capture->count; i++)
        exact_free(capture->datagrams[i]);
}

/* The next record of a datagram, which must hold one fragment of a ClientHello. false at the end of
 * the datagram. */
static inline bool next_fragment(struct reader *datagram, struct handshake_header *header,
                                 struct bytes *fragment)
{
    if (datagram->left == 0)
        return false;
    struct record_header record;
    cr_assert(record_header_read(datagram, &record));
    cr_expect_eq(record.type, CONTENT_HANDSHAKE);
    cr_expect_eq(record.epoch, 0);
    struct reader content = reader_of(reader_bytes(datagram, record.length));
    cr_assert(handshake_fragment_read(&content, header, fragment));
    cr_expect(reader_is_complete(&content));
    cr_expect_eq(header->type, MESSAGE_CLIENT_HELLO);
    return true;
}

/* message_seq of the hello without a cookie and of the one with it. A capture of the second may
 * begin with the first: the client sent it once more before it saw the HelloVerifyRequest. */
enum { FIRST_HELLO = 0, SECOND_HELLO = 1 };

/* Put the fragments of one message together; those sent twice fall on their own place. Free the
 * data. */
static inline struct bytes client_hello_joined(const struct capture *capture, uint16_t message_seq)
{
    uint8_t *body = NULL;
    size_t len = 0;
    for (size_t i = 0; i < capture->count; i++) {
        struct reader datagram = reader_of(capture->datagrams[i]);
        struct handshake_header header;
        struct bytes fragment;
        while (next_fragment(&datagram, &header, &fragment)) {
            if (header.message_seq != message_seq)
                continue;
            if (body == NULL)
                body = calloc(1, header.length);
            cr_assert_neq(body, NULL);
            cr_assert(len == 0 || len == header.length);
            len = header.length;
            bytes_copy(body + header.fragment_offset, fragment);
        }
    }
    return bytes_of(body, len);
}

#endif
