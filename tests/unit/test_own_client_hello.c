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

/* [rfc8446#4.1.2] "For every TLS 1.3 ClientHello, this vector MUST contain exactly one byte, set to
 * zero, which corresponds to the "null" compression method in prior versions of TLS."
 * [rfc8446#4.2.1] "MUST send this extension in the ClientHello containing all versions of TLS which
 * they are prepared to negotiate" [rfc8446#4.2.2] "Clients MUST NOT use cookies in their initial
 * ClientHello in subsequent connections." [rfc8446#4.2.3] "Clients which desire the server to
 * authenticate itself via a certificate MUST send the "signature_algorithms" extension."
 * [rfc8446#4.2.8] "Each KeyShareEntry value MUST correspond to a group offered in the
 * "supported_groups" extension and MUST appear in the same order." "Clients MUST NOT offer multiple
 * KeyShareEntry values for the same group." "Clients MUST NOT offer any KeyShareEntry values for
 * groups not listed in the client's "supported_groups" extension." [rfc8446#9.2] "All
 * implementations MUST send and use these extensions when offering applicable features:"
 * ""supported_versions" is REQUIRED for all ClientHello, ServerHello, and HelloRetryRequest
 * messages." ""signature_algorithms" is REQUIRED for certificate authentication."
 * ""supported_groups" is REQUIRED for ClientHello messages using DHE or ECDHE key exchange."
 * ""key_share" is REQUIRED for DHE or ECDHE key exchange." "If not containing a "pre_shared_key"
 * extension, it MUST contain both a "signature_algorithms" extension and a "supported_groups"
 * extension." "If containing a "supported_groups" extension, it MUST also contain a "key_share"
 * extension, and vice versa." */
Test(own_client_hello, offers_1_3_with_a_share_of_a_group_that_it_lists)
{
    static const uint16_t versions[] = {VERSION_DTLS_1_2, VERSION_DTLS_1_3};
    static const uint16_t groups[] = {GROUP_SECP256R1, GROUP_X25519};
    struct rdtls_endpoint_options endpoint_options = small_endpoint();
    struct rdtls_config_options options;
    rdtls_config_options_defaults(&options);
    options.versions = versions;
    options.version_count = 2;
    options.groups = groups;
    options.group_count = 2;
    struct host client = host_with(&options, &endpoint_options);
    struct rdtls_path path = path_number(1);
    struct rdtls_id id;
    uint8_t datagram[DATAGRAM_MAX];
    struct client_hello hello;
    struct bytes key;
    cr_assert_eq(rdtls_endpoint_connect(client.endpoint, &path, 0, 0, &id), RDTLS_OK);
    size_t len = host_take(&client, datagram);
    cr_assert_eq(client_hello_read(bytes_of(datagram + BODY_AT, len - BODY_AT), &hello), RDTLS_OK);
    cr_expect(codepoint_list_has(hello.supported_versions, VERSION_DTLS_1_3));
    cr_expect(codepoint_list_has(hello.supported_versions, VERSION_DTLS_1_2));
    cr_expect(hello.signature_algorithms_present);
    cr_expect(codepoint_list_has(hello.supported_groups, GROUP_SECP256R1));
    cr_expect(codepoint_list_has(hello.supported_groups, GROUP_X25519));
    cr_assert(key_share_find(hello.offer_13.key_shares, GROUP_SECP256R1, &key));
    cr_expect_eq(hello.offer_13.key_shares.len, 2 + 2 + key.len, "one share");
    cr_expect(bytes_are_equal(hello.prefix.compression_methods, bytes_of("\0", 1)));
    cr_expect_not(hello.offer_13.cookie_present);
    cr_expect_not(hello.offer_13.psk.present);
    host_free(&client);
}
