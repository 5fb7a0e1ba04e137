/*
 * A memory BIO that keeps datagrams apart: reads give the one datagram that was lent, writes go to
 * the outbox for the path that was named. One of them serves all SSL objects of a thread, because
 * between two calls into libssl it holds nothing.
 */
#ifndef PEERS_DATAGRAM_BIO_H
#define PEERS_DATAGRAM_BIO_H

#include <openssl/ssl.h>

#include "batch.h"

enum { PATH_MTU = 1200 };

struct datagram_bio {
    BIO_METHOD *method;
    BIO *bio;
    struct outbox *outbox;
    const struct path *path; /* where writes go */
    const uint8_t *datagram; /* NULL: nothing to read */
    size_t datagram_len;
};

/* False when memory is short. The object must stay where it is. */
bool datagram_bio_create(struct datagram_bio *datagram_bio, struct outbox *outbox);
void datagram_bio_free(struct datagram_bio *datagram_bio);

/* Give an SSL object its share of the BIO, and the MTU. */
void datagram_bio_attach(struct datagram_bio *datagram_bio, SSL *ssl);

#endif
