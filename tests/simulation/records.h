/*
 * What an onlooker can read of a datagram: its records' headers, and what lies under keys. In 1.3 a
 * record under keys hides its type and its number; who has the keys can look (onlooker.h).
 */
#ifndef SIMULATION_RECORDS_H
#define SIMULATION_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/record_header.h"

struct onlooker;

/* A record as it lies in a datagram. */
struct seen_record {
    size_t start;
    size_t content; /* behind the header */
    size_t end;
    bool is_unified; /* of 1.3, under keys: there is no type, no sequence, and of the epoch two bits
                      */
    uint8_t type;    /* enum content_type, or what the network made of it */
    uint16_t epoch;
    uint64_t sequence;
};

static inline bool record_is_protected(const struct seen_record *record)
{
    return record->is_unified || record->epoch != 0;
}

/* The record at *at, and *at moves behind it; false: there is no (whole) one. */
bool records_next(const uint8_t *datagram, size_t len, size_t *at, struct seen_record *record);

/* Is the whole datagram made of whole records? */
bool records_are_whole(const uint8_t *datagram, size_t len);

/* Is the byte part of what keys protect? Of 1.2 the content: headers are read before any key is, so
 * they do not count. Of 1.3 all of it: a record that is not what it was is nobody's. */
bool records_protect(const uint8_t *datagram, size_t len, size_t byte);

/* The first record under keys that has any content; false: there is none. */
bool records_first_protected(const uint8_t *datagram, size_t len, struct seen_record *record);

/* One line about each record, without a newline; onlooker: NULL, or one that has the keys. */
void records_describe(const uint8_t *datagram, size_t len, const struct onlooker *onlooker,
                      char *text, size_t text_len);

#endif
