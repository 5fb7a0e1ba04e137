#include "crypto/prf.h"

#include "crypto_support.h"

/* "Test vectors for TLS 1.2 PRF", IETF TLS working group's mailing list, message 03416:
 * https://mailarchive.ietf.org/arch/msg/tls/fzVCzk-z3FShgGJ6DOXqM1ydxms/ */
static const struct {
    enum digest_kind hash;
    const char *secret;
    const char *seed;
    const char *output;
} published[] = {
    {DIGEST_SHA256, "9bbe436ba940f017b17652849a71db35", "a0ba9f936cda311827a6f796ffd5198c",
     "e3f229ba727be17b 8d122620557cd453 c2aab21d07c3d495 329b52d4e61edb5a 6b301791e90d35c9"
     "c9a46b4e14baf9af 0fa022f7077def17 abfd3797c0564bab 4fbc91666e9def9b 97fce34f796789ba"
     "a48082d122ee42c5 a72e5a5110fff701 87347b66"},
    {DIGEST_SHA384, "b80b733d6ceefcdc71566ea48e5567df", "cd665cf6a8447dd6ff8b27555edb7465",
     "7b0c18e9ced410ed 1804f2cfa34a336a 1c14dffb4900bb5f d7942107e81c83cd e9ca0faa60be9fe3"
     "4f82b1233c9146a0 e534cb400fed2700 884f9dc236f80edd 8bfa961144c9e8d7 92eca722a7b32fc3"
     "d416d473ebc2c5fd 4abfdad05d918425 9b5bf8cd4d90fa0d 31e2dec479e4f1a2 6066f2eea9a69236"
     "a3e52655c9e9aee6 91c8f3a26854308d 5eaa3be85e099070 3d73e56f"},
};

/* [rfc5246#5] "PRF(secret, label, seed) = P_<hash>(secret, label + seed)" */
Test(prf, gives_the_published_vectors_at_every_length)
{
    for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
        struct vector secret = vector_of(published[i].secret);
        struct vector seed = vector_of(published[i].seed);
        struct vector expected = vector_of(published[i].output);
        struct prf_input input = {
            .hash = published[i].hash,
            .secret = vector_bytes(&secret),
            .label = "test label",
            .seed = vector_bytes(&seed),
        };
        for (size_t len = 0; len <= expected.len; len++) {
            uint8_t out[VECTOR_MAX];
            memset(out, 0xee, sizeof(out));
            prf_12(&input, out, len);
            cr_expect(memcmp(out, expected.data, len) == 0, "the first %zu bytes", len);
            cr_expect_eq(out[len], 0xee, "a byte behind %zu is written", len);
        }
    }
}

Test(prf, takes_its_seed_in_two_parts)
{
    struct vector secret = vector_of(published[0].secret);
    struct vector seed = vector_of(published[0].seed);
    for (size_t cut = 0; cut <= seed.len; cut++) {
        uint8_t out[100];
        struct prf_input input = {
            .hash = DIGEST_SHA256,
            .secret = vector_bytes(&secret),
            .label = "test label",
            .seed = bytes_of(seed.data, cut),
            .more_seed = bytes_of(seed.data + cut, seed.len - cut),
        };
        prf_12(&input, out, sizeof(out));
        expect_hex(out, sizeof(out), published[0].output, "output");
    }
}
