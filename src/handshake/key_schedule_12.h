/*
 * From the shared secret to traffic keys (RFC 5246 sections 6.3 and 8.1, RFC 7627 section 4, RFC
 * 5288, RFC 7905).
 *
 *     shared --"extended master secret", session hash--> master_secret --"key expansion",
 * randoms--> keys and IVs
 *                                                            |--"client finished", "server
 * finished", hash--> verify_data
 *                                                            `--a label, randoms--> exported keying
 * material
 */
#ifndef HANDSHAKE_KEY_SCHEDULE_12_H
#define HANDSHAKE_KEY_SCHEDULE_12_H

#include "crypto/suites.h"
#include "handshake/association.h"

/* Fills master_secret and both traffic keys from the randoms and the role that are in the
 * association. */
void key_schedule_12_install(struct association *association, const struct suite *suite,
                             struct bytes shared, struct bytes session_hash);

/* The same of a session that is resumed: master_secret is what it was, MASTER_SECRET_LEN bytes. */
void key_schedule_12_resume(struct association *association, const struct suite *suite,
                            const uint8_t *master_secret);

/* verify_data of the Finished that `sender` sends. */
void key_schedule_12_verify_data(const struct association *association, const struct suite *suite,
                                 enum rdtls_role sender, struct bytes transcript_hash,
                                 uint8_t verify_data[VERIFY_DATA_LEN]);

struct exporter_input {
    const char *label;
    bool has_context;     /* an empty one is not the same as none */
    struct bytes context; /* at most 2^16-1 bytes */
};

/* Keying material of RFC 5705 section 4. */
void key_schedule_12_export(const struct association *association, const struct suite *suite,
                            const struct exporter_input *input, uint8_t *out, size_t out_len);

#endif
