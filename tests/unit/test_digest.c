#include "crypto/digest.h"

#include "crypto_support.h"

static const enum digest_kind all_kinds[] = {DIGEST_SHA256, DIGEST_SHA384};

static void expect_digest(enum digest_kind kind, const char *message, const char *hex)
{
    uint8_t out[DIGEST_LEN_MAX];
    digest_of(kind, bytes_of(message, strlen(message)), out);
    expect_hex(out, digest_len(kind), hex, message);
}

/* FIPS 180-4, examples of NIST's Cryptographic Standards and Guidelines (SHA256.pdf), and the empty
 * message. */
Test(digest, sha256_gives_the_examples_of_fips_180)
{
    expect_digest(DIGEST_SHA256, "",
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect_digest(DIGEST_SHA256, "abc",
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_digest(DIGEST_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* FIPS 180-4, the same (SHA384.pdf). */
Test(digest, sha384_gives_the_examples_of_fips_180)
{
    expect_digest(DIGEST_SHA384, "",
                  "38b060a751ac96384cd9327eb1b1e36a21fdb71114be0743"
                  "4c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b");
    expect_digest(DIGEST_SHA384, "abc",
                  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
                  "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
    expect_digest(DIGEST_SHA384,
                  "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                  "09330c33f71147e83d192fc782cd1b4753111b173b3b05d2"
                  "2fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039");
}

/* FIPS 180-2 appendices B.3 and D.3: a million times "a", here in pieces of changing length. */
Test(digest, gives_the_same_in_pieces)
{
    static const char *const expected[] = {
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
        "9d0e1809716474cb086e834e310a4a1ced149e9c00f24852"
        "7972cec5704c2a5b07b8b3dc38ecc4ebae97ddd87f3d8985",
    };
    uint8_t piece[257];
    memset(piece, 'a', sizeof(piece));
    for (size_t k = 0; k < 2; k++) {
        struct digest digest;
        digest_init(&digest, all_kinds[k]);
        size_t left = 1000000;
        for (size_t len = 0; left > 0; len = (len + 1) % sizeof(piece)) {
            size_t step = len < left ? len : left;
            digest_update(&digest, bytes_of(piece, step));
            left -= step;
        }
        uint8_t out[DIGEST_LEN_MAX];
        digest_peek(&digest, out);
        expect_hex(out, digest_len(all_kinds[k]), expected[k], "a million a");
    }
}

/* A transcript is looked at in its middle and goes on. */
Test(digest, a_look_changes_nothing)
{
    for (size_t k = 0; k < 2; k++) {
        struct digest looked;
        struct digest copy;
        uint8_t out[DIGEST_LEN_MAX];
        uint8_t whole[DIGEST_LEN_MAX];
        uint8_t message[200];
        memset(message, 0x5a, sizeof(message));
        digest_init(&looked, all_kinds[k]);
        for (size_t i = 0; i < sizeof(message); i++) {
            digest_peek(&looked, out);
            digest_of(all_kinds[k], bytes_of(message, i), whole);
            cr_expect_arr_eq(out, whole, digest_len(all_kinds[k]), "after %zu bytes", i);
            copy = looked;
            digest_update(&copy, bytes_of("another end", 11));
            digest_update(&looked, bytes_of(message + i, 1));
        }
        digest_peek(&looked, out);
        digest_of(all_kinds[k], bytes_of(message, sizeof(message)), whole);
        cr_expect_arr_eq(out, whole, digest_len(all_kinds[k]));
    }
}

Test(digest, an_empty_view_may_have_no_data)
{
    uint8_t out[DIGEST_LEN_MAX];
    digest_of(DIGEST_SHA256, bytes_of(NULL, 0), out);
    expect_hex(out, SHA256_LEN, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
               "nothing");
}

Test(digest, writes_its_own_length_and_no_more)
{
    for (size_t k = 0; k < 2; k++) {
        uint8_t out[DIGEST_LEN_MAX + 1];
        memset(out, 0xee, sizeof(out));
        digest_of(all_kinds[k], bytes_of("abc", 3), out);
        for (size_t i = digest_len(all_kinds[k]); i < sizeof(out); i++)
            cr_expect_eq(out[i], 0xee, "byte %zu", i);
    }
}
