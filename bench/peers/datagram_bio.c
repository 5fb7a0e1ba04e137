#include "datagram_bio.h"

#include <string.h>

enum { IPV6_AND_UDP_HEADERS_LEN = 48 };

static int datagram_read(BIO *bio, char *out, int capacity)
{
    size_t len;

    BIO_clear_retry_flags(bio);
    if (capacity < 0 || !wire_read(BIO_get_data(bio), out, (size_t)capacity, &len)) {
        BIO_set_retry_read(bio);
        return -1;
    }
    return (int)len;
}

static int datagram_write(BIO *bio, const char *bytes, int len)
{
    wire_write(BIO_get_data(bio), bytes, (size_t)len);
    return len;
}

static long datagram_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
        return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
        return PATH_MTU;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return IPV6_AND_UDP_HEADERS_LEN;
    default:
        return 0;
    }
}

static int datagram_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

bool datagram_bio_create(struct datagram_bio *self, struct wire *wire)
{
    memset(self, 0, sizeof(*self));
    self->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagram in memory");
    if (self->method == NULL)
        return false;
    BIO_meth_set_read(self->method, datagram_read);
    BIO_meth_set_write(self->method, datagram_write);
    BIO_meth_set_ctrl(self->method, datagram_control);
    BIO_meth_set_create(self->method, datagram_create);
    self->bio = BIO_new(self->method);
    if (self->bio == NULL)
        return false;
    BIO_set_data(self->bio, wire);
    return true;
}

void datagram_bio_free(struct datagram_bio *self)
{
    BIO_free(self->bio);
    BIO_meth_free(self->method);
    memset(self, 0, sizeof(*self));
}

void datagram_bio_attach(struct datagram_bio *self, SSL *ssl)
{
    BIO_up_ref(self->bio);
    SSL_set_bio(ssl, self->bio, self->bio);
    SSL_set_mtu(ssl, PATH_MTU);
}
