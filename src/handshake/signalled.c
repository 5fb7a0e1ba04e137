#include "handshake/signalled.h"

#include <assert.h>

#include "crypto/digest.h"

static_assert((int)SHA512_LEN <= (int)RDTLS_DIGEST_MAX, "the longest has room");
static_assert(sizeof(struct signalled_digest) == 72, "what a fingerprint costs that is awaited");

/* 0: it is none that is known. */
static size_t hash_len(enum rdtls_hash hash)
{
    switch (hash) {
    case RDTLS_HASH_SHA256:
        return SHA256_LEN;
    case RDTLS_HASH_SHA384:
        return SHA384_LEN;
    case RDTLS_HASH_SHA512:
        return SHA512_LEN;
    }
    return 0;
}

bool signalled_is_list(const struct rdtls_fingerprint *fingerprints, size_t count)
{
    if (fingerprints == NULL || count == 0 || count > RDTLS_SIGNALLED_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        if (hash_len(fingerprints[i].hash) == 0)
            return false;
    return true;
}

static struct signalled_digest *slot_at(const struct pool *pool, uint32_t link)
{
    return pool_slot(pool, link - 1);
}

void signalled_release(struct pool *pool, uint32_t *first)
{
    while (*first != 0) {
        uint32_t link = *first;
        *first = slot_at(pool, link)->next;
        pool_give_back(pool, link - 1);
    }
}

/* One more, as the first. */
static void add(struct pool *pool, enum rdtls_hash hash, const uint8_t *digest, uint32_t *first)
{
    uint32_t lent = pool_lend(pool);
    assert(lent != POOL_NONE);
    struct signalled_digest *kept = pool_slot(pool, lent);
    *kept = (struct signalled_digest){.next = *first, .hash = (uint8_t)hash};
    memcpy(kept->digest, digest, hash_len(hash));
    *first = lent + 1;
}

/* [rfc8122#5.1] "An endpoint MUST select the set of fingerprints that use its most preferred hash
 * function (out of those offered by the peer) and verify that each certificate used matches one
 * fingerprint out of that set.": the strongest, whose number is the largest. */
static enum rdtls_hash strongest(const struct rdtls_fingerprint *fingerprints, size_t count)
{
    static_assert((int)RDTLS_HASH_SHA256 < (int)RDTLS_HASH_SHA384 &&
                      (int)RDTLS_HASH_SHA384 < (int)RDTLS_HASH_SHA512,
                  "a larger number is a stronger hash");
    enum rdtls_hash best = fingerprints[0].hash;
    for (size_t i = 1; i < count; i++)
        if (fingerprints[i].hash > best)
            best = fingerprints[i].hash;
    return best;
}

void signalled_expect(struct pool *pool, const struct rdtls_fingerprint *fingerprints, size_t count,
                      uint32_t *expected)
{
    enum rdtls_hash hash = strongest(fingerprints, count);
    signalled_release(pool, expected);
    for (size_t i = 0; i < count; i++)
        if (fingerprints[i].hash == hash)
            add(pool, hash, fingerprints[i].digest, expected);
}

void signalled_show(struct pool *pool, struct bytes leaf, uint32_t *shown)
{
    uint8_t digest[RDTLS_DIGEST_MAX];
    signalled_release(pool, shown);
    digest_of(DIGEST_SHA256, leaf, digest);
    add(pool, RDTLS_HASH_SHA256, digest, shown);
    digest_of(DIGEST_SHA384, leaf, digest);
    add(pool, RDTLS_HASH_SHA384, digest, shown);
    digest_sha512_of(leaf, digest);
    add(pool, RDTLS_HASH_SHA512, digest, shown);
}

/* Certificates, and what is signalled of them, are no secrets: comparing may take any time. */
static bool lists(const struct pool *pool, uint32_t first, const struct signalled_digest *wanted)
{
    for (uint32_t link = first; link != 0; link = slot_at(pool, link)->next) {
        const struct signalled_digest *kept = slot_at(pool, link);
        if (kept->hash == wanted->hash &&
            memcmp(kept->digest, wanted->digest, sizeof(kept->digest)) == 0)
            return true;
    }
    return false;
}

bool signalled_matches(const struct pool *pool, const struct signalled_peer *peer)
{
    for (uint32_t link = peer->expected; link != 0; link = slot_at(pool, link)->next)
        if (lists(pool, peer->shown, slot_at(pool, link)))
            return true;
    return false;
}
