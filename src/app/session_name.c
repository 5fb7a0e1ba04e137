#include "app/session_name.h"

#include <string.h>
#include <sys/random.h>

enum { BITS = 5, SHARD_LETTERS = 2, PLACE_LETTERS = 4, PLACE_LEN = SHARD_LETTERS + PLACE_LETTERS };

_Static_assert(SESSION_SHARDS_MAX == 1 << BITS * SHARD_LETTERS, "letters for every shard");
_Static_assert(SESSION_PLACES_MAX == 1 << BITS * PLACE_LETTERS, "letters for every place");

/* Allowed in ICE (RFC 8839 section 5.4), and in an address of HTTP as it is. */
static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";

_Static_assert(sizeof(letters) - 1 == 1 << BITS, "each letter is so many bits");

static void write_number(uint32_t number, char *text, size_t count)
{
    for (size_t i = count; i > 0; i--) {
        text[i - 1] = letters[number % (1 << BITS)];
        number >>= BITS;
    }
}

static bool read_number(const char *text, size_t count, uint32_t *number)
{
    *number = 0;
    for (size_t i = 0; i < count; i++) {
        const char *letter = text[i] == '\0' ? NULL : strchr(letters, text[i]);
        if (letter == NULL) {
            return false;
        }
        *number = *number << BITS | (uint32_t)(letter - letters);
    }
    return true;
}

static bool write_random(char *text, size_t count)
{
    uint8_t bytes[SESSION_PWD_LEN];
    if (getrandom(bytes, count, 0) != (ssize_t)count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        text[i] = letters[bytes[i] % (1 << BITS)];
    }
    text[count] = '\0';
    explicit_bzero(bytes, sizeof(bytes));
    return true;
}

static void write_place(struct session_place place, char *text)
{
    write_number(place.shard, text, SHARD_LETTERS);
    write_number(place.place, text + SHARD_LETTERS, PLACE_LETTERS);
}

bool session_name_make(struct session_place place, struct session_name *name)
{
    write_place(place, name->ufrag);
    write_place(place, name->resource);
    return write_random(name->ufrag + PLACE_LEN, SESSION_UFRAG_LEN - PLACE_LEN) &&
           write_random(name->resource + PLACE_LEN, SESSION_RESOURCE_LEN - PLACE_LEN) &&
           write_random(name->pwd, SESSION_PWD_LEN);
}

bool session_place_of(const char *name, size_t len, struct session_place *place)
{
    return (len == SESSION_UFRAG_LEN || len == SESSION_RESOURCE_LEN) &&
           read_number(name, SHARD_LETTERS, &place->shard) &&
           read_number(name + SHARD_LETTERS, PLACE_LETTERS, &place->place);
}

bool session_name_is(const char *name, const char *bytes, size_t len)
{
    unsigned char difference = 0;
    if (strlen(name) != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        difference |= (unsigned char)(name[i] ^ bytes[i]);
    }
    return difference == 0;
}
