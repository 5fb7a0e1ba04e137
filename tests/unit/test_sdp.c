/* Offers as browsers make them (tests/clients/offers), and what is wrong with others. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/sdp_answer.h"
#include "app/sdp_offer.h"

#define SESSION "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define FINGERPRINT                                                          \
    "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:" \
    "10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1e:1f\r\n"
#define ICE       "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
#define DATA_LINE "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
#define AUDIO     "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
#define SCTP      "a=sctp-port:5000\r\n"
#define DATA      DATA_LINE SCTP

static char *file_read(const char *name)
{
    char path[1024];
    char *text = calloc(1, SDP_TEXT_MAX + 1);
    cr_assert_not_null(text);
    (void)snprintf(path, sizeof(path), "%s/offers/%s.sdp", TEST_CLIENTS_DIR, name);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    cr_assert_gt(fread(text, 1, SDP_TEXT_MAX, file), 0);
    (void)fclose(file);
    return text;
}

/* From memory of exactly that size. The offer points into *text, to be freed. */
static bool parse(const char *string, char **text, struct sdp_offer *offer,
                  struct complaint *complaint)
{
    const size_t len = strlen(string);
    *text = malloc(len + (len == 0));
    cr_assert_not_null(*text);
    memcpy(*text, string, len);
    return sdp_offer_parse(*text, len, offer, complaint);
}

static void expect_refused(const char *string, const char *reason)
{
    static struct sdp_offer offer;
    struct complaint complaint = {""};
    char *text = NULL;
    cr_expect_not(parse(string, &text, &offer, &complaint), "%s", string);
    cr_expect_not_null(strstr(complaint.text, reason), "'%s' is not '%s'", complaint.text, reason);
    free(text);
}

static char *answered(const struct sdp_offer *offer)
{
    static const struct sdp_candidate candidates[] = {{"192.0.2.7", false, 3478},
                                                      {"2001:db8::7", true, 3479}};
    const struct sdp_local local = {.ice_ufrag = "UFRAG",
                                    .ice_pwd = "PWD",
                                    .fingerprint = "AB:CD",
                                    .session_id = 77,
                                    .sctp_port = 5000,
                                    .message_max = 262144,
                                    .candidates = candidates,
                                    .candidate_count = 2};
    char *answer = sdp_answer_write(offer, &local);
    cr_assert_not_null(answer);
    return answer;
}

static void expect_line(const char *answer, const char *line)
{
    const char *found = strstr(answer, line);
    cr_expect(found != NULL && (found == answer || found[-1] == '\n') &&
                  found[strlen(line)] == '\r',
              "no line '%s' in:\n%s", line, answer);
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        found++;
    }
    return found;
}

Test(sdp, offers_of_browsers_with_data_are_taken)
{
    const struct {
        const char *name;
        const char *ufrag;
        uint64_t message_max;
        uint8_t digest_begin;
    } cases[] = {{"chromium", "NFAn", 262144, 0xbf},
                 {"firefox", "5c865027", 1073741823, 0x12},
                 {"wrtc", "ry14", 262144, 0xb5}};
    static struct sdp_offer offer;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *file = file_read(cases[i].name);
        char *text = NULL;
        struct complaint complaint;
        cr_assert(parse(file, &text, &offer, &complaint), "%s: %s", cases[i].name, complaint.text);
        cr_expect(sdp_text_is(offer.ice_ufrag, cases[i].ufrag));
        cr_expect_eq(offer.fingerprint_count, 1);
        cr_expect_eq(offer.fingerprints[0].hash, RDTLS_HASH_SHA256);
        cr_expect_eq(offer.fingerprints[0].digest[0], cases[i].digest_begin);
        cr_expect_eq(offer.section_count, 1);
        cr_expect(offer.bundled && offer.has_data && !offer.has_media);
        cr_expect_eq(offer.sctp_port, 5000);
        cr_expect_eq(offer.message_max, cases[i].message_max);
        free(text);
        free(file);
    }
}

Test(sdp, offers_of_browsers_with_media_are_answered)
{
    const struct {
        const char *name;
        const char *audio;
        const char *video;
    } cases[] = {{"chromium-media", "111 opus/48000/2", "96 VP8/90000"},
                 {"firefox-media", "109 opus/48000/2", "120 VP8/90000"},
                 {"wrtc-media", "111 opus/48000/2", "96 VP8/90000"}};
    static struct sdp_offer offer;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *file = file_read(cases[i].name);
        char *text = NULL;
        struct complaint complaint;
        char line[100];
        cr_assert(parse(file, &text, &offer, &complaint), "%s: %s", cases[i].name, complaint.text);
        cr_expect(offer.has_data && offer.has_media);
        cr_expect_eq(offer.section_count, 3);
        char *answer = answered(&offer);
        (void)snprintf(line, sizeof(line), "a=rtpmap:%s", cases[i].audio);
        expect_line(answer, line);
        (void)snprintf(line, sizeof(line), "a=rtpmap:%s", cases[i].video);
        expect_line(answer, line);
        expect_line(answer, "a=group:BUNDLE 0 1 2");
        expect_line(answer, "m=application 3478 UDP/DTLS/SCTP webrtc-datachannel");
        cr_expect_eq(count(answer, "a=recvonly\r\n"), 2);
        cr_expect_eq(count(answer, "a=rtcp-mux\r\n"), 2);
        cr_expect_eq(count(answer, "a=ice-ufrag:UFRAG\r\n"), 3);
        cr_expect_eq(count(answer, "a=candidate:"), 2);
        free(answer);
        free(text);
        free(file);
    }
}

Test(sdp, answer_says_all_that_a_peer_needs)
{
    static struct sdp_offer offer;
    char *text = NULL;
    struct complaint complaint;
    cr_assert(parse(SESSION "a=group:BUNDLE x\r\n" FINGERPRINT ICE DATA "a=mid:x\r\n", &text,
                    &offer, &complaint),
              "%s", complaint.text);
    char *answer = answered(&offer);
    cr_expect_str_eq(answer, "v=0\r\n"
                             "o=- 77 1 IN IP4 192.0.2.7\r\n"
                             "s=-\r\n"
                             "t=0 0\r\n"
                             "a=group:BUNDLE x\r\n"
                             "a=ice-lite\r\n"
                             "m=application 3478 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                             "c=IN IP4 192.0.2.7\r\n"
                             "a=mid:x\r\n"
                             "a=ice-ufrag:UFRAG\r\n"
                             "a=ice-pwd:PWD\r\n"
                             "a=ice-options:ice2\r\n"
                             "a=fingerprint:sha-256 AB:CD\r\n"
                             "a=setup:passive\r\n"
                             "a=sctp-port:5000\r\n"
                             "a=max-message-size:262144\r\n"
                             "a=candidate:1 1 udp 2130706431 192.0.2.7 3478 typ host\r\n"
                             "a=candidate:2 1 udp 2130706175 2001:db8::7 3479 typ host\r\n"
                             "a=end-of-candidates\r\n");
    free(answer);
    free(text);
}

Test(sdp, sections_that_are_not_taken_are_rejected_in_their_place)
{
    static struct sdp_offer offer;
    char *text = NULL;
    struct complaint complaint;
    cr_assert(parse(SESSION "a=group:BUNDLE v d\r\n" FINGERPRINT ICE
                            "m=video 9 RTP/AVP 96 97\r\na=mid:v\r\n" DATA "a=mid:d\r\n" DATA
                            "a=mid:e\r\n" AUDIO "a=mid:a\r\n",
                    &text, &offer, &complaint),
              "%s", complaint.text);
    char *answer = answered(&offer);
    expect_line(answer, "a=group:BUNDLE d");
    expect_line(answer, "m=video 0 RTP/AVP 96");
    expect_line(answer, "m=audio 0 UDP/TLS/RTP/SAVPF 111");
    expect_line(answer, "m=application 3478 UDP/DTLS/SCTP webrtc-datachannel");
    expect_line(answer, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel");
    cr_expect_eq(count(answer, "a=sctp-port"), 1);
    free(answer);
    free(text);
}

Test(sdp, without_a_bundle_one_section_is_taken)
{
    static struct sdp_offer offer;
    char *text = NULL;
    struct complaint complaint;
    cr_assert(parse(SESSION FINGERPRINT ICE DATA AUDIO, &text, &offer, &complaint));
    cr_expect_not(offer.bundled);
    cr_expect(offer.sections[0].taken && !offer.sections[1].taken);
    cr_expect(offer.has_data && !offer.has_media);
    free(text);
}

Test(sdp, sections_of_a_bundle_may_have_port_0)
{
    static struct sdp_offer offer;
    char *text = NULL;
    struct complaint complaint;
    cr_assert(parse(SESSION "a=group:BUNDLE a d\r\n" FINGERPRINT ICE AUDIO "a=mid:a\r\n"
                            "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=bundle-only\r\n"
                            "a=mid:d\r\n" SCTP,
                    &text, &offer, &complaint),
              "%s", complaint.text);
    cr_expect(offer.has_data && offer.has_media);
    free(text);
}

Test(sdp, what_is_said_for_a_section_goes_before_what_is_said_for_all)
{
    static struct sdp_offer offer;
    char *text = NULL;
    struct complaint complaint;
    cr_assert(parse(SESSION "a=setup:passive\r\n" FINGERPRINT ICE DATA
                            "a=setup:active\r\na=ice-ufrag:mine\r\n"
                            "a=fingerprint:SHA-384 "
                            "01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:"
                            "01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:"
                            "01:01\r\na=fingerprint:sha-1 00:11\r\n",
                    &text, &offer, &complaint),
              "%s", complaint.text);
    cr_expect(sdp_text_is(offer.ice_ufrag, "mine"));
    cr_expect_eq(offer.fingerprint_count, 1);
    cr_expect_eq(offer.fingerprints[0].hash, RDTLS_HASH_SHA384);
    cr_expect_eq(offer.fingerprints[0].digest[47], 1);
    cr_expect_eq(offer.message_max, 65536);
    free(text);
}

Test(sdp, lines_may_end_with_a_line_feed_alone)
{
    static struct sdp_offer offer;
    char *text = NULL;
    struct complaint complaint;
    char plain[] = SESSION FINGERPRINT ICE DATA "\r\n";
    size_t kept = 0;
    for (size_t i = 0; i < sizeof(plain); i++) {
        if (plain[i] != '\r') {
            plain[kept++] = plain[i];
        }
    }
    cr_assert(parse(plain, &text, &offer, &complaint), "%s", complaint.text);
    cr_expect(sdp_text_is(offer.ice_ufrag, "abcd"));
    free(text);
}

Test(sdp, what_is_no_sdp_is_refused)
{
    expect_refused("", "not an SDP: it is empty");
    expect_refused("hello", "not an SDP: line 1, 'hello'");
    expect_refused("{\"sdp\": 1}", "not an SDP: line 1");
    expect_refused("v=1\r\n", "does not begin with v=0");
    expect_refused("o=- 1 2 IN IP4 127.0.0.1\r\n", "does not begin with v=0");
    expect_refused(SESSION "\r\n" DATA, "not an SDP: line 5");
    expect_refused("v=0\r\ns=-\r\nt=0 0\r\n", "o=, s= or t=");
    expect_refused(SESSION "a=\x01\r\n", "control characters");
    expect_refused(SESSION "a=mid:0\rm=audio\r\n", "control characters");
    expect_refused(SESSION "a=mid:0\r", "control characters");
    expect_refused(SESSION "m=audio\r\n", "is no m= line");
    expect_refused(SESSION "m=audio 99999 UDP/TLS/RTP/SAVPF 0\r\n", "is no m= line");
    static struct sdp_offer offer;
    struct complaint complaint;
    cr_expect_not(sdp_offer_parse("v=0\0", 4, &offer, &complaint));
    char *long_one = calloc(1, SDP_TEXT_MAX + 1);
    cr_assert_not_null(long_one);
    cr_expect_not(sdp_offer_parse(long_one, SDP_TEXT_MAX + 1, &offer, &complaint));
    cr_expect_not_null(strstr(complaint.text, "longer than 65536"));
    free(long_one);
}

/* Looking at each of ten thousand formats among as many lines would keep everybody waiting. */
Test(sdp, more_formats_than_there_are_payload_types_are_not_looked_at)
{
    enum { FORMATS = 128 };
    static struct sdp_offer offer;
    for (size_t companions = FORMATS - 1; companions <= FORMATS; companions++) {
        char formats[2 * FORMATS + 1] = "";
        char string[2048];
        char *text = NULL;
        struct complaint complaint = {""};
        for (size_t i = 0; i < companions; i++) {
            memcpy(formats + 2 * i, " 1", 3);
        }
        (void)snprintf(string, sizeof(string),
                       SESSION ICE FINGERPRINT
                       "m=audio 9 UDP/TLS/RTP/SAVPF%s 111\r\na=rtcp-mux\r\n"
                       "a=rtpmap:1 rtx/90000\r\na=rtpmap:111 opus/48000/2\r\n",
                       formats);
        cr_expect_eq(parse(string, &text, &offer, &complaint), companions < FORMATS, "%s",
                     complaint.text);
        free(text);
    }
}

Test(sdp, what_cannot_work_is_refused)
{
    expect_refused(SESSION ICE DATA, "no a=fingerprint");
    expect_refused(SESSION ICE DATA "a=fingerprint:sha-1 00:11\r\n", "no a=fingerprint");
    expect_refused(SESSION ICE DATA "a=fingerprint:sha-256 00:11\r\n", "of that hash's length");
    expect_refused(SESSION ICE DATA "a=fingerprint:sha-256\r\n", "a=fingerprint:sha-256");
    expect_refused(SESSION ICE DATA FINGERPRINT FINGERPRINT FINGERPRINT FINGERPRINT FINGERPRINT
                       FINGERPRINT FINGERPRINT FINGERPRINT FINGERPRINT,
                   "more than 8 fingerprints");
    expect_refused(SESSION ICE FINGERPRINT DATA "a=setup:passive\r\n", "a=setup:passive");
    expect_refused(SESSION ICE FINGERPRINT DATA "a=setup:holdconn\r\n", "a=setup:holdconn");
    expect_refused(SESSION FINGERPRINT DATA, "ice-ufrag");
    expect_refused(SESSION FINGERPRINT DATA "a=ice-ufrag:abc\r\n", "ice-ufrag");
    expect_refused(SESSION FINGERPRINT DATA "a=ice-ufrag:ab:cd\r\n", "ice-ufrag");
    expect_refused(SESSION FINGERPRINT DATA "a=ice-ufrag:abcd\r\na=ice-pwd:short\r\n", "ice-pwd");
    expect_refused(SESSION ICE FINGERPRINT "a=ice-lite\r\n" DATA, "a=ice-lite");
    expect_refused(SESSION ICE FINGERPRINT DATA_LINE, "sctp-port");
    expect_refused(SESSION ICE FINGERPRINT DATA_LINE "a=sctp-port:0\r\n", "sctp-port");
    expect_refused(SESSION ICE FINGERPRINT DATA_LINE "a=sctp-port:70000\r\n", "sctp-port");
    expect_refused(SESSION ICE FINGERPRINT DATA "a=max-message-size:many\r\n", "max-message-size");
    expect_refused(SESSION ICE FINGERPRINT, "no section that this server takes");
    expect_refused(SESSION ICE FINGERPRINT "m=audio 9 RTP/AVP 0\r\n", "no section");
    expect_refused(SESSION ICE FINGERPRINT "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", "rtcp-mux");
    expect_refused(SESSION ICE FINGERPRINT
                   "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n" SCTP,
                   "no section");
    expect_refused(SESSION ICE FINGERPRINT
                   "m=audio 9 UDP/TLS/RTP/SAVPF 13\r\na=rtcp-mux\r\na=rtpmap:13 CN/8000\r\n",
                   "no section");
}

Test(sdp, too_many_sections_are_refused)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    cr_assert_not_null(out);
    (void)fputs(SESSION ICE FINGERPRINT, out);
    for (int i = 0; i <= SDP_SECTIONS_MAX; i++) {
        (void)fputs(DATA, out);
    }
    (void)fclose(out);
    expect_refused(text, "more than 64 m= sections");
    free(text);
}

/* Each real offer, cut anywhere and with any byte changed: taken or refused, and answered. */
Test(sdp, damaged_offers_harm_nobody)
{
    static const char *const names[] = {"chromium", "firefox", "wrtc"};
    static struct sdp_offer offer;
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        char *file = file_read(names[n]);
        const size_t len = strlen(file);
        for (size_t i = 0; i < len; i++) {
            struct complaint complaint = {""};
            char *text = malloc(len);
            cr_assert_not_null(text);
            memcpy(text, file, len);
            text[i] = (char)(text[i] ^ (char)(1 << i % 8));
            if (sdp_offer_parse(text, len, &offer, &complaint)) {
                free(answered(&offer));
            } else {
                cr_expect_neq(complaint.text[0], '\0');
            }
            free(text);
            text = malloc(i + 1);
            cr_assert_not_null(text);
            memcpy(text, file, i);
            (void)sdp_offer_parse(text, i, &offer, &complaint);
            free(text);
        }
        free(file);
    }
}
