/* Hazard 13, in DTLS 1.3: what was sent before a KeyUpdate and comes behind it. */
#include "live_13_support.h"

#include "handshake/key_schedule_13.h"
#include "handshake/read_epochs.h"

static const uint8_t word[] = "word";

static size_t seal(struct live *live, uint8_t type, uint64_t ahead, struct bytes content,
                   uint8_t out[DATAGRAM_MAX])
{
    return seal_13_ahead(&live->client, live_at_client(live), type, ahead, content, out);
}

static size_t seal_word(struct live *live, uint64_t ahead, uint8_t out[DATAGRAM_MAX])
{
    return seal(live, CONTENT_APPLICATION_DATA, ahead, bytes_of(word, sizeof(word)), out);
}

static size_t seal_key_update(struct live *live, uint8_t out[DATAGRAM_MAX])
{
    static const uint8_t not_requested[] = {0};
    uint8_t message[DATAGRAM_MAX];
    uint16_t seq = (uint16_t)(live_at_client(live)->association.final_message_seq + 1);
    size_t len = write_message(MESSAGE_KEY_UPDATE, seq, bytes_of(not_requested, 1), message);
    return seal(live, CONTENT_HANDSHAKE, 10, bytes_of(message, len), out);
}

/* The client's side of it: it has been acknowledged. */
static void move_client(struct live *live)
{
    struct association *association = &live_at_client(live)->association;
    const struct suite *suite = association_suite(association);
    traffic_secret_update(association->v13.write_secret, suite->hash);
    traffic_keys_13_of(association->v13.write_secret, suite, &association->v13.write_keys);
    association->write = (struct write_epoch){.epoch = EPOCH_APPLICATION + 1};
}

/* [rfc9147#8] "receivers MUST retain the pre-update keying material until receipt and successful
 * decryption of a message using the new keys.": and for a while behind it, since datagrams overtake
 * each other. */
Test(hazard_13, what_was_sent_before_new_keys_is_read_behind_them)
{
    struct live live;
    uint8_t update[DATAGRAM_MAX];
    uint8_t late[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    live_13_init(&live);
    size_t late_len = seal_word(&live, 20, late);
    size_t update_len = seal_key_update(&live, update);
    host_receive(&live.server, &live.path, update, update_len, 0);
    move_client(&live);
    unsigned before = live.server.records;
    size_t len = seal_word(&live, 0, datagram);
    host_receive(&live.server, &live.path, datagram, len, 0);
    cr_expect_eq(live.server.records, before + 1);
    cr_expect_eq(live_at_server(&live)->association.read.epoch, EPOCH_APPLICATION + 1);
    host_receive(&live.server, &live.path, late, late_len, 0);
    cr_expect_eq(live.server.records, before + 2, "a late one");
    host_receive(&live.server, &live.path, late, late_len, 0);
    cr_expect_eq(live.server.records, before + 2, "but once");
    /* Its acknowledgement was lost. */
    while (host_take(&live.server, datagram) > 0)
        continue;
    update[update_len - 1] ^= 1;
    host_receive(&live.server, &live.path, update, update_len, 0);
    cr_expect_eq(host_take(&live.server, datagram), 0, "forged");
    live_free(&live);
}

Test(hazard_13, old_keys_have_their_time)
{
    struct live live;
    uint8_t update[DATAGRAM_MAX];
    uint8_t late[DATAGRAM_MAX];
    uint8_t datagram[DATAGRAM_MAX];
    live_13_init(&live);
    size_t late_len = seal_word(&live, 20, late);
    host_receive(&live.server, &live.path, update, seal_key_update(&live, update), 0);
    move_client(&live);
    struct association *association = &live_at_server(&live)->association;
    host_receive(&live.server, &live.path, datagram, seal_word(&live, READ_LATE_MAX - 1, datagram),
                 0);
    cr_expect(association->read_lags);
    host_receive(&live.server, &live.path, datagram, seal_word(&live, READ_LATE_MAX, datagram), 0);
    cr_expect_not(association->read_lags);
    cr_expect_arr_eq(association->v13.read_secret,
                     live_at_client(&live)->association.v13.write_secret,
                     digest_len(association_suite(association)->hash), "nothing older is there");
    unsigned before = live.server.records;
    host_receive(&live.server, &live.path, late, late_len, 0);
    cr_expect_eq(live.server.records, before);
    live_free(&live);
}
