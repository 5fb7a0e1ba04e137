#include "app/sdp_transport.h"

enum {
    UFRAG_MIN = 4, /* RFC 8839 section 5.4 */
    PWD_MIN = 22,
    CREDENTIAL_MAX = 256,
    MESSAGE_DEFAULT_MAX = 65536, /* RFC 8841 section 6.1 */
};

/* Said for the section, or else for the session. */
static struct sdp_text said_for(struct sdp_text section, struct sdp_text session, const char *name)
{
    const struct sdp_text value = sdp_attribute(section, name);
    return value.at != NULL ? value : sdp_attribute(session, name);
}

/* RFC 8839 section 5.4: letters, digits, + and /. */
static bool is_credential(struct sdp_text text, size_t min)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '+' || c == '/')) {
            return false;
        }
    }
    return text.at != NULL && text.len >= min && text.len <= CREDENTIAL_MAX;
}

static bool read_ice(struct sdp_offer *offer, struct sdp_text section, struct sdp_text session,
                     struct complaint *complaint)
{
    offer->ice_ufrag = said_for(section, session, "ice-ufrag");
    offer->ice_pwd = said_for(section, session, "ice-pwd");
    if (!is_credential(offer->ice_ufrag, UFRAG_MIN)) {
        return complain(complaint, "no a=ice-ufrag of 4 to 256 letters, digits, + and /");
    }
    if (!is_credential(offer->ice_pwd, PWD_MIN)) {
        return complain(complaint, "no a=ice-pwd of 22 to 256 letters, digits, + and /");
    }
    if (sdp_has(session, "ice-lite")) {
        return complain(complaint, "a=ice-lite: so are we, and nobody would check the path");
    }
    return true;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    const int lower = digit | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* AB:CD:... of exactly len bytes (RFC 8122 section 5) */
static bool read_digest(struct sdp_text text, uint8_t *digest, size_t len)
{
    if (text.len != 3 * len - 1) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        const int high = hex_value(text.at[3 * i]);
        const int low = hex_value(text.at[3 * i + 1]);
        if (high < 0 || low < 0 || (i + 1 < len && text.at[3 * i + 2] != ':')) {
            return false;
        }
        digest[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

struct hash_name {
    const char *name;
    enum rdtls_hash hash;
    size_t digest_len;
};

static const struct hash_name *hash_by_name(struct sdp_text name)
{
    static const struct hash_name hashes[] = {{"sha-256", RDTLS_HASH_SHA256, 32},
                                              {"sha-384", RDTLS_HASH_SHA384, 48},
                                              {"sha-512", RDTLS_HASH_SHA512, 64}};
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        if (sdp_text_is_like(name, hashes[i].name)) {
            return &hashes[i];
        }
    }
    return NULL;
}

static bool read_fingerprint(struct sdp_offer *offer, struct sdp_text value,
                             struct complaint *complaint)
{
    struct rdtls_fingerprint fingerprint = {.hash = RDTLS_HASH_SHA256};
    struct sdp_text name = {NULL, 0};
    struct sdp_text digits = {NULL, 0};
    const bool whole = sdp_next_word(&value, &name) && sdp_next_word(&value, &digits);
    const struct hash_name *hash = hash_by_name(name);
    if (whole && hash == NULL) {
        return true;
    }
    if (!whole || !read_digest(digits, fingerprint.digest, hash->digest_len)) {
        return complain(complaint, "a=fingerprint:%.*s is not HASH AB:CD:... of that hash's length",
                        sdp_shown(name), name.at == NULL ? "" : name.at);
    }
    if (offer->fingerprint_count == RDTLS_SIGNALLED_MAX) {
        return complain(complaint, "more than %d fingerprints", RDTLS_SIGNALLED_MAX);
    }
    fingerprint.hash = hash->hash;
    offer->fingerprints[offer->fingerprint_count++] = fingerprint;
    return true;
}

/* All of the section's, or all of the session's. */
static bool read_fingerprints(struct sdp_offer *offer, struct sdp_text section,
                              struct sdp_text session, struct complaint *complaint)
{
    struct sdp_text lines = sdp_has(section, "fingerprint") ? section : session;
    struct sdp_text line;
    while (sdp_next_line(&lines, &line)) {
        const struct sdp_text value = sdp_attribute(line, "fingerprint");
        if (value.at != NULL && !read_fingerprint(offer, value, complaint)) {
            return false;
        }
    }
    return offer->fingerprint_count > 0 ||
           complain(complaint, "no a=fingerprint by sha-256, sha-384 or sha-512: whose certificate "
                               "is to be expected?");
}

/* We are passive, so the peer has to be willing to be active (RFC 8842 section 5.3). */
static bool read_setup(struct sdp_text section, struct sdp_text session,
                       struct complaint *complaint)
{
    const struct sdp_text setup = said_for(section, session, "setup");
    /* An offer that does not say is active (RFC 4145 section 4.1). */
    if (setup.at == NULL || sdp_text_is(setup, "actpass") || sdp_text_is(setup, "active")) {
        return true;
    }
    return complain(complaint, "a=setup:%.*s: this server is passive, want actpass or active",
                    sdp_shown(setup), setup.at);
}

static bool read_data(struct sdp_offer *offer, struct complaint *complaint)
{
    for (size_t i = 0; i < offer->section_count; i++) {
        const struct sdp_section *section = &offer->sections[i];
        if (!section->taken || section->kind != SDP_DATA) {
            continue;
        }
        const struct sdp_text port = sdp_attribute(section->lines, "sctp-port");
        const struct sdp_text size = sdp_attribute(section->lines, "max-message-size");
        uint64_t number = 0;
        if (!sdp_text_number(port, UINT16_MAX, &number) || number == 0) {
            return complain(complaint, "no a=sctp-port from 1 to 65535 in the section for data "
                                       "channels");
        }
        offer->sctp_port = (uint16_t)number;
        offer->message_max = MESSAGE_DEFAULT_MAX;
        if (size.at != NULL && !sdp_text_number(size, UINT64_MAX, &offer->message_max)) {
            return complain(complaint, "a=max-message-size:%.*s is not a number", sdp_shown(size),
                            size.at);
        }
    }
    return true;
}

bool sdp_transport_read(struct sdp_offer *offer, struct sdp_text session,
                        struct complaint *complaint)
{
    const struct sdp_text lines = offer->sections[offer->transport].lines;
    return read_ice(offer, lines, session, complaint) && read_setup(lines, session, complaint) &&
           read_fingerprints(offer, lines, session, complaint) && read_data(offer, complaint);
}
