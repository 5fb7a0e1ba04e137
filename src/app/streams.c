#include "app/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void streams_guard(void)
{
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF) {
            /* The lowest free number is given out, which is this one. It is opened the wrong way
             * round, so that use still fails. */
            (void)!open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY);
        }
    }
    signal(SIGPIPE, SIG_IGN);
}

void say(const char *format, ...)
{
    const bool failed_before = ferror(stdout) != 0;
    va_list arguments;
    va_start(arguments, format);
    const int printed = vfprintf(stdout, format, arguments);
    va_end(arguments);
    if ((printed < 0 || fflush(stdout) != 0) && !failed_before) {
        say_error("%s: standard output: %s\n", program_invocation_short_name, strerror(errno));
    }
}

void say_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fflush(stderr);
}

bool streams_arrived(void)
{
    const bool failed_before = ferror(stdout) != 0;
    if (fflush(stdout) == 0 && !failed_before) {
        return true;
    }
    say_error("%s: standard output: %s\n", program_invocation_short_name,
              failed_before ? "not everything could be written" : strerror(errno));
    return false;
}
