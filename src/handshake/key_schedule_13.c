#include "handshake/key_schedule_13.h"

#include "base/secret.h"

/* What follows from no messages and no PSK, and is therefore the same for every handshake: the hash
 * of nothing, and the salt that is derived from the early secret. A test derives them anew. */
static const uint8_t hash_of_nothing[][DIGEST_LEN_MAX] = {
    [DIGEST_SHA256] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                       0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                       0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55},
    [DIGEST_SHA384] = {0x38, 0xb0, 0x60, 0xa7, 0x51, 0xac, 0x96, 0x38, 0x4c, 0xd9, 0x32, 0x7e,
                       0xb1, 0xb1, 0xe3, 0x6a, 0x21, 0xfd, 0xb7, 0x11, 0x14, 0xbe, 0x07, 0x43,
                       0x4c, 0x0c, 0xc7, 0xbf, 0x63, 0xf6, 0xe1, 0xda, 0x27, 0x4e, 0xde, 0xbf,
                       0xe7, 0x6f, 0x65, 0xfb, 0xd5, 0x1a, 0xd2, 0xf1, 0x48, 0x98, 0xb9, 0x5b},
};
static const uint8_t salt_without_psk[][DIGEST_LEN_MAX] = {
    [DIGEST_SHA256] = {0xb1, 0x7b, 0xce, 0x94, 0x51, 0xee, 0x8b, 0xc6, 0xe8, 0xae, 0xbc,
                       0x0a, 0xa9, 0xe9, 0x82, 0x95, 0x67, 0x7a, 0x4a, 0x6a, 0x91, 0xf7,
                       0x84, 0x40, 0x83, 0x31, 0x46, 0xe4, 0x65, 0xf2, 0xff, 0x95},
    [DIGEST_SHA384] = {0x27, 0x00, 0x86, 0x05, 0xd3, 0x39, 0x6f, 0x88, 0x44, 0x19, 0x75, 0x65,
                       0xca, 0xec, 0xc5, 0x92, 0xb3, 0xe5, 0x8f, 0x2e, 0xae, 0x55, 0xf8, 0x41,
                       0xb5, 0x77, 0xcf, 0xbc, 0xab, 0xb4, 0x7e, 0x22, 0x1f, 0x67, 0x4e, 0xd3,
                       0xa6, 0x8a, 0xa8, 0x93, 0x43, 0x9c, 0xf5, 0x57, 0xf1, 0x11, 0xc0, 0xfc},
};

static void key_of(struct hmac_key *key, enum digest_kind hash, const uint8_t *secret)
{
    hmac_key_init(key, hash, bytes_of(secret, digest_len(hash)));
}

/* [rfc8446#7.1] "Derive-Secret(Secret, Label, Messages) = HKDF-Expand-Label(Secret, Label,
 * Transcript-Hash(Messages), Hash.length)" */
static void derive_secret(const struct hmac_key *key, const char *label, struct bytes transcript,
                          uint8_t *out)
{
    struct hkdf_label what = {label, transcript};
    hkdf_expand_label(key, &what, out, digest_len(key->inner.kind));
}

static struct bytes nothing(enum digest_kind hash)
{
    return bytes_of(hash_of_nothing[hash], digest_len(hash));
}

/* The salt of the next extraction: derived over no messages at all. */
static void derive_salt(const struct key_schedule_13 *schedule, uint8_t salt[DIGEST_LEN_MAX])
{
    struct hmac_key key;
    key_of(&key, schedule->hash, schedule->secret);
    derive_secret(&key, "derived", nothing(schedule->hash), salt);
    secret_wipe(&key, sizeof(key));
}

static void move_on(struct key_schedule_13 *schedule, struct bytes input)
{
    uint8_t salt[DIGEST_LEN_MAX];
    if (schedule->is_plain)
        memcpy(salt, salt_without_psk[schedule->hash], sizeof(salt));
    else
        derive_salt(schedule, salt);
    schedule->is_plain = false;
    hkdf_extract(schedule->hash, bytes_of(salt, digest_len(schedule->hash)), input,
                 schedule->secret);
    secret_wipe(salt, sizeof(salt));
}

void key_schedule_13_begin(struct key_schedule_13 *schedule, enum digest_kind hash,
                           struct bytes psk)
{
    schedule->hash = hash;
    schedule->is_plain = psk.len == 0;
    if (!schedule->is_plain)
        hkdf_extract(hash, bytes_of(NULL, 0), psk, schedule->secret);
}

void key_schedule_13_binder(const struct key_schedule_13 *schedule, struct bytes hello_hash,
                            uint8_t binder[DIGEST_LEN_MAX])
{
    uint8_t binder_key[DIGEST_LEN_MAX];
    struct hmac_key key;
    key_of(&key, schedule->hash, schedule->secret);
    derive_secret(&key, "res binder", nothing(schedule->hash), binder_key);
    /* [rfc8446#4.2.11.2] "computed in the same way as the Finished message ... but with the BaseKey
     * being the binder_key" */
    verify_data_13(binder_key, schedule->hash, hello_hash, binder);
    secret_wipe(binder_key, sizeof(binder_key));
    secret_wipe(&key, sizeof(key));
}

void key_schedule_13_handshake(struct key_schedule_13 *schedule, struct bytes shared,
                               struct bytes transcript, struct traffic_secrets *secrets)
{
    struct hmac_key key;
    move_on(schedule, shared);
    key_of(&key, schedule->hash, schedule->secret);
    derive_secret(&key, "c hs traffic", transcript, secrets->client);
    derive_secret(&key, "s hs traffic", transcript, secrets->server);
    secret_wipe(&key, sizeof(key));
}

void key_schedule_13_master(struct key_schedule_13 *schedule, struct bytes transcript,
                            struct traffic_secrets *secrets, uint8_t exporter[DIGEST_LEN_MAX])
{
    struct hmac_key key;
    move_on(schedule, bytes_of(NULL, 0));
    key_of(&key, schedule->hash, schedule->secret);
    derive_secret(&key, "c ap traffic", transcript, secrets->client);
    derive_secret(&key, "s ap traffic", transcript, secrets->server);
    derive_secret(&key, "exp master", transcript, exporter);
    secret_wipe(&key, sizeof(key));
}

void key_schedule_13_resumption(struct key_schedule_13 *schedule, struct bytes transcript)
{
    struct hmac_key key;
    key_of(&key, schedule->hash, schedule->secret);
    derive_secret(&key, "res master", transcript, schedule->secret);
    secret_wipe(&key, sizeof(key));
}

/* [rfc8446#4.6.1] "The PSK associated with the ticket is computed as:
 * HKDF-Expand-Label(resumption_master_secret, "resumption", ticket_nonce, Hash.length)" */
void ticket_psk_13(const uint8_t *resumption, enum digest_kind hash, struct bytes nonce,
                   uint8_t psk[DIGEST_LEN_MAX])
{
    struct hkdf_label what = {"resumption", nonce};
    struct hmac_key key;
    key_of(&key, hash, resumption);
    hkdf_expand_label(&key, &what, psk, digest_len(hash));
    secret_wipe(&key, sizeof(key));
}

void traffic_keys_13_of(const uint8_t *secret, const struct suite *suite,
                        struct traffic_keys_13 *keys)
{
    static const struct hkdf_label key_label = {.label = "key"};
    static const struct hkdf_label iv_label = {.label = "iv"};
    /* [rfc9147#4.2.3] "The sn_key is computed as follows: [sender]_sn_key =
     * HKDF-Expand-Label(Secret, "sn", "", key_length)" */
    static const struct hkdf_label mask_label = {.label = "sn"};
    struct hmac_key key;
    size_t key_len = aead_key_len(suite->aead);
    key_of(&key, suite->hash, secret);
    hkdf_expand_label(&key, &key_label, keys->key, key_len);
    hkdf_expand_label(&key, &iv_label, keys->iv, AEAD_NONCE_LEN);
    hkdf_expand_label(&key, &mask_label, keys->mask_key, key_len);
    secret_wipe(&key, sizeof(key));
}

void traffic_secret_update(uint8_t *secret, enum digest_kind hash)
{
    static const struct hkdf_label next = {.label = "traffic upd"};
    struct hmac_key key;
    key_of(&key, hash, secret);
    hkdf_expand_label(&key, &next, secret, digest_len(hash));
    secret_wipe(&key, sizeof(key));
}

void verify_data_13(const uint8_t *secret, enum digest_kind hash, struct bytes transcript,
                    uint8_t verify_data[DIGEST_LEN_MAX])
{
    static const struct hkdf_label finished = {.label = "finished"};
    uint8_t finished_key[DIGEST_LEN_MAX];
    struct hmac_key key;
    struct hmac hmac;
    key_of(&key, hash, secret);
    hkdf_expand_label(&key, &finished, finished_key, digest_len(hash));
    key_of(&key, hash, finished_key);
    hmac_begin(&hmac, &key);
    hmac_update(&hmac, transcript);
    hmac_finish(&hmac, verify_data);
    secret_wipe(finished_key, sizeof(finished_key));
    secret_wipe(&key, sizeof(key));
}

/* [rfc8446#7.5] "TLS-Exporter(label, context_value, key_length) =
 * HKDF-Expand-Label(Derive-Secret(Secret, label, ""), "exporter", Hash(context_value),
 * key_length)" */
void export_13(const struct exporter_13 *exporter, uint8_t *out, size_t out_len)
{
    uint8_t hash[DIGEST_LEN_MAX];
    uint8_t secret[DIGEST_LEN_MAX];
    size_t hash_len = digest_len(exporter->hash);
    struct hmac_key key;
    key_of(&key, exporter->hash, exporter->secret);
    derive_secret(&key, exporter->label, nothing(exporter->hash), secret);
    key_of(&key, exporter->hash, secret);
    digest_of(exporter->hash, exporter->context, hash);
    struct hkdf_label what = {"exporter", bytes_of(hash, hash_len)};
    hkdf_expand_label(&key, &what, out, out_len);
    secret_wipe(secret, sizeof(secret));
    secret_wipe(&key, sizeof(key));
}
