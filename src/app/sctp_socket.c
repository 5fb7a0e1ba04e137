#include "app/sctp_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <usrsctp.h>

#include "app/sctp_limits.h"

enum {
    CHUNKS_MAX = 10240, /* that wait to be sent: many small messages */
    STOP_TRIES = 100,
    STOP_STEP_MS = 200,
};

/* usrsctp is one in a process, and gives no context. */
static struct sctp_library_calls library_calls;

static int on_packet(void *address, void *packet, size_t len, uint8_t tos, uint8_t set_df)
{
    (void)tos;
    (void)set_df;
    library_calls.packet((uintptr_t)address, packet, len);
    return 0; /* on its way, or lost */
}

static void on_upcall(struct socket *socket, void *address, int flags)
{
    (void)socket;
    (void)flags;
    library_calls.upcall((uintptr_t)address);
}

static void set_defaults(void)
{
    /* What no browser needs is not offered: each is code that a peer could reach. */
    usrsctp_sysctl_set_sctp_ecn_enable(0);
    usrsctp_sysctl_set_sctp_asconf_enable(0);
    usrsctp_sysctl_set_sctp_auto_asconf(0);
    usrsctp_sysctl_set_sctp_auth_enable(0);
    usrsctp_sysctl_set_sctp_nrsack_enable(0);
    usrsctp_sysctl_set_sctp_pktdrop_enable(0);
    usrsctp_sysctl_set_sctp_pr_enable(1);
    usrsctp_sysctl_set_sctp_reconfig_enable(1);
    /* Packets for whom there is no association are dropped without a word: there is one for each
     * DTLS connection, or none any more. */
    usrsctp_sysctl_set_sctp_blackhole(2);

    usrsctp_sysctl_set_sctp_max_chunks_on_queue(CHUNKS_MAX);
    usrsctp_sysctl_set_sctp_initial_cwnd(SCTP_WINDOW_INITIAL);
    usrsctp_sysctl_set_sctp_max_burst_default(SCTP_WINDOW_INITIAL);
    usrsctp_sysctl_set_sctp_delayed_sack_time_default(SCTP_SACK_DELAY_MS);
    usrsctp_sysctl_set_sctp_heartbeat_interval_default(SCTP_HEARTBEAT_MS);
    usrsctp_sysctl_set_sctp_rto_max_default(SCTP_RTO_MAX_OPENING_MS);
    usrsctp_sysctl_set_sctp_rto_min_default(SCTP_RTO_MIN_OPENING_MS);
    usrsctp_sysctl_set_sctp_rto_initial_default(SCTP_RTO_INITIAL_MS);
    usrsctp_sysctl_set_sctp_init_rto_max_default(SCTP_INIT_RTO_MAX_MS);
    usrsctp_sysctl_set_sctp_init_rtx_max_default(SCTP_INIT_TRIES);
    usrsctp_sysctl_set_sctp_assoc_rtx_max_default(SCTP_SEND_TRIES);
    usrsctp_sysctl_set_sctp_path_rtx_max_default(SCTP_SEND_TRIES);
    usrsctp_sysctl_set_sctp_nr_incoming_streams_default(SCTP_STREAMS);
    usrsctp_sysctl_set_sctp_nr_outgoing_streams_default(SCTP_STREAMS);
}

void sctp_library_start(const struct sctp_library_calls *calls)
{
    library_calls = *calls;
    usrsctp_init_nothreads(0, on_packet, NULL);
    set_defaults();
}

/* usrsctp takes a while to forget what was closed. */
void sctp_library_stop(void)
{
    for (int i = 0; i < STOP_TRIES && usrsctp_finish() != 0; i++) {
        usrsctp_handle_timers(STOP_STEP_MS);
    }
}

void sctp_library_pass_time(uint32_t elapsed_ms)
{
    usrsctp_handle_timers(elapsed_ms);
}

void sctp_library_add_address(uintptr_t address)
{
    usrsctp_register_address((void *)address);
}

void sctp_library_receive(uintptr_t address, const uint8_t *packet, size_t len)
{
    usrsctp_conninput((void *)address, packet, len, 0);
}

static bool set(struct socket *socket, int level, int option, const void *value, size_t size)
{
    return usrsctp_setsockopt(socket, level, option, value, (socklen_t)size) == 0;
}

static bool set_number(struct socket *socket, int level, int option, int number)
{
    return set(socket, level, option, &number, sizeof(number));
}

static bool subscribe(struct socket *socket)
{
    static const uint16_t events[] = {SCTP_ASSOC_CHANGE, SCTP_PARTIAL_DELIVERY_EVENT,
                                      SCTP_STREAM_RESET_EVENT};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        const struct sctp_event event = {
            .se_assoc_id = SCTP_FUTURE_ASSOC, .se_type = events[i], .se_on = 1};
        if (!set(socket, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof(event))) {
            return false;
        }
    }
    return true;
}

/* RFC 8261 section 5: the DTLS connection knows the path, SCTP need not look for its limits. */
static bool set_packet_max(struct socket *socket, size_t packet_max)
{
    const struct sctp_paddrparams path = {
        .spp_assoc_id = SCTP_FUTURE_ASSOC,
        .spp_hbinterval = SCTP_HEARTBEAT_MS,
        .spp_pathmtu = (uint32_t)(packet_max - sizeof(struct sctp_common_header)),
        .spp_flags = SPP_PMTUD_DISABLE | SPP_HB_ENABLE,
        .spp_pathmaxrxt = SCTP_SEND_TRIES,
    };
    return set(socket, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof(path));
}

static bool set_up(struct socket *socket, size_t packet_max)
{
    const struct linger abort_at_close = {.l_onoff = 1, .l_linger = 0};
    const struct sctp_assoc_value resets = {
        .assoc_id = SCTP_FUTURE_ASSOC,
        .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ | SCTP_ENABLE_CHANGE_ASSOC_REQ,
    };
    return usrsctp_set_non_blocking(socket, 1) == 0 &&
           set(socket, SOL_SOCKET, SO_LINGER, &abort_at_close, sizeof(abort_at_close)) &&
           set_number(socket, SOL_SOCKET, SO_RCVBUF, SCTP_RECEIVE_SPACE) &&
           set_number(socket, SOL_SOCKET, SO_SNDBUF, SCTP_SEND_SPACE) &&
           set_number(socket, IPPROTO_SCTP, SCTP_PARTIAL_DELIVERY_POINT, SCTP_DELIVERY_POINT) &&
           set_number(socket, IPPROTO_SCTP, SCTP_NODELAY, 1) &&
           set_number(socket, IPPROTO_SCTP, SCTP_RECVRCVINFO, 1) &&
           set(socket, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, &resets, sizeof(resets)) &&
           set_packet_max(socket, packet_max) && subscribe(socket);
}

static bool connect_to(struct socket *socket, const struct sctp_socket_setup *setup)
{
    struct sockaddr_conn local = {.sconn_family = AF_CONN,
                                  .sconn_port = htons(setup->local_port),
                                  .sconn_addr = (void *)setup->address};
    struct sockaddr_conn remote = local;
    remote.sconn_port = htons(setup->remote_port);
    return usrsctp_bind(socket, (struct sockaddr *)&local, sizeof(local)) == 0 &&
           (usrsctp_connect(socket, (struct sockaddr *)&remote, sizeof(remote)) == 0 ||
            errno == EINPROGRESS);
}

struct socket *sctp_socket_open(const struct sctp_socket_setup *setup)
{
    struct socket *socket = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
    if (socket == NULL) {
        return NULL;
    }
    if (!set_up(socket, setup->packet_max) ||
        usrsctp_set_upcall(socket, on_upcall, (void *)setup->address) != 0 ||
        !connect_to(socket, setup)) {
        usrsctp_close(socket);
        return NULL;
    }
    return socket;
}

void sctp_socket_close(struct socket *socket)
{
    usrsctp_close(socket);
}

void sctp_socket_established(struct socket *socket)
{
    const struct sctp_rtoinfo later = {
        .srto_initial = SCTP_RTO_MIN_MS, .srto_max = SCTP_RTO_MAX_MS, .srto_min = SCTP_RTO_MIN_MS};
    (void)set(socket, IPPROTO_SCTP, SCTP_RTOINFO, &later, sizeof(later));
}

static struct sctp_prinfo prinfo(const struct sctp_reliability *reliability)
{
    switch (reliability->limit) {
    case SCTP_LIMIT_RETRANSMITS:
        return (struct sctp_prinfo){SCTP_PR_SCTP_RTX, reliability->limit_value};
    case SCTP_LIMIT_LIFETIME_MS:
        return (struct sctp_prinfo){SCTP_PR_SCTP_TTL, reliability->limit_value};
    case SCTP_LIMIT_NONE:
    default:
        return (struct sctp_prinfo){SCTP_PR_SCTP_NONE, 0};
    }
}

enum sctp_sent sctp_socket_send(struct socket *socket, const struct sctp_message *message)
{
    struct sctp_sendv_spa how = {
        .sendv_flags = SCTP_SEND_SNDINFO_VALID | SCTP_SEND_PRINFO_VALID,
        .sendv_sndinfo = {.snd_sid = message->stream,
                          .snd_flags = SCTP_EOR,
                          .snd_ppid = htonl(message->ppid)},
        .sendv_prinfo = prinfo(&message->reliability),
    };
    if (message->reliability.unordered) {
        how.sendv_sndinfo.snd_flags |= SCTP_UNORDERED;
    }
    const ssize_t sent = usrsctp_sendv(socket, message->bytes, message->len, NULL, 0, &how,
                                       sizeof(how), SCTP_SENDV_SPA, 0);
    if (sent >= 0) {
        return SCTP_SENT;
    }
    return errno == EWOULDBLOCK || errno == EAGAIN || errno == ENOBUFS ? SCTP_SENT_LATER
                                                                       : SCTP_SENT_NEVER;
}

bool sctp_socket_reset_stream(struct socket *socket, uint16_t stream)
{
    uint8_t bytes[sizeof(struct sctp_reset_streams) + sizeof(stream)];
    const struct sctp_reset_streams request = {.srs_flags = SCTP_STREAM_RESET_OUTGOING,
                                               .srs_number_streams = 1};
    memcpy(bytes, &request, sizeof(request));
    memcpy(bytes + offsetof(struct sctp_reset_streams, srs_stream_list), &stream, sizeof(stream));
    return set(socket, IPPROTO_SCTP, SCTP_RESET_STREAMS, bytes, sizeof(bytes));
}

struct sctp_read sctp_socket_read(struct socket *socket, uint8_t *buffer, size_t capacity)
{
    struct sctp_rcvinfo info = {0};
    socklen_t info_len = sizeof(info);
    unsigned int info_type = SCTP_RECVV_NOINFO;
    int flags = 0;
    const ssize_t len =
        usrsctp_recvv(socket, buffer, capacity, NULL, NULL, &info, &info_len, &info_type, &flags);
    if (len <= 0) {
        const bool nothing = len < 0 && (errno == EWOULDBLOCK || errno == EAGAIN);
        return (struct sctp_read){.kind = nothing ? SCTP_READ_NOTHING : SCTP_READ_END};
    }
    return (struct sctp_read){
        .kind = (flags & MSG_NOTIFICATION) != 0 ? SCTP_READ_NOTIFICATION : SCTP_READ_PART,
        .message = {.stream = info.rcv_sid,
                    .ppid = ntohl(info.rcv_ppid),
                    .reliability = {.unordered = (info.rcv_flags & SCTP_UNORDERED) != 0},
                    .bytes = buffer,
                    .len = (size_t)len},
        .last = (flags & MSG_EOR) != 0,
    };
}

static struct sctp_notice association_notice(const struct sctp_assoc_change *change)
{
    switch (change->sac_state) {
    case SCTP_COMM_UP:
        return (struct sctp_notice){.kind = SCTP_NOTICE_UP};
    case SCTP_RESTART:
        return (struct sctp_notice){.kind = SCTP_NOTICE_RESTARTED};
    case SCTP_COMM_LOST:
        /* An ABORT of the peer's is given along. */
        return (struct sctp_notice){.kind = SCTP_NOTICE_LOST,
                                    .why = change->sac_length > sizeof(*change)
                                               ? "the peer has aborted it"
                                               : "the peer does not answer any more"};
    case SCTP_SHUTDOWN_COMP:
        return (struct sctp_notice){.kind = SCTP_NOTICE_LOST, .why = "the peer has shut it down"};
    case SCTP_CANT_STR_ASSOC:
        return (struct sctp_notice){.kind = SCTP_NOTICE_LOST, .why = "it did not come up"};
    default:
        return (struct sctp_notice){.kind = SCTP_NOTICE_OTHER};
    }
}

static struct sctp_notice reset_notice(const struct sctp_stream_reset_event *event,
                                       const uint8_t *streams)
{
    const uint16_t refused = SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED;
    if ((event->strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN) == 0 ||
        (event->strreset_flags & refused) != 0) {
        return (struct sctp_notice){.kind = SCTP_NOTICE_OTHER};
    }
    const size_t count = (event->strreset_length - sizeof(*event)) / sizeof(uint16_t);
    return (struct sctp_notice){.kind = count > 0 ? SCTP_NOTICE_STREAMS_RESET
                                                  : SCTP_NOTICE_ALL_STREAMS_RESET,
                                .streams = streams,
                                .streams_count = count};
}

/* usrsctp's own words are believed: their length is that of what was read. */
struct sctp_notice sctp_socket_notice(const struct sctp_read *read)
{
    const union sctp_notification *said = (const void *)read->message.bytes;
    if (read->message.len < sizeof(said->sn_header) ||
        said->sn_header.sn_length != read->message.len) {
        return (struct sctp_notice){.kind = SCTP_NOTICE_OTHER};
    }
    switch (said->sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE:
        return association_notice(&said->sn_assoc_change);
    case SCTP_PARTIAL_DELIVERY_EVENT:
        return (struct sctp_notice){.kind = SCTP_NOTICE_PART_LOST,
                                    .stream = (uint16_t)said->sn_pdapi_event.pdapi_stream};
    case SCTP_STREAM_RESET_EVENT:
        return reset_notice(&said->sn_strreset_event,
                            read->message.bytes + sizeof(said->sn_strreset_event));
    default:
        return (struct sctp_notice){.kind = SCTP_NOTICE_OTHER};
    }
}

uint16_t sctp_notice_stream(const struct sctp_notice *notice, size_t index)
{
    uint16_t stream;
    memcpy(&stream, notice->streams + index * sizeof(stream), sizeof(stream));
    return stream;
}
