#include "app/sdp_text.h"

#include <string.h>

enum { SHOWN_MAX = 40 };

bool sdp_next_line(struct sdp_text *left, struct sdp_text *line)
{
    if (left->len == 0) {
        return false;
    }
    const char *end = memchr(left->at, '\n', left->len);
    const size_t len = end == NULL ? left->len : (size_t)(end - left->at);
    const size_t taken = end == NULL ? len : len + 1;
    *line = (struct sdp_text){left->at, len > 0 && left->at[len - 1] == '\r' ? len - 1 : len};
    *left = (struct sdp_text){left->at + taken, left->len - taken};
    return true;
}

bool sdp_next_word(struct sdp_text *left, struct sdp_text *word)
{
    while (left->len > 0 && left->at[0] == ' ') {
        left->at++;
        left->len--;
    }
    if (left->len == 0) {
        return false;
    }
    const char *end = memchr(left->at, ' ', left->len);
    const size_t len = end == NULL ? left->len : (size_t)(end - left->at);
    *word = (struct sdp_text){left->at, len};
    *left = (struct sdp_text){left->at + len, left->len - len};
    return true;
}

/* What stands behind a prefix; at NULL when text does not begin with it. */
static struct sdp_text behind(struct sdp_text text, const char *prefix)
{
    const size_t len = strlen(prefix);
    if (text.len < len || memcmp(text.at, prefix, len) != 0) {
        return (struct sdp_text){NULL, 0};
    }
    return (struct sdp_text){text.at + len, text.len - len};
}

/* The value of this line, if it is a=NAME or a=NAME:VALUE. */
static struct sdp_text value_of(struct sdp_text line, const char *name)
{
    const struct sdp_text attribute = behind(line, "a=");
    const struct sdp_text value = attribute.at == NULL ? attribute : behind(attribute, name);
    if (value.at == NULL || value.len == 0) {
        return value;
    }
    return behind(value, ":");
}

struct sdp_text sdp_attribute(struct sdp_text lines, const char *name)
{
    struct sdp_text line;
    while (sdp_next_line(&lines, &line)) {
        const struct sdp_text value = value_of(line, name);
        if (value.at != NULL) {
            return value;
        }
    }
    return (struct sdp_text){NULL, 0};
}

struct sdp_text sdp_format_attribute(struct sdp_text lines, const char *name,
                                     struct sdp_text format)
{
    struct sdp_text line;
    while (sdp_next_line(&lines, &line)) {
        struct sdp_text value = value_of(line, name);
        struct sdp_text word;
        if (value.at == NULL || !sdp_next_word(&value, &word) || !sdp_texts_equal(word, format)) {
            continue;
        }
        const size_t space = value.len > 0 ? 1 : 0;
        return (struct sdp_text){value.at + space, value.len - space};
    }
    return (struct sdp_text){NULL, 0};
}

bool sdp_text_is(struct sdp_text text, const char *string)
{
    return text.at != NULL && text.len == strlen(string) && memcmp(text.at, string, text.len) == 0;
}

bool sdp_text_is_like(struct sdp_text text, const char *string)
{
    return text.at != NULL && text.len == strlen(string) &&
           strncasecmp(text.at, string, text.len) == 0;
}

bool sdp_texts_equal(struct sdp_text one, struct sdp_text other)
{
    return one.at != NULL && other.at != NULL && one.len == other.len &&
           memcmp(one.at, other.at, one.len) == 0;
}

bool sdp_text_number(struct sdp_text text, uint64_t max, uint64_t *value)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char digit = text.at[i];
        if (digit < '0' || digit > '9') {
            return false;
        }
        const uint64_t worth = (uint64_t)(digit - '0');
        if (worth > max || number > (max - worth) / 10) {
            return false;
        }
        number = number * 10 + worth;
    }
    *value = number;
    return text.len > 0;
}

bool sdp_has(struct sdp_text lines, const char *name)
{
    return sdp_attribute(lines, name).at != NULL;
}

int sdp_shown(struct sdp_text text)
{
    return text.len < SHOWN_MAX ? (int)text.len : SHOWN_MAX;
}
