#include "settings.h"

#include <stdlib.h>
#include <string.h>

enum kind {
    IGNORED,      /* says nothing to a library without I/O, threads or callbacks */
    IGNORED_TEXT, /* nor does this, whose value follows */
    SWITCH,
    TEXT,
    NUMBER,
    NUMBERS,         /* given as often as there are */
    CREDENTIAL,      /* begins another credential */
    CREDENTIAL_TEXT, /* of the one that has begun; in its settings */
    CREDENTIAL_NUMBERS,
    CREDENTIAL_SWITCH,
};

struct flag {
    const char *name;
    enum kind kind;
    size_t offset;
};

#define AT(member)            offsetof(struct settings, member)
#define OF_CREDENTIAL(member) offsetof(struct credential_settings, member)

static const struct flag flags_known[] = {
    {"-advertise-alpn", TEXT, AT(advertise_alpn)},
    {"-async", SWITCH, AT(is_async)},
    {"-cert-file", CREDENTIAL_TEXT, OF_CREDENTIAL(cert_file)},
    {"-curves", NUMBERS, AT(groups)},
    {"-decline-alpn", SWITCH, AT(decline_alpn)},
    {"-dtls", SWITCH, AT(is_dtls)},
    {"-expect-advertised-alpn", TEXT, AT(expect_advertised_alpn)},
    {"-expect-alpn", TEXT, AT(expect_alpn)},
    {"-expect-hrr", SWITCH, AT(expect_hrr)},
    {"-expect-no-hrr", SWITCH, AT(expect_no_hrr)},
    {"-expect-no-session", SWITCH, AT(expect_no_session)},
    {"-expect-no-session-id", IGNORED, 0},
    {"-expect-selected-credential", NUMBERS, AT(expect_credential)},
    {"-expect-server-name", TEXT, AT(expect_server_name)},
    {"-expect-session-miss", SWITCH, AT(expect_session_miss)},
    {"-expect-ticket-renewal", SWITCH, AT(expect_ticket_renewal)},
    {"-expect-verify-result", SWITCH, AT(expect_verify_result)},
    {"-export-context", TEXT, AT(export_context)},
    {"-export-keying-material", NUMBER, AT(export_len)},
    {"-export-label", TEXT, AT(export_label)},
    {"-host-name", TEXT, AT(host_name)},
    {"-implicit-handshake", IGNORED, 0},
    {"-initial-timeout-duration-ms", NUMBER, AT(initial_timeout_ms)},
    {"-ipv6", SWITCH, AT(ipv6)},
    {"-key-file", CREDENTIAL_TEXT, OF_CREDENTIAL(key_file)},
    {"-key-update-before-read", SWITCH, AT(update_keys)},
    {"-max-cert-list", IGNORED_TEXT, 0},
    {"-max-version", NUMBER, AT(max_version)},
    {"-min-version", NUMBER, AT(min_version)},
    {"-mtu", NUMBER, AT(mtu)},
    {"-must-match-issuer", CREDENTIAL_SWITCH, OF_CREDENTIAL(must_match_issuer)},
    {"-new-x509-credential", CREDENTIAL, 0},
    {"-no-server-name-ack", IGNORED, 0},
    {"-no-ticket", SWITCH, AT(no_ticket)},
    {"-no-tls1", IGNORED, 0},
    {"-no-tls12", SWITCH, AT(no_12)},
    {"-no-tls13", SWITCH, AT(no_13)},
    {"-port", NUMBER, AT(port)},
    {"-private-key-delay-ms", NUMBER, AT(private_key_delay_ms)},
    {"-reject-alpn", SWITCH, AT(reject_alpn)},
    {"-renew-ticket", IGNORED, 0},
    {"-require-any-client-certificate", SWITCH, AT(require_certificate)},
    {"-resume-count", NUMBER, AT(resume_count)},
    {"-select-alpn", TEXT, AT(select_alpn)},
    {"-send-alert", SWITCH, AT(send_alert)},
    {"-server", SWITCH, AT(is_server)},
    {"-shim-id", NUMBER, AT(id)},
    {"-shim-writes-first", SWITCH, AT(writes_first)},
    {"-signing-prefs", CREDENTIAL_NUMBERS, OF_CREDENTIAL(signing_schemes)},
    {"-skip-ticket", SWITCH, AT(no_ticket)},
    {"-srtp-profiles", TEXT, AT(srtp_profiles)},
    {"-trust-cert", IGNORED_TEXT, 0},
    {"-use-custom-verify-callback", SWITCH, AT(custom_verify)},
    {"-use-early-callback", IGNORED, 0},
    {"-use-export-context", SWITCH, AT(use_export_context)},
    {"-use-old-client-cert-callback", IGNORED, 0},
    {"-use-ticket-aead-callback", IGNORED, 0},
    {"-use-ticket-callback", IGNORED, 0},
    {"-verify-fail", SWITCH, AT(verify_fail)},
    {"-verify-peer", SWITCH, AT(verify_peer)},
    {"-verify-prefs", NUMBERS, AT(peer_schemes)},
};

static const struct flag *find_flag(const char *name)
{
    for (size_t i = 0; i < sizeof(flags_known) / sizeof(flags_known[0]); i++)
        if (strcmp(flags_known[i].name, name) == 0)
            return &flags_known[i];
    return NULL;
}

/* "-on-resume-x" is -x for some of the connections. true: this is one of them. */
static bool is_for(const char *flag, bool is_resumption, const char **name)
{
    static const struct {
        const char *prefix;
        bool initial;
        bool resumed;
    } prefixes[] = {
        {"-on-initial", true, false},
        {"-on-resume", false, true},
        {"-on-shim", true, true},
        {"-on-handshaker", false, false},
    };
    *name = flag;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t len = strlen(prefixes[i].prefix);
        if (strncmp(flag, prefixes[i].prefix, len) != 0 || flag[len] != '-')
            continue;
        *name = flag + len;
        return is_resumption ? prefixes[i].resumed : prefixes[i].initial;
    }
    return true;
}

static bool has_value(enum kind kind)
{
    return kind == TEXT || kind == NUMBER || kind == NUMBERS || kind == IGNORED_TEXT ||
           kind == CREDENTIAL_TEXT || kind == CREDENTIAL_NUMBERS;
}

static void append(struct numbers *numbers, const char *value)
{
    if (numbers->count < SETTINGS_NUMBERS_MAX)
        numbers->values[numbers->count++] = strtoull(value, NULL, 10);
}

/* false: there are too many. */
static bool apply(const struct flag *flag, const char *value, struct settings *settings)
{
    void *place = (uint8_t *)settings + flag->offset;
    void *in_credential =
        (uint8_t *)&settings->credentials[settings->credentials_new] + flag->offset;
    switch (flag->kind) {
    case IGNORED:
    case IGNORED_TEXT:
        break;
    case SWITCH:
        *(bool *)place = true;
        break;
    case TEXT:
        *(const char **)place = value;
        break;
    case NUMBER:
        *(uint64_t *)place = strtoull(value, NULL, 10);
        break;
    case NUMBERS:
        append(place, value);
        break;
    case CREDENTIAL:
        settings->credentials_new++;
        return settings->credentials_new < SETTINGS_CREDENTIALS_MAX;
    case CREDENTIAL_TEXT:
        *(const char **)in_credential = value;
        break;
    case CREDENTIAL_NUMBERS:
        append(in_credential, value);
        break;
    case CREDENTIAL_SWITCH:
        *(bool *)in_credential = true;
        break;
    }
    return true;
}

const struct credential_settings *settings_credential(const struct settings *settings, size_t n)
{
    return &settings->credentials[n < settings->credentials_new ? n + 1 : 0];
}

bool settings_text_differs(const char *expected, const char *found)
{
    return expected != NULL && (found == NULL || strcmp(expected, found) != 0);
}

bool settings_must_verify(const struct settings *settings)
{
    return settings->verify_peer || settings->require_certificate || settings->custom_verify;
}

bool settings_read(char **flags, bool is_resumption, struct settings *settings,
                   const char **unknown)
{
    *settings = (struct settings){.is_resumption = is_resumption};
    while (*flags != NULL) {
        const char *name;
        bool applies = is_for(*flags, is_resumption, &name);
        const struct flag *flag = find_flag(name);
        *unknown = *flags;
        if (flag == NULL || (has_value(flag->kind) && flags[1] == NULL))
            return false;
        const char *value = has_value(flag->kind) ? *++flags : NULL;
        if (applies && !apply(flag, value, settings))
            return false;
        flags++;
    }
    return true;
}
