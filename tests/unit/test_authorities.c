/* Certificates for peers that trust their issuer: the names that peers send, and ours. */
#include "handshake/negotiate.h"
#include "rsa_support.h"
#include "wire/certificate_messages_13.h"
#include "wire_support.h"

enum { LIST_MAX = 4096 };

struct list {
    uint8_t bytes[LIST_MAX];
    size_t len;
};

static void add_name(struct list *list, struct bytes name)
{
    cr_assert(list->len + 2 + name.len <= LIST_MAX);
    store_u16(list->bytes + list->len, (uint16_t)name.len);
    bytes_copy(list->bytes + list->len + 2, name);
    list->len += 2 + name.len;
}

static struct bytes list_bytes(const struct list *list)
{
    return bytes_of(list->bytes, list->len);
}

/* A leaf by an authority that is in the chain and names another above it. */
static struct bytes certified(const char *subject, const char *issuer)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = issue(key, 2);
    X509_NAME *name = X509_NAME_new();
    cr_assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)subject, -1, -1,
                                         0) == 1);
    cr_assert(X509_set_subject_name(certificate, name) == 1);
    X509_NAME_free(name);
    name = X509_NAME_new();
    cr_assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)issuer, -1, -1,
                                         0) == 1);
    cr_assert(X509_set_issuer_name(certificate, name) == 1);
    cr_assert(X509_sign(certificate, key, EVP_sha256()) > 0);
    struct bytes der = der_of(certificate);
    X509_NAME_free(name);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return der;
}

static struct list name_of(const char *common_name)
{
    struct list list = {.len = 0};
    X509_NAME *name = X509_NAME_new();
    unsigned char *der = NULL;
    cr_assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)common_name, -1,
                                         -1, 0) == 1);
    int len = i2d_X509_NAME(name, &der);
    cr_assert(len > 0);
    add_name(&list, bytes_of(der, (size_t)len));
    OPENSSL_free(der);
    X509_NAME_free(name);
    return list;
}

static struct list both(const struct list *a, const struct list *b)
{
    struct list list = *a;
    memcpy(list.bytes + list.len, b->bytes, b->len);
    list.len += b->len;
    return list;
}

Test(authorities, an_issuer_is_what_libcrypto_reads)
{
    struct bytes der = certified("leaf", "some authority");
    const struct list expected = name_of("some authority");
    struct bytes issuer;
    cr_assert(certificate_issuer(der, &issuer));
    cr_expect(bytes_are_equal(issuer, bytes_of(expected.bytes + 2, expected.len - 2)));
    for (size_t len = 0; len < der.len; len++)
        cr_expect_not(certificate_issuer(bytes_of(der.data, len), &issuer), "%zu bytes", len);
    der_free(der);
}

Test(authorities, any_issuer_of_the_chain_will_do)
{
    const struct list upper = name_of("upper");
    const struct list lower = name_of("lower");
    const struct list leaf = name_of("leaf");
    const struct list longer = name_of("lower ");
    struct credential credential = {
        .chain = {certified("leaf", "lower"), certified("lower", "upper")},
        .chain_count = 2,
    };
    cr_expect(credential_is_under(&credential, list_bytes(&upper)));
    cr_expect(credential_is_under(&credential, list_bytes(&lower)));
    cr_expect_not(credential_is_under(&credential, list_bytes(&leaf)));
    cr_expect_not(credential_is_under(&credential, list_bytes(&longer)));
    cr_expect_not(credential_is_under(&credential, bytes_of(NULL, 0)));
    struct list mixed = both(&leaf, &upper);
    cr_expect(credential_is_under(&credential, list_bytes(&mixed)));
    for (size_t len = 0; len < mixed.len; len++)
        cr_expect_not(credential_is_under(&credential, bytes_of(mixed.bytes, len)), "%zu bytes",
                      len);
    der_free(credential.chain[0]);
    der_free(credential.chain[1]);
}

/* Who sends thousands of names does not make us compare them all. */
Test(authorities, of_many_the_first_are_looked_at)
{
    static const uint8_t other[] = {0x30, 0x00};
    const struct list upper = name_of("upper");
    struct credential credential = {.chain = {certified("leaf", "upper")}, .chain_count = 1};
    for (int too_many = 0; too_many < 2; too_many++) {
        struct list list = {.len = 0};
        for (int i = 0; i < AUTHORITIES_MAX - 1 + too_many; i++)
            add_name(&list, bytes_of(other, sizeof(other)));
        list = both(&list, &upper);
        cr_expect_eq(credential_is_under(&credential, list_bytes(&list)), too_many == 0);
    }
    der_free(credential.chain[0]);
}

/* A client of both versions, with a certificate for a server that trusts its issuer, and one for
 * the others. */
Test(authorities, a_client_shows_its_certificate_to_those_who_trust_its_issuer)
{
    static struct policy policy = {.offers_certificate = true, .credential_count = 2};
    static const uint8_t types[] = {CLIENT_CERTIFICATE_ECDSA_SIGN};
    static const uint8_t schemes[] = {4, 3};
    const struct list upper = name_of("upper");
    const struct list other = name_of("other");
    struct certificate_request request = {
        .certificate_types = bytes_of(types, sizeof(types)),
        .signature_algorithms = bytes_of(schemes, sizeof(schemes)),
    };
    struct choice choice;
    for (int i = 0; i < 2; i++) {
        policy.credentials[i].kind = KEY_P256;
        policy.credentials[i].chain[0] = certified("leaf", i == 0 ? "upper" : "any");
        policy.credentials[i].chain_count = 1;
    }
    policy.credentials[0].must_match_issuer = true;
    request.authorities = list_bytes(&upper);
    cr_assert(choose_client_credential(&policy, &request, &choice));
    cr_expect_eq(choice.credential, 0);
    cr_assert(choose_client_credential_13(&policy, &request, &choice));
    cr_expect_eq(choice.credential, 0);
    request.authorities = list_bytes(&other);
    cr_assert(choose_client_credential(&policy, &request, &choice));
    cr_expect_eq(choice.credential, 1);
    cr_assert(choose_client_credential_13(&policy, &request, &choice));
    cr_expect_eq(choice.credential, 1);
    policy.credential_count = 1;
    cr_expect_not(choose_client_credential(&policy, &request, &choice));
    cr_expect_not(choose_client_credential_13(&policy, &request, &choice));
    der_free(policy.credentials[0].chain[0]);
    der_free(policy.credentials[1].chain[0]);
}

static enum rdtls_status parse_request_13(struct bytes body)
{
    struct certificate_request request;
    enum rdtls_status status = certificate_request_13_read(body, &request);
    if (status == RDTLS_OK)
        cr_assert(view_is_inside(request.authorities, body));
    return status;
}

/* [rfc8446#4.2.4] "DistinguishedName authorities<3..2^16-1>;" and "opaque
 * DistinguishedName<1..2^16-1>;" */
Test(authorities, the_extension_has_a_form)
{
    static const struct {
        const char *body;
        enum rdtls_status status;
    } cases[] = {
        {"00 0012 000d 0004 0002 0403 002f 0006 0004 0002 aabb", RDTLS_OK},
        {"00 000e 000d 0004 0002 0403 002f 0002 0000", RDTLS_ALERT_DECODE_ERROR},
        {"00 0010 000d 0004 0002 0403 002f 0004 0002 0000", RDTLS_ALERT_DECODE_ERROR},
        {"00 0013 000d 0004 0002 0403 002f 0007 0004 0002 aabb 00", RDTLS_ALERT_DECODE_ERROR},
        {"00 0012 000d 0004 0002 0403 002f 0006 0004 0003 aabb", RDTLS_ALERT_DECODE_ERROR},
        {"00 000c 000d 0004 0002 0403 002f 0000", RDTLS_ALERT_DECODE_ERROR},
        {"00 000a 002f 0006 0004 0002 aabb", RDTLS_ALERT_MISSING_EXTENSION},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_eq(parse_hex(parse_request_13, cases[i].body), cases[i].status, "%s",
                     cases[i].body);
    struct bytes body = exact_from_hex(cases[0].body);
    struct certificate_request request;
    cr_assert_eq(certificate_request_13_read(body, &request), RDTLS_OK);
    EXPECT_BYTES(request.authorities, bytes_of("\0\2\xaa\xbb", 4));
    expect_truncations_refused(parse_request_13, body, NO_LENGTH);
    expect_trailing_byte_refused(parse_request_13, body);
    expect_mutations_survived(parse_request_13, body);
    exact_free(body);
}
