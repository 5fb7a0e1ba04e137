/* Records that came before their keys, or before the end of the handshake: opened as soon as they
 * can be; and data, which may have come before the host's verdict. */
#include "base/secret.h"
#include "endpoint/incoming.h"

/* Data waits for the end of the handshake; everything else is opened as soon as there are keys. */
static bool is_data(struct bytes record)
{
    struct reader reader = reader_of(record);
    struct unified_header header;
    if (!unified_header_begins(record.data[0]))
        return record.data[0] == CONTENT_APPLICATION_DATA;
    return unified_header_read(&reader, &header) &&
           header.epoch_bits == EPOCH_APPLICATION % UNIFIED_EPOCH_COUNT;
}

/* In two goes: what ends the handshake must find the data that waits for that end. [rfc9147#5.8.1]
 * "Implementations MUST either discard or buffer all application data records for epoch 3 and above
 * until they have received the Finished message from the peer." */
void connection_open_early(struct connection_environment *environment,
                           struct connection *connection, uint32_t slot, uint64_t now)
{
    struct incoming in = {environment, connection, slot, now, true};
    struct handshake *handshake = connection_handshake(environment, connection);
    struct block_pool *blocks = &environment->blocks;
    uint8_t copy[EARLY_RECORDS_LEN_MAX];
    if (handshake->early.len == 0)
        return;
    struct reader records = early_records_take(&handshake->early, blocks, copy);
    size_t taken = records.left;
    bool data_waits = connection->state == CONNECTION_HANDSHAKING;
    struct reader data = records;
    while (data_waits && data.left > 0) {
        struct bytes record = early_records_next(&data);
        if (is_data(record) && !early_records_keep(&handshake->early, blocks, record))
            incoming_discard(&in, RDTLS_DISCARD_FUTURE_MESSAGE);
    }
    while (records.left > 0 && connection->state != CONNECTION_CLOSED) {
        struct bytes record = early_records_next(&records);
        if (!data_waits || !is_data(record))
            incoming_record(&in, copy + (record.data - copy), record.len);
    }
    secret_wipe(copy, taken);
}

/* What an unverified peer says is held, as long as there is room. It is opened by then: so only
 * what is authentic takes room, a KeyUpdate between two pieces leaves neither without its keys, and
 * what is no data, acknowledgements and alerts among it, does its work at once. */
static void hold_for_verdict(const struct incoming *in, struct bytes content)
{
    if (in->connection->state != CONNECTION_VERIFYING ||
        connection_hold_data(in->environment, in->connection, content) == NULL)
        incoming_discard(in, RDTLS_DISCARD_UNVERIFIED);
}

void incoming_data(const struct incoming *in, struct bytes content)
{
    if (in->connection->state != CONNECTION_CONNECTED) {
        hold_for_verdict(in, content);
        return;
    }
    uint8_t *data = (uint8_t *)(uintptr_t)content.data;
    if (in->is_copy)
        data = connection_hold_data(in->environment, in->connection, content);
    if (data == NULL && content.len > 0) {
        incoming_discard(in, RDTLS_DISCARD_NO_ROOM);
        return;
    }
    struct data_event event = {
        .data = data,
        .len = (uint32_t)content.len,
        .slot = in->slot,
        .generation = in->connection->generation,
    };
    if (!event_queue_append(&in->environment->data, &event))
        incoming_discard(in, RDTLS_DISCARD_NO_ROOM);
}
