#include "crypto/ecdsa_der.h"

#include "crypto_support.h"

static bool reads(const char *hex)
{
    struct p256_number r;
    struct p256_number s;
    struct vector der = vector_of(hex);
    return ecdsa_der_read(vector_bytes(&der), &r, &s);
}

/* [rfc3279#2.2.3] "Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }", DER alone. */
Test(ecdsa_der, nothing_but_der_is_read)
{
    cr_expect(reads("3006 020101 020102"));
    cr_expect(reads("3006 02017f 020101"));
    cr_expect(reads("3007 02020080 020101"));
    cr_expect_not(reads(""), "nothing");
    cr_expect_not(reads("30"));
    cr_expect_not(reads("3000"));
    cr_expect_not(reads("3006 020101 0201"), "cut short");
    cr_expect_not(reads("3006 020101 020102 00"), "something behind it");
    cr_expect_not(reads("3007 020101 020102 00"), "something behind s");
    cr_expect_not(reads("3003 020101"), "no s");
    cr_expect_not(reads("3106 020101 020102"), "a set");
    cr_expect_not(reads("3006 030101 020102"), "not an integer");
    cr_expect_not(reads("3006 020101 030102"), "not an integer");
    cr_expect_not(reads("308106 020101 020102"), "a length longer than it need be");
    cr_expect_not(reads("3080 020101 020102 0000"), "a length left open");
    cr_expect_not(reads("3007 02810101 020102"), "a length longer than it need be");
    cr_expect_not(reads("3005 0200 020102"), "an integer of no bytes");
    cr_expect_not(reads("3006 020181 020102"), "a negative integer");
    cr_expect_not(reads("3007 0202007f 020102"), "a zero too many");
    cr_expect_not(reads("3008 0203000081 020102"), "two zeros too many");
}

Test(ecdsa_der, what_is_no_part_of_a_signature_is_not_read)
{
    static const char order_less_one[] =
        "3026 022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550 020101";
    static const char order[] =
        "3026 022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551 020101";
    static const char long_integer[] =
        "3026 02210100000000000000000000000000000000000000000000000000000000000000ff 020101";
    cr_expect(reads(order_less_one));
    cr_expect_not(reads(order));
    cr_expect_not(reads(long_integer), "33 bytes that mean something");
    cr_expect_not(reads("3006 020100 020101"), "r is zero");
    cr_expect_not(reads("3006 020101 020100"), "s is zero");
    cr_expect_not(reads("3007 02020000 020101"), "zero, at length");
}

static void expect_round_trip(const char *r_hex, const char *s_hex, size_t len)
{
    struct vector r = vector_of(r_hex);
    struct vector s = vector_of(s_hex);
    struct p256_number read_r;
    struct p256_number read_s;
    uint8_t der[ECDSA_P256_SIGNATURE_MAX];
    uint8_t again[2 * P256_NUMBER_LEN];
    size_t written = ecdsa_der_write(r.data, s.data, der);
    cr_expect_eq(written, len);
    cr_assert(ecdsa_der_read(bytes_of(der, written), &read_r, &read_s));
    p256_number_store(&read_r, again);
    p256_number_store(&read_s, again + P256_NUMBER_LEN);
    cr_expect_arr_eq(again, r.data, P256_NUMBER_LEN);
    cr_expect_arr_eq(again + P256_NUMBER_LEN, s.data, P256_NUMBER_LEN);
}

Test(ecdsa_der, what_is_written_is_read_again)
{
    static const char one[] = "0000000000000000000000000000000000000000000000000000000000000001";
    static const char byte[] = "0000000000000000000000000000000000000000000000000000000000000080";
    static const char middle[] = "00000000000000000000000000ff000000000000000000000000000000000000";
    static const char high[] = "7fffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
    static const char top[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
    expect_round_trip(one, one, 8);
    expect_round_trip(one, byte, 9);
    expect_round_trip(byte, middle, 6 + 2 + 20);
    expect_round_trip(high, one, 6 + 32 + 1);
    expect_round_trip(top, high, 6 + 33 + 32);
    expect_round_trip(top, top, ECDSA_P256_SIGNATURE_MAX);
}
