/*
 * Standard output and error of a program that goes on when they fail, but does not hide it: the
 * caller learns whether everything that was printed has arrived.
 */
#ifndef APP_STREAMS_H
#define APP_STREAMS_H

#include <stdbool.h>

/* Call first. Descriptors 0 to 2 that are closed are filled, so that no socket is ever taken for
 * standard output; what is written there still fails. A reader that goes away does not kill us. */
void streams_guard(void);

/* Print to standard output, or to standard error, and flush. A failure is remembered; the first one
 * is reported on standard error. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Flush what stdio holds; false with a line on standard error when output was lost, now or before.
 */
bool streams_arrived(void);

#endif
