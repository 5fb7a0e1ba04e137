/* pre_shared_key and psk_key_exchange_modes: their bytes, what their binders cover, and every way
 * in which they can be wrong. */
#include "wire/hellos.h"

#include "wire_support.h"

#define HEX_4      "00010203"
#define HEX_16     HEX_4 HEX_4 HEX_4 HEX_4
#define BINDER_HEX HEX_16 HEX_16
#define RANDOM_HEX HEX_16 HEX_16
#define HELLO_HEX  "fefd " RANDOM_HEX "00 00 0002 1301 01 00 "

static enum rdtls_status parse_offer(struct bytes body)
{
    struct extension extension = {EXTENSION_PRE_SHARED_KEY, body};
    struct psk_offer offer = {.present = false};
    struct psk_identity identity;
    bool well_formed = false;
    cr_assert(psk_offer_read(&extension, &offer, &well_formed));
    if (!well_formed)
        return RDTLS_ALERT_DECODE_ERROR;
    struct psk_walk walk = psk_walk_begin(&offer);
    while (psk_walk_next(&walk, &identity)) {
        cr_assert(view_is_inside(identity.ticket, body));
        cr_assert(view_is_inside(identity.binder, body));
    }
    return RDTLS_OK;
}

static enum rdtls_status parse_modes(struct bytes body)
{
    struct extension extension = {EXTENSION_PSK_KEY_EXCHANGE_MODES, body};
    struct psk_offer offer = {.present = false};
    bool well_formed = false;
    cr_assert(psk_offer_read(&extension, &offer, &well_formed));
    if (!well_formed)
        return RDTLS_ALERT_DECODE_ERROR;
    cr_assert(view_is_inside(offer.modes, body));
    return RDTLS_OK;
}

struct verdict {
    const char *hex;
    enum rdtls_status status;
};

static void expect_verdicts(parse_function *parse, const struct verdict *verdicts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(parse_hex(parse, verdicts[i].hex), verdicts[i].status, "%s", verdicts[i].hex);
}

/* [rfc8446#4.2.11] "opaque identity<1..2^16-1>", "PskIdentity identities<7..2^16-1>",
 * "opaque PskBinderEntry<32..255>", "PskBinderEntry binders<33..2^16-1>" */
Test(pre_shared_key, an_offer_is_judged_by_its_form)
{
    static const struct verdict verdicts[] = {
        {"0007 0001 aa 00000001 0021 20 " BINDER_HEX, RDTLS_OK},
        {"0007 0001 aa 00000001 0022 21 " BINDER_HEX "ff", RDTLS_OK},
        {"000e 0001 aa 00000001 0001 bb 00000002 0021 20 " BINDER_HEX, RDTLS_OK},
        {"0000 0021 20 " BINDER_HEX, RDTLS_ALERT_DECODE_ERROR},
        {"0006 0000 00000001 0021 20 " BINDER_HEX, RDTLS_ALERT_DECODE_ERROR},
        {"0007 0001 aa 00000001 0000", RDTLS_ALERT_DECODE_ERROR},
        {"0007 0001 aa 00000001 0001 00", RDTLS_ALERT_DECODE_ERROR},
        {"0007 0001 aa 00000001 0020 1f " HEX_16 HEX_4 HEX_4 HEX_4 "000102",
         RDTLS_ALERT_DECODE_ERROR},
        {"0007 0001 aa 00000001 0021 21 " BINDER_HEX, RDTLS_ALERT_DECODE_ERROR},
        {"0007 0002 aa 00000001 0021 20 " BINDER_HEX, RDTLS_ALERT_DECODE_ERROR},
        {"0006 0001 aa 000000 0021 20 " BINDER_HEX, RDTLS_ALERT_DECODE_ERROR},
    };
    expect_verdicts(parse_offer, verdicts, sizeof(verdicts) / sizeof(verdicts[0]));
}

/* [rfc8446#4.2.9] "PskKeyExchangeMode ke_modes<1..255>;" */
Test(pre_shared_key, modes_are_judged_by_their_form)
{
    static const struct verdict verdicts[] = {
        {"01 01", RDTLS_OK},
        {"02 0001", RDTLS_OK},
        {"00", RDTLS_ALERT_DECODE_ERROR},
        {"02 01", RDTLS_ALERT_DECODE_ERROR},
        {"01 0101", RDTLS_ALERT_DECODE_ERROR},
        {"", RDTLS_ALERT_DECODE_ERROR},
    };
    expect_verdicts(parse_modes, verdicts, sizeof(verdicts) / sizeof(verdicts[0]));
}

/* Only (EC)DHE with the PSK is spoken. */
Test(pre_shared_key, the_mode_with_forward_secrecy_is_found_among_others)
{
    static const struct {
        const char *modes;
        bool allowed;
    } rows[] = {{"0102 01", true}, {"00", false}, {"0001", true}, {"02ff", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bytes modes = exact_from_hex(rows[i].modes);
        struct psk_offer offer = {.modes_present = true, .modes = modes};
        cr_expect_eq(psk_offer_allows_dhe(&offer), rows[i].allowed, "%s", rows[i].modes);
        exact_free(modes);
    }
    cr_expect_not(psk_offer_allows_dhe(&(struct psk_offer){.modes_present = false}));
}

Test(pre_shared_key, identities_and_binders_are_told_apart_by_their_places)
{
    static const struct {
        const char *hex;
        bool paired;
    } rows[] = {
        {"0007 0001 aa 00000001 0021 20 " BINDER_HEX, true},
        {"000e 0001 aa 00000001 0001 bb 00000002 0021 20 " BINDER_HEX, false},
        {"000e 0001 aa 00000001 0001 bb 00000002 0042 20 " BINDER_HEX "20 " BINDER_HEX, true},
        {"0007 0001 aa 00000001 0042 20 " BINDER_HEX "20 " BINDER_HEX, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bytes body = exact_from_hex(rows[i].hex);
        struct extension extension = {EXTENSION_PRE_SHARED_KEY, body};
        struct psk_offer offer = {.present = false};
        bool well_formed;
        cr_assert(psk_offer_read(&extension, &offer, &well_formed));
        cr_assert(well_formed);
        cr_expect_eq(psk_offer_is_paired(&offer), rows[i].paired, "%s", rows[i].hex);
        exact_free(body);
    }
}

static struct bytes hello_made(const struct psk_identity *identity)
{
    static const uint8_t random[RANDOM_LEN] = {1};
    static const uint16_t suites[] = {SUITE_AES_128_GCM_SHA256};
    static const uint16_t versions[] = {VERSION_DTLS_1_3};
    uint8_t out[512];
    struct client_hello_content content = {
        .random = random,
        .cipher_suites = suites,
        .cipher_suite_count = 1,
        .groups = (const uint16_t[]){GROUP_X25519},
        .group_count = 1,
        .signature_schemes = (const uint16_t[]){SCHEME_ECDSA_SECP256R1_SHA256},
        .signature_scheme_count = 1,
        .server_name = bytes_of("example.org", 11),
        .offer_13 =
            {
                .versions = versions,
                .version_count = 1,
                .shares = {{.group = GROUP_X25519, .key = bytes_of(random, 32)}},
                .share_count = 1,
                .takes_tickets = true,
                .identity = identity,
            },
    };
    struct writer writer = writer_of(out, sizeof(out));
    client_hello_write(&writer, &content);
    cr_assert_not(writer.failed);
    return exact_copy(bytes_of(out, writer.len));
}

static enum rdtls_status parse_hello(struct bytes body)
{
    struct client_hello hello;
    enum rdtls_status status = client_hello_read(body, &hello);
    if (status == RDTLS_OK) {
        cr_assert(view_is_inside(hello.before_binders, body));
        cr_assert(view_is_inside(hello.offer_13.psk.modes, body));
        cr_assert(view_is_inside(hello.offer_13.psk.identities, body));
        cr_assert(view_is_inside(hello.offer_13.psk.binders, body));
    }
    return status;
}

/* What is behind the identities is the list of binders alone, and both sides agree on it.
 * [rfc8446#4.2.11] "The "pre_shared_key" extension MUST be the last extension in the ClientHello
 * (this facilitates implementation as described below)." [rfc8446#9.2] ""pre_shared_key" is
 * REQUIRED for PSK key agreement." */
Test(pre_shared_key, what_was_written_reads_back_and_is_the_last_extension)
{
    struct bytes binder = exact_pattern(48, 3);
    struct psk_identity written = {bytes_of("a ticket", 8), 0x01020304, binder};
    struct bytes body = hello_made(&written);
    struct client_hello hello;
    struct psk_identity read;
    cr_assert_eq(client_hello_read(body, &hello), RDTLS_OK);
    const struct psk_offer *offer = &hello.offer_13.psk;
    cr_assert(offer->present);
    cr_expect(offer->is_last);
    cr_expect(psk_offer_allows_dhe(offer));
    struct psk_walk walk = psk_walk_begin(offer);
    cr_assert(psk_walk_next(&walk, &read));
    EXPECT_BYTES(read.ticket, written.ticket);
    EXPECT_BYTES(read.binder, binder);
    cr_expect_eq(read.obfuscated_age, written.obfuscated_age);
    cr_expect_not(psk_walk_next(&walk, &read));
    cr_expect_eq(hello.before_binders.data, body.data);
    cr_expect_eq(hello.before_binders.len, body.len - 2 - 1 - binder.len);
    cr_expect_eq(psk_covered_len(body.len, binder.len), hello.before_binders.len);
    expect_mutations_survived(parse_hello, body);
    exact_free(body);
    exact_free(binder);
}

Test(pre_shared_key, a_hello_without_one_covers_nothing)
{
    struct bytes body = hello_made(NULL);
    struct client_hello hello;
    cr_assert_eq(client_hello_read(body, &hello), RDTLS_OK);
    cr_expect_not(hello.offer_13.psk.present);
    cr_expect_not(hello.offer_13.psk.is_last);
    cr_expect(hello.offer_13.psk.modes_present);
    cr_expect_eq(hello.before_binders.len, 0);
    exact_free(body);
}

#define OFFER_HEX "0029 002c 0007 0001 aa 00000001 0021 20 " BINDER_HEX

/* Whether it may be where it is, is judged by whoever speaks 1.3. */
Test(pre_shared_key, a_hello_knows_whether_it_is_the_last)
{
    static const struct {
        const char *hex;
        enum rdtls_status status;
        bool is_last;
    } rows[] = {
        {HELLO_HEX "0030 " OFFER_HEX, RDTLS_OK, true},
        {HELLO_HEX "0036 002d 0002 01 01 " OFFER_HEX, RDTLS_OK, true},
        {HELLO_HEX "0036 " OFFER_HEX " 002d 0002 01 01", RDTLS_OK, false},
        {HELLO_HEX "0034 " OFFER_HEX " ffff 0000", RDTLS_OK, false},
        {HELLO_HEX "0060 " OFFER_HEX OFFER_HEX, RDTLS_ALERT_ILLEGAL_PARAMETER, false},
        {HELLO_HEX "0031 " OFFER_HEX " ff", RDTLS_ALERT_DECODE_ERROR, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bytes body = exact_from_hex(rows[i].hex);
        struct client_hello hello;
        cr_expect_eq(client_hello_read(body, &hello), rows[i].status, "%s", rows[i].hex);
        if (rows[i].status == RDTLS_OK)
            cr_expect_eq(hello.offer_13.psk.is_last, rows[i].is_last, "%s", rows[i].hex);
        exact_free(body);
    }
}

Test(pre_shared_key, a_server_says_which_one_it_has_taken)
{
    static const uint8_t random[RANDOM_LEN];
    uint8_t out[256];
    struct server_hello_13_content content = {
        .random = random,
        .cipher_suite = SUITE_AES_128_GCM_SHA256,
        .share = {.group = GROUP_X25519, .key = bytes_of(random, 32)},
        .has_psk = true,
        .psk_selected = 0x0102,
    };
    struct writer writer = writer_of(out, sizeof(out));
    server_hello_13_write(&writer, &content);
    struct server_hello hello;
    cr_assert_eq(server_hello_read(bytes_of(out, writer.len), &hello), RDTLS_OK);
    cr_expect(hello.answer_13.psk_present);
    cr_expect_eq(hello.answer_13.psk_selected, 0x0102);
    content.has_psk = false;
    writer = writer_of(out, sizeof(out));
    server_hello_13_write(&writer, &content);
    cr_assert_eq(server_hello_read(bytes_of(out, writer.len), &hello), RDTLS_OK);
    cr_expect_not(hello.answer_13.psk_present);
}
