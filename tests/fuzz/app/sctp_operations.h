/* The operations of a program for sctp.c. Its first byte says how it begins. */
#ifndef FUZZ_SCTP_OPERATIONS_H
#define FUZZ_SCTP_OPERATIONS_H

enum sctp_beginning {
    ESTABLISHED = 1, /* a peer as it should be, until the association is up */
};

enum sctp_operation {
    SAY,          /* DATA: flags, stream (2), PPID, length, bytes; the next TSN */
    CHUNK,        /* type, flags, length, bytes */
    ACKNOWLEDGE,  /* all that was said to us */
    RESET,        /* how many, each stream (2) */
    ANSWER_RESET, /* result */
    ADD_STREAMS,  /* parameter's type, how many (2) */
    SKIP,         /* so many TSNs */
    WAIT,         /* four milliseconds each */
    NOISE,        /* length, bytes: no packet, or one whose checksum is made right */
    OPERATION_COUNT,
    TOGETHER = 0x80, /* in one packet with what follows */
};

#endif
