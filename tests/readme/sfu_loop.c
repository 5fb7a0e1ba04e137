/* The loop of README.md: an SFU that tells its peers apart itself, by ICE, and has one socket for
 * STUN, DTLS and SRTP. Compiled with two hosts, see sfu.h. */
#include "sfu.h"

/* README: begin */
/* Once: both versions, SRTP for who offers it, peers held to what their SDP says. */
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
    options.client_certificate_offer = true; /* where we are the client */
    return rdtls_config_new(&options, config);
}

/* After every call that takes the time: what has happened, what is to be sent, when to go on. */
static void settle(struct session *session)
{
    struct rdtls_event event;
    struct rdtls_srtp_keys keys;
    uint8_t out[1200];
    size_t len;
    bool is_over = false;
    while (rdtls_conn_poll(session->conn, &event)) {
        if (event.kind == RDTLS_EVENT_CONNECTED &&
            rdtls_conn_srtp_keys(session->conn, &keys) == RDTLS_OK) {
            start_media(session, &keys);
            explicit_bzero(&keys, sizeof(keys));
        } else if (event.kind == RDTLS_EVENT_DATA) {
            on_data(session, event.data, event.data_len);
        } else if (event.kind == RDTLS_EVENT_CLOSED) {
            is_over = true; /* event.status says why */
        }
    }
    while (rdtls_conn_transmit(session->conn, out, sizeof(out), &len) == RDTLS_OK && len > 0)
        send_datagram(session, out, len);
    session->deadline = rdtls_conn_deadline(session->conn);
    if (is_over)
        end_session(session); /* with rdtls_conn_free */
}

/* An offer with setup:actpass or setup:active, which is answered with setup:passive. Its hello may
 * be here before ICE has nominated anything: it is answered at once. */
enum rdtls_status on_offer(struct session *session, const struct rdtls_config *config,
                           const struct rdtls_fingerprint *fingerprints, size_t count, uint64_t now)
{
    enum rdtls_status status = rdtls_conn_new(config, RDTLS_SERVER, 0, now, &session->conn);
    if (status == RDTLS_OK)
        status = rdtls_conn_set_fingerprints(session->conn, fingerprints, count);
    session->deadline = RDTLS_NEVER;
    return status;
}

/* A datagram from the socket: what it is its first byte tells (RFC 7983), whose it is ICE knows. */
void on_datagram(struct sfu *sfu, const struct rdtls_path *path, uint8_t *datagram, size_t len,
                 uint64_t now)
{
    struct session *session = session_of(sfu, path);
    enum rdtls_protocol protocol = rdtls_classify(datagram, len);
    if (protocol == RDTLS_PROTOCOL_STUN) {
        on_stun(sfu, path, datagram, len);
    } else if (protocol == RDTLS_PROTOCOL_RTP && session != NULL) {
        on_srtp(session, datagram, len);
    } else if (protocol == RDTLS_PROTOCOL_DTLS && session != NULL) {
        rdtls_conn_receive(session->conn, datagram, len, now);
        settle(session);
    }
}

/* At session->deadline. */
void on_timer(struct session *session, uint64_t now)
{
    rdtls_conn_tick(session->conn, now);
    settle(session);
}
/* README: end */
