#include "fuzz.h"

#include "wire/hellos.h"

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
    };
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
        expect_inside(views[i], body);
    EXPECT(hello.prefix.random.len == RANDOM_LEN);
    EXPECT(hello.prefix.session_id.len <= SESSION_ID_MAX);
    EXPECT(hello.prefix.cipher_suites.len % 2 == 0);

    /* The gate sees the beginning alone, and must read the same in it. */
    struct reader reader = reader_of(body);
    struct client_hello_prefix prefix;
    EXPECT(client_hello_prefix_read(&reader, &prefix));
    EXPECT(bytes_are_equal(prefix.cookie, hello.prefix.cookie));
    EXPECT(bytes_are_equal(prefix.cipher_suites, hello.prefix.cipher_suites));
    return 0;
}
