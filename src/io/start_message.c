#include "io/start_message.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { REASON_MAX = 128 };

void start_message_write(const struct start_message *message, const char *format, ...)
{
    if (message->text == NULL || message->capacity == 0)
        return;
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message->text, message->capacity, format, arguments);
    va_end(arguments);
    errno = error;
}

static void reason_text(int error, char text[REASON_MAX])
{
    struct rlimit limit = {0};
    switch (error) {
    case EADDRINUSE:
        snprintf(text, REASON_MAX, "address already in use");
        return;
    case EADDRNOTAVAIL:
        snprintf(text, REASON_MAX, "not an address of this machine");
        return;
    case EAFNOSUPPORT:
        snprintf(text, REASON_MAX, "this machine does not speak that kind of address");
        return;
    case EACCES:
    case EPERM:
        snprintf(text, REASON_MAX, "permission denied");
        return;
    case EMFILE:
        getrlimit(RLIMIT_NOFILE, &limit);
        snprintf(text, REASON_MAX, "out of file descriptors, the limit is %llu",
                 (unsigned long long)limit.rlim_cur);
        return;
    default:
        break;
    }
    /* The C library's words, in lower case as ours. */
    char buffer[REASON_MAX];
    snprintf(text, REASON_MAX, "%s", strerror_r(error, buffer, sizeof(buffer)));
    text[0] = (char)tolower((unsigned char)text[0]);
}

void start_message_because(const struct start_message *message, const char *what, int error)
{
    char reason[REASON_MAX];
    int before = errno;
    if (error == 0) {
        start_message_write(message, "%s", what);
    } else {
        reason_text(error, reason);
        start_message_write(message, "%s: %s", what, reason);
    }
    errno = before;
}
