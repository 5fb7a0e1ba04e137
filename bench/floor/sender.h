/*
 * Who asks: datagrams of many peers, each with an address of its own in 127/8, all of them at once,
 * then all answers. What that costs is not counted; who answers has his thread's CPU time counted.
 */
#ifndef FLOOR_SENDER_H
#define FLOOR_SENDER_H

#include "answerer.h"
#include "floor.h"

enum { SENDER_PEERS_MAX = 512, SENDER_NICEST = 19 };

struct sender {
    int socket;
    struct sockaddr_in server;
    unsigned peers;
    unsigned warm_up; /* rounds that are not counted, and those that are */
    unsigned rounds;
    struct datagrams outbox;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } sources[ANSWER_WIDE];
    struct datagrams inbox;
};

/* Bound to address, host byte order, at any port, with room for as many datagrams as we may ask
 * for. -1: errno says why. */
int sender_socket_open(uint32_t address);

/* For answerer->peers peers of the server at sender->server; both sockets are the caller's.
 * answerer->threads are who answers. *ns: their CPU time for one datagram. */
bool sender_exchange(struct sender *sender, struct answerer *answerer,
                     const struct floor_exchange *wanted, double *ns);

/* What a bare loop costs that answers in one of the ways of answerer.h (datagrams.c). */
bool floor_datagrams_by(void (*way)(struct answerer *), const struct floor_exchange *wanted,
                        double *ns);

/* So many datagrams may wait in that socket without one being lost. */
unsigned sender_peers_that_fit(int socket);

#endif
