/* One line for a person who could not start a server: what, and why. errno is left as it was. */
#ifndef IO_START_MESSAGE_H
#define IO_START_MESSAGE_H

#include <stddef.h>

/* Where the line goes; text may be NULL. */
struct start_message {
    char *text;
    size_t capacity;
};

void start_message_write(const struct start_message *message, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "<what>: <reason>", the reason in words for an errno. 0: what alone. */
void start_message_because(const struct start_message *message, const char *what, int error);

#endif
