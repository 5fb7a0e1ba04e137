/* Counts by name: a handful of reasons, each counted under its own words; what does not fit is
 * counted as "other". */
#ifndef PEERS_TALLY_H
#define PEERS_TALLY_H

#include <cjson/cJSON.h>
#include <stdint.h>

enum { TALLY_NAMES_MAX = 24, TALLY_NAME_LEN = 64 };

struct tally {
    unsigned count;
    struct {
        char name[TALLY_NAME_LEN];
        uint64_t value;
    } entries[TALLY_NAMES_MAX];
};

/* Blanks and capitals in the name become underscores and small letters. */
void tally_add(struct tally *tally, const char *name, uint64_t value);
void tally_merge(struct tally *tally, const struct tally *other);
uint64_t tally_total(const struct tally *tally);

/* The counts as a JSON object; NULL when memory is short. */
cJSON *tally_to_json(const struct tally *tally);

#endif
