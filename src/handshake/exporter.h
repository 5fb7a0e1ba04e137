/* Keying material for others (RFC 5705, RFC 8446 section 7.5), whichever version was agreed on. */
#ifndef HANDSHAKE_EXPORTER_H
#define HANDSHAKE_EXPORTER_H

#include "handshake/key_schedule_12.h"

/* In 1.3 no context is the same as an empty one. */
void association_export(const struct association *association, const struct exporter_input *input,
                        uint8_t *out, size_t out_len);

#endif
