/* recvmmsg and sendmmsg, nothing between them. */
#include "answerer.h"

void datagrams_prepare(struct datagrams *datagrams, size_t len)
{
    for (size_t i = 0; i < ANSWER_WIDE; i++) {
        datagrams->vectors[i] = (struct iovec){datagrams->bytes[i], len};
        datagrams->headers[i].msg_hdr = (struct msghdr){
            .msg_name = &datagrams->names[i],
            .msg_namelen = sizeof(datagrams->names[i]),
            .msg_iov = &datagrams->vectors[i],
            .msg_iovlen = 1,
        };
    }
}

void answerer_count(struct answerer *answerer, unsigned count)
{
    answerer->answered += count;
    if (answerer->answered >= answerer->peers) {
        answerer->answered = 0;
        sem_post(&answerer->all_answered);
    }
}

static bool answer_some(struct answerer *answerer, int count)
{
    struct datagrams *inbox = &answerer->inbox;
    for (int i = 0; i < count; i++)
        inbox->vectors[i].iov_len = answerer->out_len;
    for (int sent = 0; sent < count;) {
        int more = sendmmsg(answerer->socket, inbox->headers + sent, (unsigned)(count - sent), 0);
        if (more <= 0)
            return false;
        sent += more;
    }
    return true;
}

void answer_by_mmsg(struct answerer *answerer)
{
    struct datagrams *inbox = &answerer->inbox;
    for (;;) {
        datagrams_prepare(inbox, ANSWER_LEN_MAX);
        int count = recvmmsg(answerer->socket, inbox->headers, ANSWER_WIDE, MSG_WAITFORONE, NULL);
        if (count <= 0 || inbox->headers[0].msg_len == 0 || !answer_some(answerer, count))
            return;
        answerer_count(answerer, (unsigned)count);
    }
}
