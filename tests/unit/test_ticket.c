/* Tickets: opened by whoever holds the secret, in time, and by nobody else. */
#include <criterion/criterion.h>

#include <ringdtls/config.h>

#include "handshake/ticket.h"

#define NOW_MS (TICKET_WINDOW_MS * 20000 + 5000)

static struct aead_engine *aead;

static void open_engine(void)
{
    aead = aead_engine_new();
    cr_assert_not_null(aead);
}

static void close_engine(void)
{
    aead_engine_free(aead);
}

TestSuite(ticket, .init = open_engine, .fini = close_engine);

static void add_secret(struct ticket_secrets *secrets, uint8_t first)
{
    uint8_t secret[TICKET_SECRET_LEN] = {first};
    ticket_secrets_add(secrets, secret);
}

static struct session session_of(uint64_t issued_ms)
{
    return (struct session){
        .version = VERSION_DTLS_1_2,
        .suite = SUITE_ECDHE_ECDSA_AES_128_GCM_SHA256,
        .secret_len = 48,
        .secret = {1, 2, 3},
        .extended_master_secret = true,
        .authenticated_ms = issued_ms,
        .issued_ms = issued_ms,
        .lifetime_s = 7200,
    };
}

static struct ticket_box box_of(const struct ticket_secrets *secrets)
{
    return (struct ticket_box){secrets, aead, 7200};
}

static size_t seal(const struct ticket_secrets *secrets, uint64_t issued_ms, uint8_t salt_first,
                   uint8_t out[TICKET_OURS_MAX])
{
    struct ticket_box box = box_of(secrets);
    uint8_t salt[TICKET_SALT_LEN] = {salt_first};
    struct session session = session_of(issued_ms);
    struct writer writer = writer_of(out, TICKET_OURS_MAX);
    cr_assert(ticket_seal(&box, &session, salt, &writer));
    return writer.len;
}

static bool opens(const struct ticket_secrets *secrets, struct bytes ticket, uint64_t now_ms)
{
    struct ticket_box box = box_of(secrets);
    struct session session;
    if (!ticket_open(&box, ticket, now_ms, &session)) {
        cr_expect_eq(session.secret_len, 0);
        return false;
    }
    cr_expect_eq(session.secret[2], 3);
    return true;
}

Test(ticket, is_opened_by_its_secret_and_by_no_other)
{
    static struct ticket_secrets ours;
    static struct ticket_secrets others;
    uint8_t ticket[TICKET_OURS_MAX];
    add_secret(&ours, 1);
    add_secret(&others, 2);
    size_t len = seal(&ours, NOW_MS, 0, ticket);
    cr_expect(opens(&ours, bytes_of(ticket, len), NOW_MS));
    cr_expect_not(opens(&others, bytes_of(ticket, len), NOW_MS));
}

Test(ticket, outlives_the_rotation_of_secrets)
{
    static struct ticket_secrets before;
    static struct ticket_secrets after;
    uint8_t ticket[TICKET_OURS_MAX];
    add_secret(&before, 1);
    add_secret(&after, 2);
    add_secret(&after, 1);
    size_t len = seal(&before, NOW_MS, 0, ticket);
    cr_expect(opens(&after, bytes_of(ticket, len), NOW_MS));
    len = seal(&after, NOW_MS, 0, ticket);
    cr_expect_not(opens(&before, bytes_of(ticket, len), NOW_MS), "the first one seals");
}

Test(ticket, is_opened_across_a_change_of_window)
{
    static struct ticket_secrets secrets;
    uint8_t ticket[TICKET_OURS_MAX];
    uint64_t boundary = TICKET_WINDOW_MS * 20001;
    add_secret(&secrets, 1);
    size_t len = seal(&secrets, boundary - 1, 0, ticket);
    cr_expect(opens(&secrets, bytes_of(ticket, len), boundary + 3600 * 1000));
    cr_expect_not(opens(&secrets, bytes_of(ticket, len), boundary + TICKET_WINDOW_MS),
                  "its window has gone");
    len = seal(&secrets, boundary, 0, ticket);
    cr_expect(opens(&secrets, bytes_of(ticket, len), boundary - 1), "a clock that is behind");
    cr_expect_not(
        opens(&secrets, bytes_of(ticket, len), boundary - SESSION_CLOCK_TOLERANCE_MS - 1));
}

Test(ticket, with_any_bit_changed_or_missing_is_none)
{
    static struct ticket_secrets secrets;
    uint8_t ticket[TICKET_OURS_MAX + 1] = {0};
    add_secret(&secrets, 1);
    size_t len = seal(&secrets, NOW_MS, 0, ticket);
    for (size_t bit = 0; bit < len * 8; bit++) {
        ticket[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_expect_not(opens(&secrets, bytes_of(ticket, len), NOW_MS), "bit %zu", bit);
        ticket[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < len; cut++)
        cr_expect_not(opens(&secrets, bytes_of(ticket, cut), NOW_MS), "%zu bytes", cut);
    cr_expect_not(opens(&secrets, bytes_of(ticket, len + 1), NOW_MS));
}

/* [rfc5077#5.2] "A TLS server MUST use strong encryption and integrity protection for the ticket to
 * prevent an attacker from using a brute force mechanism to obtain the ticket's contents." */
Test(ticket, shows_nothing_of_its_session)
{
    static struct ticket_secrets secrets;
    uint8_t a[TICKET_OURS_MAX];
    uint8_t b[TICKET_OURS_MAX];
    add_secret(&secrets, 1);
    size_t len = seal(&secrets, NOW_MS, 1, a);
    cr_assert_eq(seal(&secrets, NOW_MS, 2, b), len);
    size_t equal = 0;
    for (size_t i = TICKET_NAME_LEN + TICKET_SALT_LEN; i < len; i++)
        equal += a[i] == b[i];
    cr_expect_lt(equal, len / 8, "another salt, another key");
}

Test(ticket, of_one_association_can_be_made_again)
{
    static struct ticket_secrets secrets;
    uint8_t client[32] = {1};
    uint8_t server[32] = {2};
    uint8_t a[TICKET_SALT_LEN];
    uint8_t b[TICKET_SALT_LEN];
    add_secret(&secrets, 1);
    struct ticket_box box = box_of(&secrets);
    ticket_salt(&box, bytes_of(client, 32), bytes_of(server, 32), a);
    ticket_salt(&box, bytes_of(client, 32), bytes_of(server, 32), b);
    cr_expect_arr_eq(a, b, sizeof(a));
    server[0]++;
    ticket_salt(&box, bytes_of(client, 32), bytes_of(server, 32), b);
    cr_expect(memcmp(a, b, sizeof(a)) != 0);
}

Test(ticket, finds_no_room_in_a_short_buffer)
{
    static struct ticket_secrets secrets;
    uint8_t out[TICKET_OVERHEAD];
    uint8_t salt[TICKET_SALT_LEN] = {0};
    struct session session = session_of(NOW_MS);
    add_secret(&secrets, 1);
    struct ticket_box box = box_of(&secrets);
    struct writer writer = writer_of(out, sizeof(out));
    cr_expect_not(ticket_seal(&box, &session, salt, &writer));
}

static bool config_takes(const struct rdtls_config_options *options)
{
    struct rdtls_config *config;
    if (rdtls_config_new(options, &config) != RDTLS_OK)
        return false;
    rdtls_config_free(config);
    return true;
}

Test(ticket, options_out_of_their_range_are_refused)
{
    static const uint8_t secrets[RDTLS_TICKET_SECRETS_MAX + 1][RDTLS_TICKET_SECRET_LEN];
    struct rdtls_config_options options;
    rdtls_config_options_defaults(&options);
    options.tickets = true;
    cr_expect(config_takes(&options), "a secret of its own");
    options.ticket_secrets = secrets;
    options.ticket_secret_count = RDTLS_TICKET_SECRETS_MAX;
    cr_expect(config_takes(&options));
    options.ticket_secret_count++;
    cr_expect_not(config_takes(&options), "too many");
    options.ticket_secret_count = 1;
    options.tickets = false;
    cr_expect_not(config_takes(&options), "secrets for nothing");
    options.tickets = true;
    options.ticket_secrets = NULL;
    cr_expect_not(config_takes(&options), "no secret");
    options.ticket_secret_count = 0;
    options.ticket_lifetime_s = 0;
    cr_expect_not(config_takes(&options));
    /* [rfc8446#4.6.1] "Servers MUST NOT use any value greater than 604800 seconds (7 days)." */
    options.ticket_lifetime_s = RDTLS_TICKET_LIFETIME_MAX_S;
    cr_expect(config_takes(&options));
    options.ticket_lifetime_s++;
    cr_expect_not(config_takes(&options));
}
