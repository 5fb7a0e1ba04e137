#include "fuzz.h"

#include "wire/hellos.h"

/* Each identity is whole, and as many binders as there are stand beside them. What the binders
 * cover ends before the first of them. */
static void expect_identities(const struct client_hello *hello)
{
    const struct psk_offer *offer = &hello->offer_13.psk;
    struct psk_walk walk = psk_walk_begin(offer);
    struct psk_identity identity;
    size_t count = 0;
    while (psk_walk_next(&walk, &identity)) {
        expect_inside(identity.ticket, offer->identities);
        expect_inside(identity.binder, offer->binders);
        EXPECT(identity.ticket.len > 0 && identity.binder.len >= BINDER_MIN);
        count++;
    }
    EXPECT(offer->present == (count > 0));
    EXPECT(offer->present || !offer->is_last);
    EXPECT(!offer->present ||
           hello->before_binders.data + hello->before_binders.len + BINDERS_LENGTH_LEN ==
               offer->binders.data);
    EXPECT(!psk_offer_is_paired(offer) || (walk.identities.left == 0 && walk.binders.left == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size);
    struct client_hello hello;
    if (client_hello_read(body, &hello) != RDTLS_OK)
        return 0;
    const struct bytes views[] = {
        hello.prefix.random,           hello.prefix.session_id,
        hello.prefix.cookie,           hello.prefix.cipher_suites,
        hello.supported_groups,        hello.prefix.compression_methods,
        hello.point_formats,           hello.signature_algorithms,
        hello.supported_versions,      hello.server_name,
        hello.renegotiated_connection, hello.extras.srtp_profiles,
        hello.extras.srtp_mki,         hello.extras.alpn,
        hello.offer_13.psk.modes,      hello.offer_13.psk.identities,
        hello.offer_13.psk.binders,    hello.before_binders,
    };
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
        expect_inside(views[i], body);
    EXPECT(hello.prefix.random.len == RANDOM_LEN);
    EXPECT(hello.prefix.session_id.len <= SESSION_ID_MAX);
    EXPECT(hello.prefix.cipher_suites.len % 2 == 0);

    expect_identities(&hello);

    /* The gate sees the beginning alone, and must read the same in it. */
    struct reader reader = reader_of(body);
    struct client_hello_prefix prefix;
    EXPECT(client_hello_prefix_read(&reader, &prefix));
    EXPECT(bytes_are_equal(prefix.cookie, hello.prefix.cookie));
    EXPECT(bytes_are_equal(prefix.cipher_suites, hello.prefix.cipher_suites));
    return 0;
}
