#include "wire.h"

#include <string.h>

void wire_lend(struct wire *wire, const struct path *path, const uint8_t *datagram, size_t len)
{
    wire->path = path;
    wire->datagram = datagram;
    wire->datagram_len = len;
    wire->appendable = false;
}

bool wire_read(struct wire *wire, void *out, size_t capacity, size_t *len)
{
    if (wire->datagram == NULL)
        return false;
    *len = wire->datagram_len < capacity ? wire->datagram_len : capacity;
    memcpy(out, wire->datagram, *len);
    wire->datagram = NULL;
    return true;
}

void wire_write(struct wire *wire, const void *bytes, size_t len)
{
    outbox_put(&wire->outbox, wire->path, bytes, len);
    wire->writes++;
}

void wire_append(struct wire *wire, const void *bytes, size_t len)
{
    if (!wire->appendable || !outbox_extend(&wire->outbox, bytes, len, PATH_MTU))
        outbox_put(&wire->outbox, wire->path, bytes, len);
    wire->appendable = true;
    wire->writes++;
}
