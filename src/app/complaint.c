#include "app/complaint.h"

#include <stdarg.h>
#include <stdio.h>

static void keep_to_one_line(char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f) {
            *text = '?';
        }
    }
}

bool complain(struct complaint *complaint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(complaint->text, sizeof(complaint->text), format, arguments);
    va_end(arguments);
    keep_to_one_line(complaint->text);
    return false;
}

bool complain_about(struct complaint *complaint, const char *subject)
{
    const struct complaint reason = *complaint;
    return complain(complaint, "%.250s: %.250s", subject, reason.text);
}
