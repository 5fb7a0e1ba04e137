/* Offers: what is taken lies inside the text and is answered, what is not is complained about in a
 * line. */
#include "../fuzz.h"

#include <string.h>

#include "app/sdp_answer.h"
#include "app/sdp_offer.h"

static void expect_part(struct sdp_text part, struct bytes whole)
{
    expect_inside(bytes_of(part.at, part.at == NULL ? 0 : part.len), whole);
}

static void expect_section(const struct sdp_section *section, struct bytes whole)
{
    expect_part(section->media, whole);
    expect_part(section->port, whole);
    expect_part(section->protocol, whole);
    expect_part(section->formats, whole);
    expect_part(section->format, whole);
    expect_part(section->mid, whole);
    expect_part(section->lines, whole);
    EXPECT(!section->taken || section->kind != SDP_OTHER);
    EXPECT(section->format.len > 0);
}

static void expect_offer(const struct sdp_offer *offer, struct bytes whole)
{
    EXPECT(offer->section_count > 0 && offer->section_count <= SDP_SECTIONS_MAX);
    EXPECT(offer->transport < offer->section_count && offer->sections[offer->transport].taken);
    EXPECT(offer->fingerprint_count > 0 && offer->fingerprint_count <= RDTLS_SIGNALLED_MAX);
    EXPECT(offer->has_data || offer->has_media);
    EXPECT(offer->has_data == (offer->sctp_port != 0));
    expect_part(offer->ice_ufrag, whole);
    expect_part(offer->ice_pwd, whole);
    for (size_t i = 0; i < offer->section_count; i++)
        expect_section(&offer->sections[i], whole);
}

/* As many sections as were offered, and lines that end as they should: whatever the peer has said
 * of itself, it has not written lines of the answer. */
static void expect_answer(const char *answer, const struct sdp_offer *offer)
{
    size_t sections = 0;
    EXPECT(strncmp(answer, "v=0\r\n", 5) == 0);
    while (*answer != '\0') {
        const size_t len = strcspn(answer, "\r\n");
        EXPECT(len >= 2 && answer[1] == '=');
        EXPECT(answer[len] == '\r' && answer[len + 1] == '\n');
        sections += answer[0] == 'm';
        answer += len + 2;
    }
    EXPECT(sections == offer->section_count);
}

static void answer_it(const struct sdp_offer *offer)
{
    static const struct sdp_candidate candidates[] = {{"192.0.2.7", false, 3478},
                                                      {"2001:db8::7", true, 3479}};
    static const struct sdp_local local = {
        .ice_ufrag = "UFRAG",
        .ice_pwd = "PWD",
        .fingerprint = "AB:CD",
        .session_id = 77,
        .sctp_port = 5000,
        .message_max = 262144,
        .candidates = candidates,
        .candidate_count = 2,
    };
    char *answer = sdp_answer_write(offer, &local);
    EXPECT(answer != NULL);
    expect_answer(answer, offer);
    free(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sdp_offer offer;
    struct complaint complaint = {""};
    if (sdp_offer_parse((const char *)data, size, &offer, &complaint)) {
        expect_offer(&offer, bytes_of(data, size));
        answer_it(&offer);
    } else {
        EXPECT(complaint.text[0] != '\0' && strpbrk(complaint.text, "\r\n") == NULL);
    }
    return 0;
}
