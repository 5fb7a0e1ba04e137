#include "app/ticket_keys.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "app/output_file.h"

enum { FILE_BYTES_MAX = 1 << 16, DIGITS_PER_BYTE = 2 };

static int hex_value(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char lower = digit >= 'A' && digit <= 'F' ? (char)(digit - 'A' + 'a') : digit;
    const char *found = lower != '\0' ? strchr(digits, lower) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

static bool parse_secret(const char *line, size_t len, uint8_t secret[RDTLS_TICKET_SECRET_LEN])
{
    if (len != (size_t)RDTLS_TICKET_SECRET_LEN * DIGITS_PER_BYTE) {
        return false;
    }
    for (size_t i = 0; i < RDTLS_TICKET_SECRET_LEN; i++) {
        const int high = hex_value(line[DIGITS_PER_BYTE * i]);
        const int low = hex_value(line[DIGITS_PER_BYTE * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        secret[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static size_t without_blanks_behind(const char *line, size_t len)
{
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' ' || line[len - 1] == '\t')) {
        len--;
    }
    return len;
}

/* What a line says is not repeated: it may be a secret. */
static bool parse_line(const char *line, size_t len, size_t number, struct ticket_keys *keys,
                       struct complaint *complaint)
{
    len = without_blanks_behind(line, len);
    if (len == 0 || line[0] == '#') {
        return true;
    }
    if (keys->count == RDTLS_TICKET_SECRETS_MAX) {
        return complain(complaint, "more than %d secrets", RDTLS_TICKET_SECRETS_MAX);
    }
    if (!parse_secret(line, len, keys->secrets[keys->count])) {
        return complain(complaint, "line %zu: not a secret of %d digits of hex", number,
                        RDTLS_TICKET_SECRET_LEN * DIGITS_PER_BYTE);
    }
    keys->count++;
    return true;
}

static bool parse(const char *text, size_t len, struct ticket_keys *keys,
                  struct complaint *complaint)
{
    const char *end = text + len;
    size_t number = 1;
    for (const char *line = text; line < end; number++) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *line_end = newline != NULL ? newline : end;
        if (!parse_line(line, (size_t)(line_end - line), number, keys, complaint)) {
            return false;
        }
        line = line_end + 1;
    }
    return keys->count > 0 || complain(complaint, "there is no secret in it");
}

bool ticket_keys_read(const char *path, struct ticket_keys *keys, struct complaint *complaint)
{
    char *text = NULL;
    size_t len = 0;
    *keys = (struct ticket_keys){.count = 0};
    if (!input_file_read(path, FILE_BYTES_MAX, &text, &len, complaint)) {
        return false;
    }
    const bool parsed = parse(text, len, keys, complaint) || complain_about(complaint, path);
    explicit_bzero(text, len);
    free(text);
    return parsed;
}

bool ticket_keys_make(struct ticket_keys *keys, struct complaint *complaint)
{
    *keys = (struct ticket_keys){.count = 1};
    return getrandom(keys->secrets[0], sizeof(keys->secrets[0]), 0) ==
               (ssize_t)sizeof(keys->secrets[0]) ||
           complain(complaint, "no randomness for tickets");
}
