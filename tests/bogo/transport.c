#include "transport.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static bool connect_to(const struct settings *settings, int fd)
{
    uint16_t port = htons((uint16_t)settings->port);
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_port = port, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct sockaddr *address =
        settings->ipv6 ? (const struct sockaddr *)&v6 : (const struct sockaddr *)&v4;
    return connect(fd, address, settings->ipv6 ? sizeof(v6) : sizeof(v4)) == 0;
}

static bool send_all(const struct transport *transport, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(transport->fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool receive_all(const struct transport *transport, uint8_t *bytes, size_t len)
{
    return len == 0 || recv(transport->fd, bytes, len, MSG_WAITALL) == (ssize_t)len;
}

bool transport_open(const struct settings *settings, struct transport *transport)
{
    const int on = 1;
    uint8_t id[8];
    transport->fd = socket(settings->ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    if (transport->fd < 0)
        return false;
    /* The one number of the protocol that is little-endian. */
    for (size_t i = 0; i < sizeof(id); i++)
        id[i] = (uint8_t)(settings->id >> 8 * i);
    if (connect_to(settings, transport->fd) &&
        setsockopt(transport->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
        send_all(transport, id, sizeof(id)))
        return true;
    close(transport->fd);
    return false;
}

static bool receive_number(const struct transport *transport, size_t len, uint64_t *value)
{
    uint8_t bytes[8];
    if (!receive_all(transport, bytes, len))
        return false;
    *value = 0;
    for (size_t i = 0; i < len; i++)
        *value = *value << 8 | bytes[i];
    return true;
}

bool transport_receive(struct transport *transport, struct frame *frame)
{
    uint8_t opcode;
    if (!receive_all(transport, &opcode, 1))
        return false;
    frame->opcode = (enum opcode)opcode;
    switch (opcode) {
    case OPCODE_DATAGRAM:
        if (!receive_number(transport, 4, &frame->value) || frame->value > TRANSPORT_DATAGRAM_MAX)
            return false;
        frame->len = (size_t)frame->value;
        return receive_all(transport, frame->datagram, frame->len);
    case OPCODE_ADVANCE:
    case OPCODE_EXPECT_TIMEOUT:
        return receive_number(transport, 8, &frame->value);
    case OPCODE_MTU:
    case OPCODE_INITIAL_TIMEOUT:
        return receive_number(transport, 4, &frame->value);
    default:
        return false;
    }
}

/* That the runner has gone is noticed when its next frame is read. */
void transport_send_datagram(struct transport *transport, const uint8_t *datagram, size_t len)
{
    uint8_t head[5] = {OPCODE_DATAGRAM};
    for (size_t i = 0; i < 4; i++)
        head[1 + i] = (uint8_t)(len >> (24 - 8 * i));
    if (send_all(transport, head, sizeof(head)))
        (void)send_all(transport, datagram, len);
}

void transport_send_advanced(struct transport *transport)
{
    const uint8_t opcode = OPCODE_ADVANCED;
    (void)send_all(transport, &opcode, 1);
}

void transport_close(struct transport *transport)
{
    uint8_t rest[4096];
    shutdown(transport->fd, SHUT_WR);
    while (recv(transport->fd, rest, sizeof(rest), 0) > 0)
        continue;
    close(transport->fd);
}
