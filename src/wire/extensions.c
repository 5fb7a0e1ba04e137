#include "wire/extensions.h"

void extension_walk_begin(struct extension_walk *walk, struct bytes rest)
{
    walk->reader = reader_of(rest);
    walk->status = RDTLS_OK;
    walk->seen_count = 0;
    /* [rfc5246#7.4.1.2] "The presence of extensions can be detected by determining whether there
     * are bytes following the compression_methods at the end of the ClientHello." */
    if (rest.len == 0)
        return;

    struct bytes block = reader_vector_u16(&walk->reader);
    /* [rfc5246#7.4.1.2] "it MUST check that the amount of data in the message precisely matches one
     * of these formats; if not, then it MUST send a fatal "decode_error" alert." */
    if (!reader_is_complete(&walk->reader))
        walk->status = RDTLS_ALERT_DECODE_ERROR;
    walk->reader = reader_of(block);
}

static bool walk_has_seen(const struct extension_walk *walk, uint16_t type)
{
    for (size_t i = 0; i < walk->seen_count; i++)
        if (walk->seen[i] == type)
            return true;
    return false;
}

static enum rdtls_status take_extension(struct extension_walk *walk, struct extension *extension)
{
    uint16_t type = reader_u16(&walk->reader);
    struct bytes body = reader_vector_u16(&walk->reader);
    if (walk->reader.failed)
        return RDTLS_ALERT_DECODE_ERROR;
    /* [rfc5246#7.4.1.4] "There MUST NOT be more than one extension of the same type." [rfc8446#4.2]
     * "There MUST NOT be more than one extension of the same type in a given extension block." */
    if (walk_has_seen(walk, type))
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    if (walk->seen_count == EXTENSIONS_MAX)
        return RDTLS_ALERT_DECODE_ERROR;

    walk->seen[walk->seen_count++] = type;
    *extension = (struct extension){type, body};
    return RDTLS_OK;
}

bool extension_walk_next(struct extension_walk *walk, struct extension *extension)
{
    if (walk->status != RDTLS_OK || walk->reader.left == 0)
        return false;
    walk->status = take_extension(walk, extension);
    return walk->status == RDTLS_OK;
}
