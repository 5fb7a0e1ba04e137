#include "wire/pre_shared_key.h"

#include <string.h>

static bool read_modes(struct bytes body, struct psk_offer *offer)
{
    /* [rfc8446#4.2.9] "PskKeyExchangeMode ke_modes<1..255>;" */
    struct reader reader = reader_of(body);
    offer->modes_present = true;
    offer->modes = reader_vector_u8(&reader);
    return reader_is_complete(&reader) && offer->modes.len > 0;
}

/* [rfc8446#4.2.11] "opaque identity<1..2^16-1>; uint32 obfuscated_ticket_age;" */
static bool next_identity(struct reader *identities, struct psk_identity *identity)
{
    identity->ticket = reader_vector_u16(identities);
    identity->obfuscated_age = reader_u32(identities);
    return !identities->failed && identity->ticket.len > 0;
}

/* [rfc8446#4.2.11] "opaque PskBinderEntry<32..255>;" */
static bool next_binder(struct reader *binders, struct psk_identity *identity)
{
    identity->binder = reader_vector_u8(binders);
    return !binders->failed && identity->binder.len >= BINDER_MIN;
}

static bool is_list_of(struct bytes list,
                       bool (*next)(struct reader *reader, struct psk_identity *identity))
{
    struct reader reader = reader_of(list);
    struct psk_identity identity;
    while (reader.left > 0)
        if (!next(&reader, &identity))
            return false;
    return list.len > 0;
}

/* [rfc8446#4.2.11] "PskIdentity identities<7..2^16-1>; PskBinderEntry binders<33..2^16-1>;" */
static bool read_offer(struct bytes body, struct psk_offer *offer)
{
    struct reader reader = reader_of(body);
    offer->present = true;
    offer->is_last = true;
    offer->identities = reader_vector_u16(&reader);
    offer->binders = reader_vector_u16(&reader);
    return reader_is_complete(&reader) && is_list_of(offer->identities, next_identity) &&
           is_list_of(offer->binders, next_binder);
}

bool psk_offer_read(const struct extension *extension, struct psk_offer *offer, bool *well_formed)
{
    switch (extension->type) {
    case EXTENSION_PSK_KEY_EXCHANGE_MODES:
        *well_formed = read_modes(extension->body, offer);
        return true;
    case EXTENSION_PRE_SHARED_KEY:
        *well_formed = read_offer(extension->body, offer);
        return true;
    default:
        return false;
    }
}

static size_t count_of(struct bytes list,
                       bool (*next)(struct reader *reader, struct psk_identity *identity))
{
    struct reader reader = reader_of(list);
    struct psk_identity identity;
    size_t count = 0;
    while (reader.left > 0 && next(&reader, &identity))
        count++;
    return count;
}

bool psk_offer_is_paired(const struct psk_offer *offer)
{
    return count_of(offer->identities, next_identity) == count_of(offer->binders, next_binder);
}

struct psk_walk psk_walk_begin(const struct psk_offer *offer)
{
    return (struct psk_walk){reader_of(offer->identities), reader_of(offer->binders)};
}

bool psk_walk_next(struct psk_walk *walk, struct psk_identity *identity)
{
    return walk->identities.left > 0 && next_identity(&walk->identities, identity) &&
           next_binder(&walk->binders, identity);
}

bool psk_offer_allows_dhe(const struct psk_offer *offer)
{
    return offer->modes.len > 0 &&
           memchr(offer->modes.data, PSK_MODE_DHE_KE, offer->modes.len) != NULL;
}

/* [rfc8446#9.2] ""psk_key_exchange_modes" is REQUIRED for PSK key agreement." */
void psk_modes_write(struct writer *writer)
{
    writer_u16(writer, EXTENSION_PSK_KEY_EXCHANGE_MODES);
    size_t body = writer_open_vector(writer, 2);
    writer_u8(writer, 1);
    writer_u8(writer, PSK_MODE_DHE_KE);
    writer_close_vector(writer, body, 2);
}

/* [rfc8446#9.2] ""pre_shared_key" is REQUIRED for PSK key agreement." */
void psk_offer_write(struct writer *writer, const struct psk_identity *identity)
{
    writer_u16(writer, EXTENSION_PRE_SHARED_KEY);
    size_t body = writer_open_vector(writer, 2);
    size_t list = writer_open_vector(writer, 2);
    size_t vector = writer_open_vector(writer, 2);
    writer_bytes(writer, identity->ticket);
    writer_close_vector(writer, vector, 2);
    writer_u32(writer, identity->obfuscated_age);
    writer_close_vector(writer, list, 2);
    list = writer_open_vector(writer, 2);
    vector = writer_open_vector(writer, 1);
    writer_bytes(writer, identity->binder);
    writer_close_vector(writer, vector, 1);
    writer_close_vector(writer, list, 2);
    writer_close_vector(writer, body, 2);
}

/* [rfc8446#4.2.11.2] "up to and including the PreSharedKeyExtension.identities field": what is left
 * are the binders, with their lengths. */
size_t psk_covered_len(size_t body_len, size_t binder_len)
{
    return body_len - (BINDERS_LENGTH_LEN + 1 + binder_len);
}
