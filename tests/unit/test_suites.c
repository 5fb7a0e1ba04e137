#include "crypto/suites.h"

#include "crypto_support.h"

/* RFC 5289 section 3.2 names hash and cipher of both. */
Test(suites, are_those_that_are_served_and_no_other)
{
    size_t found = 0;
    for (uint32_t code_point = 0; code_point <= UINT16_MAX; code_point++)
        if (suite_find((uint16_t)code_point) != NULL)
            found++;
    cr_expect_eq(found, 9);

    const struct suite *small = suite_find(0xc02b);
    cr_assert_not_null(small);
    cr_expect_eq(small->aead, AEAD_AES_128_GCM);
    cr_expect_eq(small->hash, DIGEST_SHA256);
    cr_expect_str_eq(small->name, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");

    const struct suite *large = suite_find(0xc02c);
    cr_assert_not_null(large);
    cr_expect_eq(large->aead, AEAD_AES_256_GCM);
    cr_expect_eq(large->hash, DIGEST_SHA384);
    cr_expect_str_eq(large->name, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");

    /* RFC 5289 section 3.2: the same for RSA certificates. */
    for (uint16_t step = 0; step < 2; step++) {
        const struct suite *ecdsa = suite_find((uint16_t)(0xc02b + step));
        const struct suite *rsa = suite_find((uint16_t)(0xc02f + step));
        cr_assert(ecdsa != NULL && rsa != NULL);
        cr_expect_eq(rsa->aead, ecdsa->aead);
        cr_expect_eq(rsa->hash, ecdsa->hash);
        cr_expect_eq(ecdsa->authentication, AUTHENTICATION_ECDSA);
        cr_expect_eq(rsa->authentication, AUTHENTICATION_RSA);
    }

    /* RFC 7905 section 2; the one for RSA comes first there. */
    const struct suite *chacha_ecdsa = suite_find(0xcca9);
    const struct suite *chacha_rsa = suite_find(0xcca8);
    cr_assert(chacha_ecdsa != NULL && chacha_rsa != NULL);
    cr_expect(chacha_ecdsa->aead == AEAD_CHACHA20_POLY1305 &&
              chacha_rsa->aead == AEAD_CHACHA20_POLY1305);
    cr_expect(chacha_ecdsa->hash == DIGEST_SHA256 && chacha_rsa->hash == DIGEST_SHA256);
    cr_expect(chacha_ecdsa->authentication == AUTHENTICATION_ECDSA &&
              chacha_rsa->authentication == AUTHENTICATION_RSA);
}

/* [rfc8446#B.4] "TLS_AES_128_GCM_SHA256 | {0x13,0x01}" and "TLS_AES_256_GCM_SHA384 | {0x13,0x02}"
 */
Test(suites, of_1_3_say_nothing_of_certificates)
{
    const struct suite *small = suite_find(0x1301);
    const struct suite *large = suite_find(0x1302);
    cr_assert(small != NULL && large != NULL);
    cr_expect(suite_is_13(small) && suite_is_13(large) && !suite_is_13(suite_find(0xc02b)));
    cr_expect(small->aead == AEAD_AES_128_GCM && small->hash == DIGEST_SHA256);
    cr_expect(large->aead == AEAD_AES_256_GCM && large->hash == DIGEST_SHA384);
}
