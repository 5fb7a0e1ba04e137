#include "app/sdp_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void write_text(FILE *out, struct sdp_text text)
{
    fwrite(text.at, 1, text.len, out);
}

static const char *family(const struct sdp_candidate *candidate)
{
    return candidate->ipv6 ? "IP6" : "IP4";
}

static void write_bundle(FILE *out, const struct sdp_offer *offer)
{
    /* The section whose transport is used is named first, and is so the tagged one (RFC 9143
     * section 7.3.1). */
    fputs("a=group:BUNDLE ", out);
    write_text(out, offer->sections[offer->transport].mid);
    for (size_t i = 0; i < offer->section_count; i++) {
        if (offer->sections[i].taken && i != offer->transport) {
            fputc(' ', out);
            write_text(out, offer->sections[i].mid);
        }
    }
    fputs("\r\n", out);
}

static void write_session(FILE *out, const struct sdp_offer *offer, const struct sdp_local *local)
{
    fprintf(out, "v=0\r\no=- %" PRIu64 " 1 IN %s %s\r\ns=-\r\nt=0 0\r\n", local->session_id,
            family(&local->candidates[0]), local->candidates[0].address);
    if (offer->bundled) {
        write_bundle(out, offer);
    }
    /* For the session, not for a section (RFC 8839 section 5.3). */
    fputs("a=ice-lite\r\n", out);
}

/* Host candidates (RFC 8839 section 5.1), with priorities as RFC 8445 section 5.1.2.1 has them. */
static void write_candidates(FILE *out, const struct sdp_local *local)
{
    for (size_t i = 0; i < local->candidate_count; i++) {
        const struct sdp_candidate *candidate = &local->candidates[i];
        const uint32_t priority = 126U << 24 | (uint32_t)(65535 - i) << 8 | (256 - 1);
        fprintf(out, "a=candidate:%zu 1 udp %" PRIu32 " %s %u typ host\r\n", i + 1, priority,
                candidate->address, candidate->port);
    }
    fputs("a=end-of-candidates\r\n", out);
}

/* In every section, as libwebrtc does it: in a bundle the first one's would do (RFC 9143 section
 * 7.1.3), but Firefox 153 hangs when a section for data does not have them. */
static void write_transport(FILE *out, const struct sdp_local *local)
{
    fprintf(out,
            "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=ice-options:ice2\r\n"
            "a=fingerprint:sha-256 %s\r\na=setup:passive\r\n",
            local->ice_ufrag, local->ice_pwd, local->fingerprint);
}

static void write_format_line(FILE *out, const struct sdp_section *section, const char *name)
{
    const struct sdp_text value = sdp_format_attribute(section->lines, name, section->format);
    if (value.at != NULL) {
        fprintf(out, "a=%s:", name);
        write_text(out, section->format);
        fputc(' ', out);
        write_text(out, value);
        fputs("\r\n", out);
    }
}

static void write_kind(FILE *out, const struct sdp_section *section, const struct sdp_local *local)
{
    if (section->kind == SDP_DATA) {
        fprintf(out, "a=sctp-port:%u\r\na=max-message-size:%" PRIu64 "\r\n", local->sctp_port,
                local->message_max);
        return;
    }
    /* We send nothing (RFC 3264 section 6.1). */
    fprintf(out, "a=rtcp-mux\r\na=%s\r\n", section->offered_to ? "recvonly" : "inactive");
    write_format_line(out, section, "rtpmap");
    write_format_line(out, section, "fmtp");
}

static void write_section(FILE *out, const struct sdp_offer *offer, size_t index,
                          const struct sdp_local *local)
{
    const struct sdp_section *section = &offer->sections[index];
    const struct sdp_candidate *reached_at = &local->candidates[0];
    fputs("m=", out);
    write_text(out, section->media);
    fprintf(out, " %u ", section->taken ? reached_at->port : 0);
    write_text(out, section->protocol);
    fputc(' ', out);
    write_text(out, section->format);
    fprintf(out, "\r\nc=IN %s %s\r\n", family(reached_at), reached_at->address);
    if (section->mid.at != NULL) {
        fputs("a=mid:", out);
        write_text(out, section->mid);
        fputs("\r\n", out);
    }
    if (section->taken) {
        write_transport(out, local);
        write_kind(out, section, local);
    }
    if (section->taken && index == offer->transport) {
        write_candidates(out, local);
    }
}

char *sdp_answer_write(const struct sdp_offer *offer, const struct sdp_local *local)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL) {
        return NULL;
    }
    write_session(out, offer, local);
    for (size_t i = 0; i < offer->section_count; i++) {
        write_section(out, offer, i, local);
    }
    const bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}
