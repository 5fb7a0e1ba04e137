#include "endpoint/half_hellos.h"

#include <assert.h>

static_assert(HALF_HELLO_LEN_MAX <= UINT16_MAX, "a run's ends fit");

size_t half_hellos_footprint(void)
{
    return HALF_HELLOS_COUNT * sizeof(struct half_hello);
}

void half_hellos_init(struct half_hellos *half_hellos, void *memory)
{
    memset(half_hellos, 0, sizeof(*half_hellos));
    half_hellos->hellos = memory;
}

static uint32_t find(const struct half_hellos *half_hellos, uint64_t key)
{
    uint32_t place = 0;
    while (place < HALF_HELLOS_COUNT && half_hellos->keys[place] != key)
        place++;
    return place;
}

static void empty(struct half_hellos *half_hellos, uint32_t place)
{
    half_hellos->keys[place] = 0;
    half_hellos->used--;
}

bool half_hellos_have(const struct half_hellos *half_hellos, uint64_t key)
{
    return key != 0 && find(half_hellos, key) < HALF_HELLOS_COUNT;
}

/* Of the same message as what is there? */
static bool is_of(const struct half_hello *hello, const struct handshake_header *header)
{
    return hello->whole.header.length == header->length &&
           hello->whole.header.message_seq == header->message_seq;
}

static void begin(struct half_hello *hello, const struct hello_fragment *fragment)
{
    hello->whole = *fragment;
    hello->whole.header.fragment_offset = 0;
    hello->whole.header.fragment_length = fragment->header.length;
    hello->whole.body = bytes_of(hello->message + HANDSHAKE_HEADER_LEN, fragment->header.length);
    hello->whole.datagram_len = 0;
    hello->run_count = 0;
    handshake_header_write(hello->message, &hello->whole.header);
}

/* The place of this path's hello: where it is, or the oldest's. */
static uint32_t place_for(struct half_hellos *half_hellos, uint64_t key,
                          const struct hello_fragment *fragment)
{
    uint32_t place = find(half_hellos, key);
    if (place < HALF_HELLOS_COUNT && is_of(&half_hellos->hellos[place], &fragment->header))
        return place;
    if (place == HALF_HELLOS_COUNT) {
        place = half_hellos->next;
        half_hellos->used += half_hellos->keys[place] == 0;
        half_hellos->next = (place + 1) % HALF_HELLOS_COUNT;
        half_hellos->keys[place] = key;
    }
    begin(&half_hellos->hellos[place], fragment);
    return place;
}

/* One more run, joined with those that it touches; when there are too many, it is not noted, and
 * will come again. */
static void add_run(struct half_hello *hello, struct half_hello_run run)
{
    uint8_t kept = 0;
    for (uint8_t i = 0; i < hello->run_count; i++) {
        struct half_hello_run other = hello->runs[i];
        if (other.end < run.start || run.end < other.start) {
            hello->runs[kept++] = other;
        } else {
            run.start = other.start < run.start ? other.start : run.start;
            run.end = other.end > run.end ? other.end : run.end;
        }
    }
    if (kept < HALF_HELLO_RUNS_MAX)
        hello->runs[kept++] = run;
    hello->run_count = kept;
}

const struct half_hello *half_hellos_add(struct half_hellos *half_hellos, uint64_t key,
                                         const struct hello_fragment *fragment)
{
    const struct handshake_header *header = &fragment->header;
    if (key == 0 || header->length > HALF_HELLO_LEN_MAX || fragment->body.len == 0)
        return NULL;
    uint32_t place = place_for(half_hellos, key, fragment);
    struct half_hello *hello = &half_hellos->hellos[place];
    memcpy(hello->message + HANDSHAKE_HEADER_LEN + header->fragment_offset, fragment->body.data,
           fragment->body.len);
    hello->whole.datagram_len += fragment->datagram_len;
    struct half_hello_run run = {(uint16_t)header->fragment_offset,
                                 (uint16_t)(header->fragment_offset + fragment->body.len)};
    add_run(hello, run);
    bool is_whole =
        hello->run_count == 1 && hello->runs[0].start == 0 && hello->runs[0].end == header->length;
    if (!is_whole)
        return NULL;
    empty(half_hellos, place);
    return hello;
}

void half_hellos_forget(struct half_hellos *half_hellos, uint64_t key)
{
    if (half_hellos->used == 0 || !half_hellos_have(half_hellos, key))
        return;
    empty(half_hellos, find(half_hellos, key));
}
