/*
 * The key schedule of DTLS 1.3 (RFC 8446 section 7.1, RFC 9147 section 5.9): one secret that moves
 * on, and what is derived from it on the way.
 *
 *     PSK or zeros -> early secret --(EC)DHE--> handshake secret --zeros--> master secret
 *                     res binder                c/s hs traffic              c/s ap traffic,
 *                                                                           exp master, res master
 */
#ifndef HANDSHAKE_KEY_SCHEDULE_13_H
#define HANDSHAKE_KEY_SCHEDULE_13_H

#include "crypto/hkdf.h"
#include "crypto/suites.h"
#include "record/protection_13.h"

struct key_schedule_13 {
    enum digest_kind hash;
    bool is_plain; /* there is no PSK, and nothing was derived yet: secret has no value */
    uint8_t secret[DIGEST_LEN_MAX]; /* early, handshake, master or resumption, whichever was reached
                                     */
};

/* Both directions' traffic secrets of one stage, digest_len bytes each. */
struct traffic_secrets {
    uint8_t client[DIGEST_LEN_MAX];
    uint8_t server[DIGEST_LEN_MAX];
};

/* The early secret; psk empty: none. */
void key_schedule_13_begin(struct key_schedule_13 *schedule, enum digest_kind hash,
                           struct bytes psk);

/* Behind key_schedule_13_begin with a PSK. hello_hash: of what the binder covers. */
void key_schedule_13_binder(const struct key_schedule_13 *schedule, struct bytes hello_hash,
                            uint8_t binder[DIGEST_LEN_MAX]);

/* transcript: of everything up to the ServerHello. */
void key_schedule_13_handshake(struct key_schedule_13 *schedule, struct bytes shared,
                               struct bytes transcript, struct traffic_secrets *secrets);

/* transcript: of everything up to the server's Finished. */
void key_schedule_13_master(struct key_schedule_13 *schedule, struct bytes transcript,
                            struct traffic_secrets *secrets, uint8_t exporter[DIGEST_LEN_MAX]);

/* The last step: the secret becomes the resumption secret. transcript: of everything up to the
 * client's Finished. */
void key_schedule_13_resumption(struct key_schedule_13 *schedule, struct bytes transcript);

/* What a ticket stands for, of the resumption secret of the handshake that it was given behind. */
void ticket_psk_13(const uint8_t *resumption, enum digest_kind hash, struct bytes nonce,
                   uint8_t psk[DIGEST_LEN_MAX]);

/* Key, IV and record number key of a traffic secret. */
void traffic_keys_13_of(const uint8_t *secret, const struct suite *suite,
                        struct traffic_keys_13 *keys);

/* A traffic secret becomes that of the next generation (RFC 8446 section 7.2). */
void traffic_secret_update(uint8_t *secret, enum digest_kind hash);

/* verify_data of whoever sends under this traffic secret; digest_len bytes. */
void verify_data_13(const uint8_t *secret, enum digest_kind hash, struct bytes transcript,
                    uint8_t verify_data[DIGEST_LEN_MAX]);

/* RFC 8446 section 7.5. */
struct exporter_13 {
    enum digest_kind hash;
    const uint8_t *secret;
    const char *label;
    struct bytes context;
};
void export_13(const struct exporter_13 *exporter, uint8_t *out, size_t out_len);

#endif
