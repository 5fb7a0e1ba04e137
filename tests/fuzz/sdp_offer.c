/* An offer is taken or refused with a reason; what is taken lies in its text and can be answered,
 * line by line. */
#include "app/sdp_offer.h"

#include <string.h>

#include "app/sdp_answer.h"
#include "fuzz.h"

static struct bytes view_of(struct sdp_text text)
{
    return bytes_of((const uint8_t *)text.at, text.len);
}

static void expect_section(const struct sdp_section *section, struct bytes whole)
{
    expect_inside(view_of(section->media), whole);
    expect_inside(view_of(section->port), whole);
    expect_inside(view_of(section->protocol), whole);
    expect_inside(view_of(section->format), whole);
    expect_inside(view_of(section->formats), whole);
    expect_inside(view_of(section->mid), whole);
    expect_inside(view_of(section->lines), whole);
    EXPECT(!section->taken || section->kind != SDP_OTHER);
    EXPECT(section->format.len > 0);
}

/* Each line is TYPE=VALUE and ends with CRLF: nothing of the offer's has broken out of its line. */
static void expect_lines(const char *answer)
{
    while (*answer != '\0') {
        const char *end = strstr(answer, "\r\n");
        EXPECT(end != NULL && end - answer >= 2);
        EXPECT(answer[0] >= 'a' && answer[0] <= 'z' && answer[1] == '=');
        EXPECT(memchr(answer, '\n', (size_t)(end - answer)) == NULL);
        answer = end + 2;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sdp_offer offer;
    static const struct sdp_candidate candidate = {"192.0.2.1", false, 4433};
    const struct sdp_local local = {.ice_ufrag = "u",
                                    .ice_pwd = "p",
                                    .fingerprint = "AB",
                                    .session_id = 1,
                                    .sctp_port = 5000,
                                    .candidates = &candidate,
                                    .candidate_count = 1};
    const struct bytes whole = bytes_of(data, size);
    struct complaint complaint = {""};
    if (!sdp_offer_parse((const char *)data, size, &offer, &complaint)) {
        EXPECT(complaint.text[0] != '\0' && strchr(complaint.text, '\n') == NULL);
        return 0;
    }
    EXPECT(offer.fingerprint_count > 0 && offer.fingerprint_count <= RDTLS_SIGNALLED_MAX);
    EXPECT(offer.section_count > 0 && offer.sections[offer.transport].taken);
    expect_inside(view_of(offer.ice_ufrag), whole);
    expect_inside(view_of(offer.ice_pwd), whole);
    for (size_t i = 0; i < offer.section_count; i++)
        expect_section(&offer.sections[i], whole);
    char *answer = sdp_answer_write(&offer, &local);
    EXPECT(answer != NULL);
    expect_lines(answer);
    free(answer);
    return 0;
}
