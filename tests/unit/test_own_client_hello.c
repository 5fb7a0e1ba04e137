/* What a client of ours offers when nobody has told it otherwise. */
#include "crafted_support.h"

#include "wire/hellos.h"

enum { BODY_AT = RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN, ANONYMOUS = 0 };

/* [rfc5246#7.4.1.2] "This vector MUST contain, and all implementations MUST support,
 * CompressionMethod.null." [rfc5246#7.4.1.3] "Clients MUST be prepared to do a full negotiation --
 * including negotiating new cipher suites -- during any handshake.": the session_id is empty.
 * [rfc5246#7.4.1.4.1] "it MUST send the signature_algorithms extension, listing the algorithms it
 * is willing to accept." "Clients MUST NOT offer it if they are offering prior versions." "The
 * "anonymous" value is meaningless in this context but used in Section 7.4.3. It MUST NOT appear in
 * this extension." */
Test(own_client_hello, offers_1_2_alone_and_says_what_it_verifies)
{
    struct host client = host_new();
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    uint8_t datagram[DATAGRAM_MAX];
    struct client_hello hello;
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    size_t len = host_take(&client, datagram);
    cr_assert_eq(client_hello_read(bytes_of(datagram + BODY_AT, len - BODY_AT), &hello), RDTLS_OK);
    cr_expect_eq(hello.prefix.version, VERSION_DTLS_1_2);
    cr_expect_not(hello.supported_versions_present);
    cr_expect_eq(hello.prefix.session_id.len, 0);
    cr_expect(bytes_are_equal(hello.prefix.compression_methods, bytes_of("\0", 1)));
    cr_expect(hello.extended_master_secret);
    cr_assert(hello.signature_algorithms_present);
    cr_assert_gt(hello.signature_algorithms.len, 0);
    for (size_t i = 1; i < hello.signature_algorithms.len; i += 2)
        cr_expect_neq(hello.signature_algorithms.data[i], ANONYMOUS);
    host_free(&client);
}
