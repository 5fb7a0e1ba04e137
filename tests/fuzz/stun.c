/* A message of STUN: what is found in it lies in it, and what is vouched for was written with the
 * key. */
#include "app/stun.h"

#include "fuzz.h"

static struct bytes view_of(struct stun_bytes bytes)
{
    return bytes_of(bytes.at, bytes.len);
}

static void expect_attributes(const uint8_t *data, size_t size)
{
    static const enum stun_attribute types[] = {
        STUN_USERNAME,       STUN_MESSAGE_INTEGRITY, STUN_ERROR_CODE,
        STUN_PRIORITY,       STUN_USE_CANDIDATE,     STUN_FINGERPRINT,
        STUN_ICE_CONTROLLED, STUN_ICE_CONTROLLING,   STUN_UNKNOWN_ATTRIBUTES};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        expect_inside(view_of(stun_find(data, size, types[i])), bytes_of(data, size));
    struct stun_bytes ours;
    struct stun_bytes theirs;
    if (stun_split_username(stun_find(data, size, STUN_USERNAME), &ours, &theirs)) {
        expect_inside(view_of(ours), bytes_of(data, size));
        expect_inside(view_of(theirs), bytes_of(data, size));
    }
    uint16_t unknown[STUN_UNKNOWN_MAX];
    EXPECT(stun_unknown_attributes(data, size, unknown) <= STUN_UNKNOWN_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct stun_bytes key = {(const uint8_t *)"VOkJxbRl1RmTxUk/WvJxBt", 22};
    if (!stun_is_message(data, size))
        return 0;
    expect_attributes(data, size);
    (void)stun_integrity_is_right(data, size, key);

    /* Its attributes as one message of ours. */
    uint8_t *bytes = malloc(STUN_MESSAGE_MAX);
    EXPECT(bytes != NULL);
    struct stun_writer writer = {bytes, STUN_MESSAGE_MAX, 0};
    stun_begin(&writer, STUN_BINDING_REQUEST, stun_transaction(data));
    stun_add(&writer, STUN_USERNAME, stun_find(data, size, STUN_USERNAME));
    const size_t len = stun_end(&writer, key);
    if (len > 0) {
        EXPECT(stun_is_message(bytes, len) && stun_integrity_is_right(bytes, len, key));
        const struct stun_bytes username = stun_find(bytes, len, STUN_USERNAME);
        expect_equal(view_of(username), view_of(stun_find(data, size, STUN_USERNAME)));
    }
    free(bytes);
    return 0;
}
