/* Which protocol a datagram is of, and in what order a pass takes it. */
#include <criterion/criterion.h>
#include <ringdtls/endpoint.h>

/* [rfc7983#7] "If the value is between 20 and 63 (inclusive), then the packet is DTLS." The figures
 * of its section 7, written again by hand. */
static enum rdtls_protocol expected_for(unsigned first)
{
    if (first <= 3)
        return RDTLS_PROTOCOL_STUN;
    if (first >= 16 && first <= 19)
        return RDTLS_PROTOCOL_ZRTP;
    if (first >= 20 && first <= 63)
        return RDTLS_PROTOCOL_DTLS;
    if (first >= 64 && first <= 79)
        return RDTLS_PROTOCOL_TURN_CHANNEL;
    if (first >= 128 && first <= 191)
        return RDTLS_PROTOCOL_RTP;
    return RDTLS_PROTOCOL_UNKNOWN;
}

Test(classify, every_first_byte_has_its_protocol)
{
    for (unsigned first = 0; first < 256; first++) {
        /* What follows is not looked at, nor whether anything does. */
        const uint8_t datagram[2] = {(uint8_t)first, (uint8_t)~first};
        cr_expect_eq(rdtls_classify(datagram, 1), expected_for(first), "%u", first);
        cr_expect_eq(rdtls_classify(datagram, 2), expected_for(first), "%u", first);
    }
}

Test(classify, no_bytes_are_of_no_protocol)
{
    const uint8_t dtls = 22;
    cr_expect_eq(rdtls_classify(&dtls, 0), RDTLS_PROTOCOL_UNKNOWN);
    cr_expect_eq(rdtls_classify(NULL, 0), RDTLS_PROTOCOL_UNKNOWN);
}

/* What is given to a host as not DTLS is nothing that an endpoint would take. */
Test(classify, what_is_not_dtls_is_in_no_class_of_dtls)
{
    uint8_t datagram[64] = {0};
    for (unsigned first = 0; first < 256; first++) {
        datagram[0] = (uint8_t)first;
        bool is_dtls = rdtls_classify(datagram, sizeof(datagram)) == RDTLS_PROTOCOL_DTLS;
        bool has_class =
            rdtls_datagram_classify(datagram, sizeof(datagram)) != RDTLS_DATAGRAM_OTHER;
        cr_expect_eq(is_dtls, has_class, "%u", first);
    }
}
