#include "app/sdp_offer.h"

#include <string.h>

#include "app/sdp_transport.h"

enum { FORMATS_LOOKED_AT = 128 /* payload types have 7 bits (RFC 3550 section 5.1) */ };

/* Parts of it are repeated in the answer: a CR that ends no line would be the end of one there, for
 * readers who take it for that. */
static bool is_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char byte = (unsigned char)text[i];
        const bool ends_line = byte == '\n' || (byte == '\r' && i + 1 < len && text[i + 1] == '\n');
        if ((byte < 0x20 && !ends_line && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

/* m=MEDIA PORT PROTOCOL FORMAT... (RFC 8866 section 5.14) */
static bool begin_section(struct sdp_offer *offer, struct sdp_text line, struct sdp_text rest,
                          struct complaint *complaint)
{
    if (offer->section_count == SDP_SECTIONS_MAX) {
        return complain(complaint, "more than %d m= sections", SDP_SECTIONS_MAX);
    }
    struct sdp_section *section = &offer->sections[offer->section_count];
    struct sdp_text left = {line.at + 2, line.len - 2};
    uint64_t port = 0;
    if (!sdp_next_word(&left, &section->media) || !sdp_next_word(&left, &section->port) ||
        !sdp_next_word(&left, &section->protocol) || !sdp_next_word(&left, &section->format) ||
        !sdp_text_number(section->port, UINT16_MAX, &port)) {
        return complain(complaint, "not an SDP: '%.*s' is no m= line", sdp_shown(line), line.at);
    }
    section->formats =
        (struct sdp_text){section->format.at, (size_t)(line.at + line.len - section->format.at)};
    section->lines = rest; /* to the end, until the next one begins */
    offer->section_count++;
    return true;
}

/* Cut into what is said for the whole session and the sections. */
static bool split(struct sdp_text left, struct sdp_offer *offer, struct sdp_text *session,
                  struct complaint *complaint)
{
    struct sdp_text line;
    struct sdp_text *open = session;
    unsigned number = 0;
    *session = left;
    while (sdp_next_line(&left, &line)) {
        number++;
        if (line.len == 0 && left.len == 0) {
            break; /* an empty line at the end harms nobody */
        }
        if (line.len < 2 || line.at[1] != '=' || line.at[0] < 'a' || line.at[0] > 'z') {
            return complain(complaint, "not an SDP: line %u, '%.*s', is not TYPE=VALUE", number,
                            sdp_shown(line), line.at);
        }
        if (number == 1 && !sdp_text_is(line, "v=0")) {
            return complain(complaint, "not an SDP: it does not begin with v=0");
        }
        if (line.at[0] == 'm') {
            open->len = (size_t)(line.at - open->at);
            if (!begin_section(offer, line, left, complaint)) {
                return false;
            }
            open = &offer->sections[offer->section_count - 1].lines;
        }
    }
    return number > 0 || complain(complaint, "not an SDP: it is empty");
}

static bool has_line(struct sdp_text lines, char type)
{
    struct sdp_text line;
    while (sdp_next_line(&lines, &line)) {
        if (line.len >= 2 && line.at[0] == type) {
            return true;
        }
    }
    return false;
}

/* The first codec that carries sound or pictures by itself: not a companion of another. All lines
 * are looked at for each format, which with as many formats as fit an offer takes a second. */
static struct sdp_text first_codec(const struct sdp_section *section)
{
    static const char *const companions[] = {
        "rtx", "red", "ulpfec", "flexfec-03", "telephone-event", "cn"};
    struct sdp_text left = section->formats;
    struct sdp_text format;
    for (size_t looked_at = 0; looked_at < FORMATS_LOOKED_AT && sdp_next_word(&left, &format);
         looked_at++) {
        struct sdp_text name = sdp_format_attribute(section->lines, "rtpmap", format);
        const char *slash = name.at == NULL ? NULL : memchr(name.at, '/', name.len);
        bool companion = false;
        name.len = slash == NULL ? name.len : (size_t)(slash - name.at);
        for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
            companion = companion || sdp_text_is_like(name, companions[i]);
        }
        if (!companion) {
            return format;
        }
    }
    return (struct sdp_text){NULL, 0};
}

static enum sdp_kind kind_of(const struct sdp_section *section)
{
    if (sdp_text_is(section->media, "application")) {
        return sdp_text_is(section->protocol, "UDP/DTLS/SCTP") &&
                       sdp_text_is(section->format, "webrtc-datachannel")
                   ? SDP_DATA
                   : SDP_OTHER;
    }
    const bool media = sdp_text_is(section->media, "audio") || sdp_text_is(section->media, "video");
    const bool secure = sdp_text_is(section->protocol, "UDP/TLS/RTP/SAVPF") ||
                        sdp_text_is(section->protocol, "UDP/TLS/RTP/SAVP");
    /* We have one port for everything (RFC 5761). */
    return media && secure && sdp_has(section->lines, "rtcp-mux") ? SDP_RTP : SDP_OTHER;
}

static void look_at_section(struct sdp_section *section, struct sdp_text session)
{
    section->kind = kind_of(section);
    section->mid = sdp_attribute(section->lines, "mid");
    if (section->kind == SDP_RTP) {
        const struct sdp_text codec = first_codec(section);
        section->kind = codec.at != NULL ? SDP_RTP : SDP_OTHER;
        section->format = codec.at != NULL ? codec : section->format;
        const bool said =
            sdp_has(section->lines, "sendonly") || sdp_has(section->lines, "recvonly") ||
            sdp_has(section->lines, "inactive") || sdp_has(section->lines, "sendrecv");
        const struct sdp_text where = said ? section->lines : session;
        section->offered_to = !sdp_has(where, "recvonly") && !sdp_has(where, "inactive");
    }
    /* Port 0 rejects a section (RFC 3264 section 5.1), unless it only ever is part of a bundle (RFC
     * 9143 section 6). */
    const bool offered = !sdp_text_is(section->port, "0") || sdp_has(section->lines, "bundle-only");
    section->taken = offered && section->kind != SDP_OTHER;
}

/* Data channels end in one association: a second section for them is rejected. */
static void look_at_sections(struct sdp_offer *offer, struct sdp_text session)
{
    bool data = false;
    for (size_t i = 0; i < offer->section_count; i++) {
        struct sdp_section *section = &offer->sections[i];
        look_at_section(section, session);
        if (section->taken && section->kind == SDP_DATA) {
            section->taken = !data;
            data = true;
        }
    }
}

static struct sdp_section *by_mid(struct sdp_offer *offer, struct sdp_text mid)
{
    for (size_t i = 0; i < offer->section_count; i++) {
        if (sdp_texts_equal(offer->sections[i].mid, mid)) {
            return &offer->sections[i];
        }
    }
    return NULL;
}

/* The sections of the first BUNDLE group that can be taken; its first one's transport is for all
 * (RFC 9143 section 7.2.1). */
static bool take_bundle(struct sdp_offer *offer, struct sdp_text session)
{
    struct sdp_text group = sdp_attribute(session, "group");
    struct sdp_text word;
    bool member[SDP_SECTIONS_MAX] = {false};
    if (!sdp_next_word(&group, &word) || !sdp_text_is(word, "BUNDLE")) {
        return false;
    }
    while (sdp_next_word(&group, &word)) {
        const struct sdp_section *section = by_mid(offer, word);
        if (section == NULL || !section->taken) {
            continue;
        }
        const size_t index = (size_t)(section - offer->sections);
        if (!offer->bundled) {
            offer->bundled = true;
            offer->transport = index;
        }
        member[index] = true;
    }
    for (size_t i = 0; offer->bundled && i < offer->section_count; i++) {
        offer->sections[i].taken = member[i];
    }
    return offer->bundled;
}

/* Without a bundle each section has a transport of its own, and we have one. */
static void take_one(struct sdp_offer *offer)
{
    bool found = false;
    for (size_t i = 0; i < offer->section_count; i++) {
        struct sdp_section *section = &offer->sections[i];
        section->taken = section->taken && !found;
        if (section->taken) {
            found = true;
            offer->transport = i;
        }
    }
}

static void note_what_is_taken(struct sdp_offer *offer)
{
    for (size_t i = 0; i < offer->section_count; i++) {
        const struct sdp_section *section = &offer->sections[i];
        offer->has_data = offer->has_data || (section->taken && section->kind == SDP_DATA);
        offer->has_media = offer->has_media || (section->taken && section->kind == SDP_RTP);
    }
}

static bool judge(struct sdp_offer *offer, struct sdp_text session, struct complaint *complaint)
{
    look_at_sections(offer, session);
    if (!take_bundle(offer, session)) {
        take_one(offer);
    }
    note_what_is_taken(offer);
    if (!offer->has_data && !offer->has_media) {
        return complain(complaint,
                        "no section that this server takes: data channels over UDP/DTLS/SCTP, or "
                        "audio and video over UDP/TLS/RTP/SAVPF with rtcp-mux");
    }
    return sdp_transport_read(offer, session, complaint);
}

bool sdp_offer_parse(const char *text, size_t len, struct sdp_offer *offer,
                     struct complaint *complaint)
{
    struct sdp_text session = {NULL, 0};
    *offer = (struct sdp_offer){.section_count = 0};
    if (len > SDP_TEXT_MAX) {
        return complain(complaint, "longer than %d bytes", SDP_TEXT_MAX);
    }
    if (!is_text(text, len)) {
        return complain(complaint, "not an SDP: it has control characters in it");
    }
    if (!split((struct sdp_text){text, len}, offer, &session, complaint)) {
        return false;
    }
    if (!has_line(session, 'o') || !has_line(session, 's') || !has_line(session, 't')) {
        return complain(complaint, "not an SDP: a line of o=, s= or t= is missing");
    }
    return judge(offer, session, complaint);
}
