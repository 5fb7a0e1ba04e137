#include "tally.h"

#include <ctype.h>
#include <string.h>

void tally_add(struct tally *tally, const char *name, uint64_t value)
{
    char plain[TALLY_NAME_LEN] = "";
    unsigned index = 0;

    for (size_t i = 0; i + 1 < sizeof(plain) && name[i] != '\0'; i++)
        plain[i] = (char)(isalnum((unsigned char)name[i]) ? tolower((unsigned char)name[i]) : '_');
    while (index < tally->count && strcmp(tally->entries[index].name, plain) != 0)
        index++;
    if (index == TALLY_NAMES_MAX) {
        index = TALLY_NAMES_MAX - 1;
        memcpy(tally->entries[index].name, "other", sizeof("other"));
    } else if (index == tally->count) {
        memcpy(tally->entries[index].name, plain, sizeof(plain));
        tally->count++;
    }
    tally->entries[index].value += value;
}

void tally_merge(struct tally *tally, const struct tally *other)
{
    for (unsigned i = 0; i < other->count; i++)
        tally_add(tally, other->entries[i].name, other->entries[i].value);
}

uint64_t tally_total(const struct tally *tally)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < tally->count; i++)
        total += tally->entries[i].value;
    return total;
}

cJSON *tally_to_json(const struct tally *tally)
{
    cJSON *json = cJSON_CreateObject();

    for (unsigned i = 0; i < tally->count; i++)
        cJSON_AddNumberToObject(json, tally->entries[i].name, (double)tally->entries[i].value);
    return json;
}
