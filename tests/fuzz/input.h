/* An input as a program: read from its front, zeros behind its end. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include "base/reader.h"

/* Up to len bytes, fewer where the input ends. */
static inline struct bytes input_bytes(struct reader *input, size_t len)
{
    return reader_bytes(input, len < input->left ? len : input->left);
}

static inline uint8_t input_u8(struct reader *input)
{
    return input->left >= 1 ? reader_u8(input) : 0;
}

static inline uint16_t input_u16(struct reader *input)
{
    uint8_t high = input_u8(input);
    return (uint16_t)(high << 8 | input_u8(input));
}

#endif
