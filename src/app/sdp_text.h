/* Lines, words and attributes of an SDP (RFC 8866 section 5), as parts of its text: nothing is
 * copied, and nothing ends with a NUL. */
#ifndef APP_SDP_TEXT_H
#define APP_SDP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sdp_text {
    const char *at; /* NULL: it is not there */
    size_t len;
};

/* The next line of what is left, without its CRLF or LF; false when nothing is left. */
bool sdp_next_line(struct sdp_text *left, struct sdp_text *line);

/* The next word, up to a space; false when there is none. */
bool sdp_next_word(struct sdp_text *left, struct sdp_text *word);

/* The value of the first a=NAME:VALUE, or of a=NAME with length 0, among lines. */
struct sdp_text sdp_attribute(struct sdp_text lines, const char *name);

bool sdp_has(struct sdp_text lines, const char *name);

/* Of a=NAME:FORMAT VALUE, as rtpmap and fmtp have it (RFC 8866 section 6.6): VALUE. */
struct sdp_text sdp_format_attribute(struct sdp_text lines, const char *name,
                                     struct sdp_text format);

bool sdp_text_is(struct sdp_text text, const char *string);
bool sdp_text_is_like(struct sdp_text text, const char *string); /* in either case */
bool sdp_texts_equal(struct sdp_text one, struct sdp_text other);

/* Digits alone, at most max; false for anything else. */
bool sdp_text_number(struct sdp_text text, uint64_t max, uint64_t *value);

/* How much of it is quoted to a person, for %.*s. */
int sdp_shown(struct sdp_text text);

#endif
