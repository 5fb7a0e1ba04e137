/* What the runner's ClientHello says of names. The library answers it, and shows it to nobody. */
#ifndef BOGO_SEEN_HELLO_H
#define BOGO_SEEN_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEEN_NAME_MAX = 255, SEEN_ALPN_MAX = 1023, SEEN_BODY_MAX = 16384 };

/* Zero: none was seen. */
struct seen_hello {
    char server_name[SEEN_NAME_MAX + 1];
    char alpn[SEEN_ALPN_MAX + 1]; /* each name behind its length in a byte */
    uint8_t body[SEEN_BODY_MAX];
    size_t body_len; /* so far */
};

/* Looks whether the datagram begins with a hello, or with what comes next of one. */
void seen_hello_note(struct seen_hello *seen, uint8_t *datagram, size_t len);

/* A HelloRetryRequest goes in the clear, whole, as the first record of its datagram. */
bool seen_hello_retries(const uint8_t *datagram, size_t len);

#endif
