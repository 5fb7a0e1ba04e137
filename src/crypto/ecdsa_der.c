#include "crypto/ecdsa_der.h"

#include <assert.h>

#include "base/reader.h"
#include "base/writer.h"

enum {
    DER_INTEGER = 0x02,
    DER_SEQUENCE = 0x30,
    DER_SIGN_BIT = 0x80, /* of an integer's first byte */
    DER_HEADER_LEN = 2,  /* tag, and a length in its short form: at most 127 */
    INTEGER_MAX = P256_NUMBER_LEN + 1,
};

static_assert((int)ECDSA_P256_SIGNATURE_MAX == DER_HEADER_LEN + 2 * (DER_HEADER_LEN + INTEGER_MAX),
              "two integers of 33 bytes");

/* The contents of one element. A length in its long form is not the shortest for what fits here. */
static struct bytes read_element(struct reader *reader, uint8_t tag)
{
    if (reader_u8(reader) != tag)
        reader->failed = true;
    return reader_vector_u8(reader);
}

/* A positive integer in its shortest form: a leading zero is there exactly when the sign bit would
 * be set without it. */
static bool read_integer(struct reader *reader, struct p256_number *number)
{
    struct bytes contents = read_element(reader, DER_INTEGER);
    if (reader->failed || contents.len == 0 || (contents.data[0] & DER_SIGN_BIT) != 0)
        return false;
    bool has_zero = contents.data[0] == 0;
    if (has_zero && (contents.len == 1 || (contents.data[1] & DER_SIGN_BIT) == 0))
        return false; /* zero itself ends here as well: it is no part of a signature */
    struct bytes digits = bytes_of(contents.data + has_zero, contents.len - has_zero);
    if (digits.len > P256_NUMBER_LEN)
        return false;
    uint8_t padded[P256_NUMBER_LEN] = {0};
    bytes_copy(padded + P256_NUMBER_LEN - digits.len, digits);
    *number = p256_number_of(padded);
    return p256_number_is_scalar(number);
}

bool ecdsa_der_read(struct bytes der, struct p256_number *r, struct p256_number *s)
{
    if (der.len > ECDSA_P256_SIGNATURE_MAX)
        return false;
    struct reader outer = reader_of(der);
    struct reader inner = reader_of(read_element(&outer, DER_SEQUENCE));
    return reader_is_complete(&outer) && read_integer(&inner, r) && read_integer(&inner, s) &&
           reader_is_complete(&inner);
}

static void write_integer(struct writer *writer, const uint8_t *number)
{
    size_t zeros = 0;
    while (zeros < P256_NUMBER_LEN - 1 && number[zeros] == 0)
        zeros++;
    writer_u8(writer, DER_INTEGER);
    size_t mark = writer_open_vector(writer, 1);
    if ((number[zeros] & DER_SIGN_BIT) != 0)
        writer_u8(writer, 0);
    writer_bytes(writer, bytes_of(number + zeros, P256_NUMBER_LEN - zeros));
    writer_close_vector(writer, mark, 1);
}

size_t ecdsa_der_write(const uint8_t *r, const uint8_t *s, uint8_t der[ECDSA_P256_SIGNATURE_MAX])
{
    struct writer writer = writer_of(der, ECDSA_P256_SIGNATURE_MAX);
    writer_u8(&writer, DER_SEQUENCE);
    size_t mark = writer_open_vector(&writer, 1);
    write_integer(&writer, r);
    write_integer(&writer, s);
    writer_close_vector(&writer, mark, 1);
    assert(!writer.failed);
    return writer.len;
}
