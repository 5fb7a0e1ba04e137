/* Is a datagram this association's? Where two share a path, its keys tell. */
#include "base/secret.h"
#include "endpoint/incoming.h"
#include "record/protection.h"

bool connection_can_open(const struct connection_environment *environment,
                         const struct connection *connection, struct bytes datagram)
{
    struct reader reader = reader_of(datagram);
    struct record_header header;
    if (association_is_13(&connection->association))
        return connection_can_open_13(environment, connection, datagram);
    if (!connection->association.keys_ready || !record_header_read(&reader, &header) ||
        header.epoch != EPOCH_PROTECTED || header.length > reader.left ||
        header.length > REASSEMBLY_MESSAGE_MAX)
        return false;
    /* Opening writes over what it opens: a copy has to do. */
    uint8_t *copy = environment->handshake.scratch;
    bytes_copy(copy, bytes_of(reader.at, header.length));
    struct open_request request = {
        .engine = environment->handshake.engines.aead,
        .aead = association_suite(&connection->association)->aead,
        .keys = &connection->association.v12.read_keys,
        .window = &connection->association.read.window,
        .header = &header,
        .fragment = copy,
    };
    struct bytes plaintext;
    bool opened = open_record(&request, &plaintext) == OPENED;
    secret_wipe(copy, header.length);
    return opened;
}
