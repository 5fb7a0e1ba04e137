/* Alerts (RFC 5246 section 7.2). */
#ifndef WIRE_ALERT_H
#define WIRE_ALERT_H

#include "base/reader.h"
#include "wire/codepoints.h"

enum { ALERT_LEN = 2 };

struct alert {
    uint8_t level;
    uint8_t description;
};

/* false: not two bytes, or a level that is neither warning nor fatal. */
bool alert_read(struct bytes content, struct alert *alert);
void alert_write(uint8_t out[ALERT_LEN], const struct alert *alert);

#endif
