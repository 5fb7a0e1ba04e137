/*
 * A memory BIO that keeps datagrams apart: reads give the one datagram that lies on the wire,
 * writes go to it. One of them serves all SSL objects of a thread, because between two calls into
 * libssl it holds nothing.
 */
#ifndef PEERS_DATAGRAM_BIO_H
#define PEERS_DATAGRAM_BIO_H

#include <openssl/ssl.h>

#include "wire.h"

struct datagram_bio {
    BIO_METHOD *method;
    BIO *bio;
};

/* False when memory is short. The wire must stay where it is. */
bool datagram_bio_create(struct datagram_bio *datagram_bio, struct wire *wire);
void datagram_bio_free(struct datagram_bio *datagram_bio);

/* Give an SSL object its share of the BIO, and the MTU. */
void datagram_bio_attach(struct datagram_bio *datagram_bio, SSL *ssl);

#endif
