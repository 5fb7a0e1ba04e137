/* The language of the endpoint's inputs: two bytes for the shape, then operations, each with what
 * it wants behind it. */
#ifndef FUZZ_ENDPOINT_OPERATIONS_H
#define FUZZ_ENDPOINT_OPERATIONS_H

/* The low bits of an operation; the others name a side and a path. */
enum operation {
    EXCHANGE,
    DELIVER,
    DELIVER_DAMAGED,
    DELIVER_CUT,
    REPEAT,
    DROP,
    SWAP,
    ADVANCE,
    CONNECT,
    RESTART,
    SPEAK,
    CLOSE,
    INJECT,
    INJECT_RECORD,
    INJECT_FRAGMENT,
    INJECT_SEALED,
    SET_CONFIG,
    OPERATION_COUNT
};

/* Bits of an operation's byte beside its number: where it happens. */
enum operation_bit { AT_CLIENT = 0x80, PATH_SHIFT = 5 };

#endif
