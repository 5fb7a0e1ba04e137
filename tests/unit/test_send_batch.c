#include <errno.h>
#include <netinet/udp.h>

#include "io_support.h"

/* Datagrams of given lengths that lie end to end, all to one peer. */
struct fixture {
    struct udp_socket udp;
    struct rdtls_datagram datagrams[SEND_BATCH_MAX];
    bool gone[SEND_BATCH_MAX];
    uint32_t count;
    uint8_t *end; /* of the bytes that are in use */
    uint8_t bytes[1 << 20];
    struct send_batch batch;
};

static struct fixture *fixture_made(const char *local_ip)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    cr_assert_neq(fixture, NULL);
    /* Nothing is sent by these tests: a socket that was never opened will do. */
    fixture->udp = (struct udp_socket){.fd = -1, .family = AF_INET, .port = 1000, .segments = true};
    ip_parse(local_ip, fixture->udp.local_ip);
    fixture->udp.any_address = ip_is_any(fixture->udp.local_ip);
    fixture->end = fixture->bytes;
    return fixture;
}

static struct rdtls_datagram *add(struct fixture *fixture, uint32_t len)
{
    struct rdtls_datagram *datagram = &fixture->datagrams[fixture->count++];
    *datagram = (struct rdtls_datagram){.bytes = fixture->end, .len = len};
    datagram->path = (struct rdtls_path){.local_port = 1000, .remote_port = 2000};
    ip_parse("127.0.0.1", datagram->path.local_ip);
    ip_parse("127.0.0.2", datagram->path.remote_ip);
    fixture->end += len;
    return datagram;
}

static void build(struct fixture *fixture)
{
    send_batch_build(&fixture->batch, &fixture->udp, 1, fixture->datagrams, fixture->count,
                     fixture->gone);
}

static uint16_t segment_len(const struct send_slot *slot)
{
    const struct msghdr *message = &slot->message;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
         header = CMSG_NXTHDR((struct msghdr *)(uintptr_t)message, header)) {
        uint16_t len;
        memcpy(&len, CMSG_DATA(header), sizeof(len));
        if (header->cmsg_level == IPPROTO_UDP && header->cmsg_type == UDP_SEGMENT)
            return len;
    }
    return 0;
}

Test(send_batch, a_flight_is_one_run)
{
    struct fixture *fixture = fixture_made("127.0.0.1");
    add(fixture, 1200);
    add(fixture, 1200);
    add(fixture, 300);
    build(fixture);
    cr_assert_eq(fixture->batch.slot_count, 1);
    const struct send_slot *slot = &fixture->batch.slots[0];
    cr_expect_eq(slot->count, 3);
    cr_expect_eq(slot->bytes.iov_base, (void *)fixture->bytes);
    cr_expect_eq(slot->bytes.iov_len, 2700);
    cr_expect_eq(segment_len(slot), 1200);
    free(fixture);
}

Test(send_batch, a_run_ends_behind_a_shorter_one_and_before_a_longer_one)
{
    struct fixture *fixture = fixture_made("127.0.0.1");
    add(fixture, 100);
    add(fixture, 50);
    add(fixture, 50);
    add(fixture, 51);
    build(fixture);
    cr_assert_eq(fixture->batch.slot_count, 3);
    cr_expect_eq(fixture->batch.slots[0].count, 2);
    cr_expect_eq(fixture->batch.slots[1].count, 1);
    cr_expect_eq(fixture->batch.slots[2].count, 1);
    cr_expect_eq(segment_len(&fixture->batch.slots[1]), 0);
    free(fixture);
}

Test(send_batch, a_run_ends_at_another_peer_a_gap_or_an_empty_datagram)
{
    struct fixture *fixture = fixture_made("127.0.0.1");
    add(fixture, 100);
    add(fixture, 100)->path.remote_port = 2001;
    fixture->end++;
    add(fixture, 100)->path.remote_port = 2001;
    add(fixture, 0)->path.remote_port = 2001;
    build(fixture);
    cr_expect_eq(fixture->batch.slot_count, 4);
    free(fixture);
}

Test(send_batch, a_run_is_no_longer_than_the_kernel_takes)
{
    struct fixture *fixture = fixture_made("127.0.0.1");
    for (int i = 0; i < SEGMENTS_MAX + 1; i++)
        add(fixture, 10);
    fixture->end++;
    for (int i = 0; i < 60; i++)
        add(fixture, 1200);
    build(fixture);
    cr_assert_eq(fixture->batch.slot_count, 4);
    cr_expect_eq(fixture->batch.slots[0].count, SEGMENTS_MAX);
    cr_expect_eq(fixture->batch.slots[1].count, 1);
    cr_expect_eq(fixture->batch.slots[2].count, SEGMENTS_LEN_MAX / 1200);
    cr_expect_eq(fixture->batch.slots[3].count, 60 - SEGMENTS_LEN_MAX / 1200);
    free(fixture);
}

Test(send_batch, what_has_gone_is_passed_over_and_splits_a_run)
{
    struct fixture *fixture = fixture_made("127.0.0.1");
    for (int i = 0; i < 5; i++)
        add(fixture, 10);
    fixture->gone[2] = true;
    build(fixture);
    cr_assert_eq(fixture->batch.slot_count, 2);
    cr_expect_eq(fixture->batch.slots[0].first, 0);
    cr_expect_eq(fixture->batch.slots[0].count, 2);
    cr_expect_eq(fixture->batch.slots[1].first, 3);
    cr_expect_eq(fixture->batch.slots[1].count, 2);
    free(fixture);
}

Test(send_batch, only_a_socket_that_is_bound_to_all_is_told_from_where_to_send)
{
    struct fixture *bound = fixture_made("127.0.0.1");
    add(bound, 10);
    build(bound);
    cr_expect_eq(bound->batch.slots[0].message.msg_controllen, 0);
    free(bound);
    struct fixture *any = fixture_made("0.0.0.0");
    add(any, 10);
    build(any);
    struct rdtls_path path = {0};
    const struct msghdr *message = &any->batch.slots[0].message;
    cr_assert(path_take_local(&path, message->msg_control, message->msg_controllen));
    cr_expect_arr_eq(path.local_ip, any->datagrams[0].path.local_ip, 16);
    free(any);
}

Test(send_batch, what_no_socket_can_carry_fails_at_once)
{
    struct fixture *fixture = fixture_made("127.0.0.1");
    add(fixture, 10)->path.socket = 1;
    ip_parse("::1", add(fixture, 10)->path.remote_ip);
    add(fixture, 10);
    build(fixture);
    cr_expect_eq(fixture->batch.slot_count, 1);
    cr_expect_eq(fixture->batch.failure_count, 2);
    cr_expect_eq(fixture->batch.verdicts[0], SEND_FAILED);
    cr_expect_eq(fixture->batch.verdicts[1], SEND_FAILED);
    cr_expect_eq(fixture->batch.verdicts[2], SEND_LEFT);
    free(fixture);
}

Test(send_batch, every_errno_has_its_verdict)
{
    static const struct {
        int error;
        enum send_verdict single;
        enum send_verdict run;
    } cases[] = {
        {EAGAIN, SEND_REFUSED, SEND_REFUSED},     {ENOBUFS, SEND_REFUSED, SEND_REFUSED},
        {ENOMEM, SEND_REFUSED, SEND_REFUSED},     {EIO, SEND_FAILED, SEND_SPLIT},
        {EINVAL, SEND_FAILED, SEND_SPLIT},        {EMSGSIZE, SEND_FAILED, SEND_SPLIT},
        {EHOSTUNREACH, SEND_FAILED, SEND_FAILED}, {EPERM, SEND_FAILED, SEND_FAILED},
        {ECONNREFUSED, SEND_FAILED, SEND_FAILED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture *fixture = fixture_made("127.0.0.1");
        add(fixture, 10);
        add(fixture, 5);
        add(fixture, 10);
        build(fixture);
        cr_assert_eq(fixture->batch.slot_count, 2);
        send_batch_fail(&fixture->batch, 0, cases[i].error, &fixture->udp);
        send_batch_fail(&fixture->batch, 1, cases[i].error, &fixture->udp);
        const char *what = strerror(cases[i].error);
        cr_expect_eq(fixture->batch.verdicts[0], cases[i].run, "%s", what);
        cr_expect_eq(fixture->batch.verdicts[1], cases[i].run, "%s", what);
        cr_expect_eq(fixture->batch.verdicts[2], cases[i].single, "%s", what);
        cr_expect_eq(fixture->batch.failure_count, 3);
        cr_expect_eq(fixture->udp.segments, cases[i].run != SEND_SPLIT, "%s", what);
        free(fixture);
    }
}

Test(send_batch, a_socket_that_cannot_do_runs_gets_singles)
{
    struct fixture *fixture = fixture_made("127.0.0.1");
    fixture->udp.segments = false;
    add(fixture, 10);
    add(fixture, 10);
    build(fixture);
    cr_expect_eq(fixture->batch.slot_count, 2);
    cr_expect_eq(segment_len(&fixture->batch.slots[0]), 0);
    free(fixture);
}
