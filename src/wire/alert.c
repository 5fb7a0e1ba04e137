#include "wire/alert.h"

bool alert_read(struct bytes content, struct alert *alert)
{
    struct reader reader = reader_of(content);
    alert->level = reader_u8(&reader);
    alert->description = reader_u8(&reader);
    /* [rfc5246#7.2] "enum { warning(1), fatal(2), (255) } AlertLevel;" [rfc8446#5.1] "Alert
     * messages (Section 6) MUST NOT be fragmented across records, and multiple alert messages MUST
     * NOT be coalesced into a single TLSPlaintext record." "In other words, a record with an Alert
     * type MUST contain exactly one message." */
    return reader_is_complete(&reader) &&
           (alert->level == ALERT_WARNING || alert->level == ALERT_FATAL);
}

void alert_write(uint8_t out[ALERT_LEN], const struct alert *alert)
{
    out[0] = alert->level;
    out[1] = alert->description;
}
