#include "onlooker.h"

#include <string.h>

static bool is_known(const struct onlooker *onlooker, const struct known_keys *keys)
{
    for (unsigned i = 0; i < onlooker->count; i++)
        if (onlooker->known[i].epoch == keys->epoch &&
            memcmp(&onlooker->known[i].keys, &keys->keys, sizeof(keys->keys)) == 0)
            return true;
    return false;
}

static void learn(struct onlooker *onlooker, const struct association *association,
                  const struct traffic_keys_13 *keys, uint16_t epoch)
{
    struct known_keys known = {
        .keys = *keys,
        .aead = association_suite(association)->aead,
        .epoch = epoch,
    };
    if (is_known(onlooker, &known))
        return;
    onlooker->known[onlooker->next] = known;
    onlooker->next = (onlooker->next + 1) % ONLOOKER_KEYS_MAX;
    if (onlooker->count < ONLOOKER_KEYS_MAX)
        onlooker->count++;
}

void onlooker_learn(struct onlooker *onlooker, const struct connection *connection,
                    const struct handshake *handshake)
{
    const struct association *association = &connection->association;
    if (!association_is_13(association))
        return;
    if (handshake != NULL && handshake->v13.epoch.keys_ready)
        learn(onlooker, association, &handshake->v13.epoch.write_keys, EPOCH_HANDSHAKE);
    const struct write_epoch *write = &association->write;
    /* A server's before it can read under its own; whoever ends has been left those of epoch 2. */
    bool has_left = connection->state == CONNECTION_CLOSED && write->epoch == EPOCH_HANDSHAKE;
    if (write->epoch >= EPOCH_APPLICATION || has_left)
        learn(onlooker, association, &association->v13.write_keys, write->epoch);
}

static bool open_with(const struct onlooker *onlooker, size_t known, const uint8_t *datagram,
                      const struct seen_record *record, struct sight *sight)
{
    const struct known_keys *keys = &onlooker->known[known];
    struct reader reader =
        reader_of(bytes_of(datagram + record->start, record->end - record->start));
    struct unified_header header;
    if (keys->epoch % UNIFIED_EPOCH_COUNT != record->epoch || reader.left > sizeof(sight->bytes))
        return false;
    memcpy(sight->bytes, reader.at, reader.left);
    if (!unified_header_read(&reader, &header))
        return false;
    struct open_request_13 request = {
        .engines = onlooker->engines,
        .aead = keys->aead,
        .keys = &keys->keys,
        .window = &keys->window,
        .header = &header,
        .record = sight->bytes,
    };
    enum open_verdict verdict = open_record_13(&request, &sight->opened);
    sight->known = known;
    sight->epoch = keys->epoch;
    sight->is_repeated = verdict == OPEN_REPLAYED;
    return verdict == OPENED || verdict == OPEN_REPLAYED;
}

bool onlooker_open(const struct onlooker *onlooker, const uint8_t *datagram,
                   const struct seen_record *record, struct sight *sight)
{
    for (size_t i = 0; i < onlooker->count; i++)
        if (open_with(onlooker, i, datagram, record, sight))
            return true;
    return false;
}

void onlooker_note(struct onlooker *onlooker, const struct sight *sight)
{
    replay_window_mark(&onlooker->known[sight->known].window, sight->opened.sequence);
}
