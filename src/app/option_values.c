#include "app/option_values.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_all_digits(const char *text)
{
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

bool value_parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *value,
                       struct complaint *complaint)
{
    errno = 0;
    const uint64_t parsed = is_all_digits(text) ? strtoull(text, NULL, 10) : 0;
    if (!is_all_digits(text) || errno != 0 || parsed < min || parsed > max) {
        return complain(complaint, "not a whole number from %" PRIu64 " to %" PRIu64, min, max);
    }
    *value = parsed;
    return true;
}

bool value_parse_u32(const char *text, uint64_t min, uint64_t max, uint32_t *value,
                     struct complaint *complaint)
{
    uint64_t parsed = 0;
    if (!value_parse_count(text, min, max, &parsed, complaint)) {
        return false;
    }
    *value = (uint32_t)parsed;
    return true;
}

bool value_parse_number(const char *text, double min, double max, double *value,
                        struct complaint *complaint)
{
    char *end = NULL;
    const bool digits_only = text[0] != '\0' && strspn(text, "0123456789.") == strlen(text);
    const double parsed = digits_only ? strtod(text, &end) : NAN;
    if (!digits_only || *end != '\0' || !(parsed >= min && parsed <= max)) {
        return complain(complaint, "not a number from %g to %.10g", min, max);
    }
    *value = parsed;
    return true;
}

bool value_parse_word(const char *text, const struct value_word *words, int *value,
                      struct complaint *complaint)
{
    char known[512] = "";
    for (const struct value_word *word = words; word->word != NULL; word++) {
        if (strcmp(text, word->word) == 0) {
            *value = word->value;
            return true;
        }
        const size_t len = strlen(known);
        snprintf(known + len, sizeof(known) - len, "%s%s", len == 0 ? "" : ", ", word->word);
    }
    return complain(complaint, "not one of %s", known);
}

bool value_parse_io(const char *text, enum rdtls_io *io, struct complaint *complaint)
{
    static const struct value_word words[] = {
        {"auto", RDTLS_IO_AUTO}, {"uring", RDTLS_IO_URING}, {"mmsg", RDTLS_IO_MMSG}, {NULL, 0}};
    int value = 0;
    const bool known = value_parse_word(text, words, &value, complaint);
    *io = (enum rdtls_io)value;
    return known;
}

bool value_parse_list(const char *list, list_take take, void *context, struct complaint *complaint)
{
    const char *at = list;
    while (true) {
        char name[128];
        const size_t len = strcspn(at, ",");
        if (len == 0) {
            return complain(complaint, "a name in the list is empty");
        }
        if (len >= sizeof(name)) {
            return complain(complaint, "a name in the list is too long");
        }
        memcpy(name, at, len);
        name[len] = '\0';
        if (!take(context, name, complaint)) {
            return false;
        }
        if (at[len] == '\0') {
            return true;
        }
        at += len + 1;
    }
}

bool value_copy_path(const char *text, char **path, struct complaint *complaint)
{
    if (text[0] == '\0') {
        return complain(complaint, "the name of the file is empty");
    }
    free(*path);
    *path = strdup(text);
    return *path != NULL || complain(complaint, "out of memory");
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    const int lower = tolower((unsigned char)digit);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool value_parse_fingerprint(const char *text, uint8_t fingerprint[RDTLS_FINGERPRINT_LEN],
                             struct complaint *complaint)
{
    const char *at = text;
    for (size_t i = 0; i < RDTLS_FINGERPRINT_LEN; i++) {
        if (i > 0 && *at == ':') {
            at++;
        }
        const int high = hex_value(at[0]);
        const int low = high < 0 ? -1 : hex_value(at[1]);
        if (low < 0) {
            return complain(complaint, "not a SHA-256 fingerprint (64 hexadecimal digits)");
        }
        fingerprint[i] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    if (*at != '\0') {
        return complain(complaint, "not a SHA-256 fingerprint (64 hexadecimal digits)");
    }
    return true;
}

void fingerprint_format(const uint8_t fingerprint[RDTLS_FINGERPRINT_LEN],
                        char text[FINGERPRINT_TEXT_MAX])
{
    for (size_t i = 0; i < RDTLS_FINGERPRINT_LEN; i++) {
        snprintf(text + 3 * i, FINGERPRINT_TEXT_MAX - 3 * i, "%02X%s", fingerprint[i],
                 i + 1 < RDTLS_FINGERPRINT_LEN ? ":" : "");
    }
}

static const char *option_name(const struct poptOption *table, int val)
{
    for (; table->longName != NULL; table++) {
        if (table->val == val) {
            return table->longName;
        }
    }
    return "?";
}

static bool apply_one(poptContext context, const char *name, int val, option_apply apply,
                      void *options, struct complaint *complaint)
{
    char *text = poptGetOptArg(context);
    char subject[200];
    snprintf(subject, sizeof(subject), "--%s%s%s", name, text == NULL ? "" : " ",
             text == NULL ? "" : text);
    const bool applied = apply(options, val, text, complaint);
    free(text);
    return applied || complain_about(complaint, subject);
}

bool options_walk(poptContext context, const struct poptOption *table, option_apply apply,
                  void *options, struct complaint *complaint)
{
    int val = poptGetNextOpt(context);
    while (val > 0) {
        if (!apply_one(context, option_name(table, val), val, apply, options, complaint)) {
            return false;
        }
        val = poptGetNextOpt(context);
    }
    if (val < -1) {
        return complain(complaint, "%s: %s", poptBadOption(context, POPT_BADOPTION_NOALIAS),
                        poptStrerror(val));
    }
    return true;
}
