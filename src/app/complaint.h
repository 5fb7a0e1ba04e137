/*
 * One line for a person: what is wrong and why. It is always a single line: what a user typed is
 * quoted in it, and control characters therein become '?'.
 */
#ifndef APP_COMPLAINT_H
#define APP_COMPLAINT_H

#include <stdbool.h>

enum { COMPLAINT_MAX = 512 };

struct complaint {
    char text[COMPLAINT_MAX];
};

/* Returns false, so that a function which failed can say why and be left in one statement. */
bool complain(struct complaint *complaint, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Put what was being looked at in front: "--mtu 3" and "not a number" make "--mtu 3: not a number".
 * Returns false. */
bool complain_about(struct complaint *complaint, const char *subject);

#endif
