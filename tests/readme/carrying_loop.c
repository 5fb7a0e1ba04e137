/* The loop of sfu_loop.c for a host whose STUN carries the handshake, as draft-hancke-webrtc-sped
 * and browsers' field trial WebRTC-IceHandshakeDtls have it: each check, and each answer, has one
 * datagram of the flight and the CRC-32 of those that have come. Our answer to the hello goes that
 * way alone, so that the client sees how that is; a real host sends it beside STUN as well once ICE
 * has a path, as it is done here with the last word, since by then checks are rare. With a client
 * that knows nothing of this it is the loop of before. */
#include "carrying.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    CARRIED_DATAGRAM = 0xC070,
    CARRIED_ACKNOWLEDGED = 0xC071,
    MTU = 900,
    COPIES_MAX = 16,
    HEARD_MAX = 4, /* what an answer has room for */
    CRC_LEN = 4,
};

struct copy {
    size_t len;
    uint32_t crc;
    bool arrived;
    uint8_t bytes[MTU];
};

/* Of a session. */
struct carrier {
    bool peer_carries; /* as its first check has told */
    bool has_checked;
    struct copy copies[COPIES_MAX]; /* of the last flight */
    size_t count;
    size_t next;
    uint32_t heard[HEARD_MAX]; /* oldest first */
    size_t heard_count;
    size_t made;    /* datagrams in all flights */
    size_t carried; /* and how often one was sent */
};

enum rdtls_status configure(struct rdtls_config **config)
{
    static const uint16_t versions[] = {0xfefc, 0xfefd};
    static const uint16_t profiles[] = {RDTLS_SRTP_AEAD_AES_128_GCM, RDTLS_SRTP_AES128_CM_SHA1_80};
    struct rdtls_config_options options;
    rdtls_config_options_defaults(&options);
    options.versions = versions;
    options.version_count = 2;
    options.srtp_profiles = profiles;
    options.srtp_profile_count = 2;
    options.verify = RDTLS_VERIFY_SIGNALLED;
    options.mtu = MTU; /* with what STUN needs around it */
    return rdtls_config_new(&options, config);
}

static uint32_t crc_32(const uint8_t *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (UINT32_C(0xEDB88320) & (0 - (crc & 1)));
    }
    return ~crc;
}

/* A flight takes the place of the one before. */
static void keep(struct carrier *carrier, const uint8_t *datagram,
                 const struct rdtls_flight_datagram *sent)
{
    if (sent->first)
        carrier->count = carrier->next = 0;
    if (carrier->count == COPIES_MAX)
        return;
    struct copy *copy = &carrier->copies[carrier->count++];
    copy->len = sent->len;
    copy->crc = crc_32(datagram, sent->len);
    copy->arrived = false;
    memcpy(copy->bytes, datagram, sent->len);
    carrier->made++;
}

static void settle(struct session *session)
{
    struct carrier *carrier = session->carrier;
    struct rdtls_event event;
    struct rdtls_srtp_keys keys;
    struct rdtls_flight_datagram sent;
    struct rdtls_info info;
    uint8_t out[MTU];
    bool is_over = false;
    while (rdtls_conn_poll(session->conn, &event)) {
        if (event.kind == RDTLS_EVENT_CONNECTED &&
            rdtls_conn_srtp_keys(session->conn, &keys) == RDTLS_OK) {
            start_media(session, &keys);
            explicit_bzero(&keys, sizeof(keys));
        } else if (event.kind == RDTLS_EVENT_DATA) {
            on_data(session, event.data, event.data_len);
        } else if (event.kind == RDTLS_EVENT_CLOSED) {
            is_over = true;
        }
    }
    rdtls_conn_info(session->conn, &info);
    while (rdtls_conn_transmit_flight(session->conn, out, sizeof(out), &sent) == RDTLS_OK &&
           sent.len > 0) {
        bool is_kept = carrier->peer_carries && sent.repeat;
        if (is_kept)
            keep(carrier, out, &sent);
        if (!is_kept || info.connected)
            send_datagram(session, out, sent.len);
    }
    session->deadline = rdtls_conn_deadline(session->conn);
    if (!is_over)
        return;
    on_carried(session, carrier->made, carrier->carried);
    free(carrier);
    end_session(session);
}

enum rdtls_status on_offer(struct session *session, const struct rdtls_config *config,
                           const struct rdtls_fingerprint *fingerprints, size_t count, uint64_t now)
{
    session->carrier = calloc(1, sizeof(*session->carrier));
    if (session->carrier == NULL)
        return RDTLS_NO_MEMORY;
    enum rdtls_status status = rdtls_conn_new(config, RDTLS_SERVER, 0, now, &session->conn);
    if (status == RDTLS_OK)
        status = rdtls_conn_set_external_retransmission(session->conn, true);
    if (status == RDTLS_OK)
        status = rdtls_conn_set_fingerprints(session->conn, fingerprints, count);
    session->deadline = RDTLS_NEVER;
    return status;
}

/* The newest are told; one that found no room has to come again. */
static void note_heard(struct carrier *carrier, uint32_t crc)
{
    for (size_t i = 0; i < carrier->heard_count; i++)
        if (carrier->heard[i] == crc)
            return;
    if (carrier->heard_count == HEARD_MAX)
        memmove(carrier->heard, carrier->heard + 1, --carrier->heard_count * sizeof(uint32_t));
    carrier->heard[carrier->heard_count++] = crc;
}

/* However it came. */
static void receive(struct session *session, uint8_t *datagram, size_t len, uint64_t now)
{
    uint32_t crc = crc_32(datagram, len);
    rdtls_conn_receive(session->conn, datagram, len, now);
    if (rdtls_conn_has_taken(session->conn))
        note_heard(session->carrier, crc);
    settle(session);
}

void on_datagram(struct sfu *sfu, const struct rdtls_path *path, uint8_t *datagram, size_t len,
                 uint64_t now)
{
    struct session *session = session_of(sfu, path);
    enum rdtls_protocol protocol = rdtls_classify(datagram, len);
    if (protocol == RDTLS_PROTOCOL_STUN)
        on_stun(sfu, path, datagram, len);
    else if (protocol == RDTLS_PROTOCOL_RTP && session != NULL)
        on_srtp(session, datagram, len);
    else if (protocol == RDTLS_PROTOCOL_DTLS && session != NULL)
        receive(session, datagram, len, now);
}

void on_timer(struct session *session, uint64_t now)
{
    rdtls_conn_tick(session->conn, now);
    settle(session);
}

static void note_arrived(struct carrier *carrier, struct stun_bytes list)
{
    for (size_t at = 0; at + CRC_LEN <= list.len; at += CRC_LEN) {
        const uint8_t *crc = list.at + at;
        uint32_t number = (uint32_t)crc[0] << 24 | (uint32_t)crc[1] << 16 | (uint32_t)crc[2] << 8 |
                          (uint32_t)crc[3];
        for (size_t i = 0; i < carrier->count; i++)
            if (carrier->copies[i].crc == number)
                carrier->copies[i].arrived = true;
    }
}

void take_carried(struct session *session, const uint8_t *message, size_t len, uint64_t now)
{
    struct carrier *carrier = session->carrier;
    struct stun_bytes datagram = stun_find(message, len, (enum stun_attribute)CARRIED_DATAGRAM);
    struct stun_bytes acknowledged =
        stun_find(message, len, (enum stun_attribute)CARRIED_ACKNOWLEDGED);
    uint8_t copy[STUN_MESSAGE_MAX];
    if (!carrier->has_checked) {
        carrier->has_checked = true;
        carrier->peer_carries = datagram.at != NULL || acknowledged.at != NULL;
        if (!carrier->peer_carries &&
            rdtls_conn_set_external_retransmission(session->conn, false) != RDTLS_OK)
            abort();
    }
    if (!carrier->peer_carries)
        return;
    note_arrived(carrier, acknowledged);
    if (datagram.len == 0 || rdtls_classify(datagram.at, datagram.len) != RDTLS_PROTOCOL_DTLS)
        return;
    memcpy(copy, datagram.at, datagram.len);
    receive(session, copy, datagram.len, now);
}

/* The next one in turn that is not acknowledged; NULL: none. */
static const struct copy *next_copy(struct carrier *carrier)
{
    for (size_t i = 0; i < carrier->count; i++) {
        const struct copy *copy = &carrier->copies[carrier->next++ % carrier->count];
        if (!copy->arrived)
            return copy;
    }
    return NULL;
}

void carry(struct session *session, struct stun_writer *answer)
{
    struct carrier *carrier = session->carrier;
    uint8_t list[HEARD_MAX * CRC_LEN];
    if (session->conn == NULL || !carrier->peer_carries)
        return;
    const struct copy *copy = next_copy(carrier);
    if (copy != NULL) {
        stun_add(answer, (enum stun_attribute)CARRIED_DATAGRAM,
                 (struct stun_bytes){copy->bytes, copy->len});
        carrier->carried++;
    }
    for (size_t i = 0; i < carrier->heard_count; i++)
        for (size_t j = 0; j < CRC_LEN; j++)
            list[i * CRC_LEN + j] = (uint8_t)(carrier->heard[i] >> (24 - 8 * j));
    stun_add(answer, (enum stun_attribute)CARRIED_ACKNOWLEDGED,
             (struct stun_bytes){list, carrier->heard_count * CRC_LEN});
}
