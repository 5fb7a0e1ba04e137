#include <criterion/criterion.h>
#include <string.h>

#include "app/address.h"
#include "app/candidates.h"
#include "app/webrtc_options.h"

enum { WORDS_MAX = 16 };

static bool parse(const char *const *words, struct webrtc_options *options,
                  struct complaint *complaint)
{
    const char *argv[WORDS_MAX + 2] = {"webrtc"};
    int argc = 1;
    for (size_t i = 0; words[i] != NULL; i++) {
        argv[argc++] = words[i];
    }
    return webrtc_options_parse(argc, argv, options, complaint);
}

static void expect_refused(const char *reason, const char *const *words)
{
    struct webrtc_options options;
    struct complaint complaint = {""};
    cr_expect_not(parse(words, &options, &complaint), "%s", words[0]);
    cr_expect_not_null(strstr(complaint.text, reason), "'%s' is not '%s'", complaint.text, reason);
    webrtc_options_free(&options);
}

#define REFUSED(reason, ...) expect_refused(reason, (const char *const[]){__VA_ARGS__, NULL})

Test(webrtc_options, nothing_said_is_enough)
{
    struct webrtc_options options;
    struct complaint complaint;
    cr_assert(parse((const char *const[]){NULL}, &options, &complaint), "%s", complaint.text);
    cr_expect_eq(options.http.port, 8080);
    cr_expect_eq(options.listen_count, 1);
    cr_expect_eq(options.listen[0].port, 4433);
    cr_expect(address_is_any(&options.listen[0]));
    cr_expect_eq(options.extras.version_count, 2);
    cr_expect_eq(options.sessions.connect_s, 15);
    cr_expect_eq(options.sessions.consent_s, 30);
    webrtc_options_free(&options);
}

Test(webrtc_options, are_taken)
{
    struct webrtc_options options;
    struct complaint complaint;
    cr_assert(
        parse((const char *const[]){"--http", "[::1]:80", "--listen", "192.0.2.1:1", "--listen",
                                    "[2001:db8::1]:2", "--announce", "198.51.100.7", "--announce",
                                    "2001:db8::7", "--versions", "1.3", NULL},
              &options, &complaint),
        "%s", complaint.text);
    cr_expect_eq(options.http.port, 80);
    cr_expect_eq(options.listen_count, 2);
    cr_expect_eq(options.announce_count, 2);
    cr_expect_eq(options.extras.version_count, 1);
    webrtc_options_free(&options);
}

Test(webrtc_options, what_is_wrong_is_said)
{
    REFUSED("--http 8080: no port", "--http", "8080");
    REFUSED("--http localhost:80: 'localhost' is not a numeric address", "--http", "localhost:80");
    REFUSED("--listen 1.2.3.4: no port", "--listen", "1.2.3.4");
    REFUSED("--announce 1.2.3.4:5: not a numeric address", "--announce", "1.2.3.4:5");
    REFUSED("--announce [::1]: not a numeric address", "--announce", "[::1]");
    REFUSED("--announce 0.0.0.0: nobody can send there", "--announce", "0.0.0.0");
    REFUSED("--shards 0: not a whole number", "--shards", "0");
    REFUSED("--connect-timeout 0: not a whole number", "--connect-timeout", "0");
    REFUSED("--consent-timeout x: not a whole number", "--consent-timeout", "x");
    REFUSED("--sessions-max 1048577: not a whole number from 1 to 1048576", "--sessions-max",
            "1048577");
    REFUSED("--cert and --key belong together", "--cert", "a.pem");
    REFUSED("--versions 1.1", "--versions", "1.1");
    REFUSED("'stray' is not an option", "stray");
    REFUSED("--bogus", "--bogus");
}

static struct rdtls_listen address(const char *text)
{
    struct rdtls_listen parsed;
    struct complaint complaint;
    cr_assert(address_parse(text, &parsed, &complaint), "%s", complaint.text);
    return parsed;
}

static void expect_candidates(const struct candidate_list *list, size_t count,
                              const char *const *addresses, const uint16_t *ports)
{
    cr_assert_eq(list->count, count);
    for (size_t i = 0; i < count; i++) {
        cr_expect_str_eq(list->candidates[i].address, addresses[i]);
        cr_expect_eq(list->candidates[i].port, ports[i]);
        cr_expect_eq(list->candidates[i].ipv6, strchr(addresses[i], ':') != NULL);
    }
}

Test(candidates, are_what_is_listened_on)
{
    const struct rdtls_listen listen[] = {address("192.0.2.1:1"), address("[2001:db8::1]:2")};
    struct candidate_list list;
    struct complaint complaint;
    cr_assert(candidates_find(listen, 2, NULL, 0, &list, &complaint));
    expect_candidates(&list, 2, (const char *const[]){"192.0.2.1", "2001:db8::1"},
                      (const uint16_t[]){1, 2});
}

Test(candidates, are_what_is_announced_for_its_family)
{
    const struct rdtls_listen listen[] = {address("0.0.0.0:1"), address("[2001:db8::1]:2")};
    const struct rdtls_listen announce[] = {address("[2001:db8::7]:0"), address("198.51.100.7:0")};
    struct candidate_list list;
    struct complaint complaint;
    cr_assert(candidates_find(listen, 2, announce, 2, &list, &complaint));
    expect_candidates(&list, 2, (const char *const[]){"2001:db8::7", "198.51.100.7"},
                      (const uint16_t[]){2, 1});
    cr_expect_not(candidates_find(listen, 1, announce, 1, &list, &complaint));
    cr_expect_not_null(strstr(complaint.text, "family"), "%s", complaint.text);
}

Test(candidates, any_address_serves_both_families)
{
    const struct rdtls_listen listen[] = {address("[::]:5")};
    const struct rdtls_listen announce[] = {address("198.51.100.7:0"), address("[2001:db8::7]:0")};
    struct candidate_list list;
    struct complaint complaint;
    cr_assert(candidates_find(listen, 1, announce, 2, &list, &complaint));
    expect_candidates(&list, 2, (const char *const[]){"198.51.100.7", "2001:db8::7"},
                      (const uint16_t[]){5, 5});
}
