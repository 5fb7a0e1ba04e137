/* What an onlooker can read of a datagram: its records' headers, and what lies under keys. */
#ifndef SIMULATION_RECORDS_H
#define SIMULATION_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/record_header.h"

/* The record at *at, and *at moves behind it; false: there is no (whole) one. */
bool records_next(const uint8_t *datagram, size_t len, size_t *at, struct record_header *header);

/* Is the whole datagram made of whole records? */
bool records_are_whole(const uint8_t *datagram, size_t len);

/* Is the byte part of a protected record's content? Headers are read before any key is, so they do
 * not count. */
bool records_protect(const uint8_t *datagram, size_t len, size_t byte);

/* The content of the first record under keys. */
bool records_protected_part(const uint8_t *datagram, size_t len, size_t *at, size_t *part_len);

/* Does it hold a record of application data? */
bool records_carry_data(const uint8_t *datagram, size_t len);

/* One line about each record, without a newline. */
void records_describe(const uint8_t *datagram, size_t len, char *text, size_t text_len);

#endif
