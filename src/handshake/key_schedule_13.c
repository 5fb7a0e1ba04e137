#include "handshake/key_schedule_13.h"

#include "base/secret.h"

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

/* The salt of the next extraction: derived over no messages at all. */
static void derive_salt(const struct key_schedule_13 *schedule, uint8_t salt[DIGEST_LEN_MAX])
{
    uint8_t empty_hash[DIGEST_LEN_MAX];
    struct hmac_key key;
    key_of(&key, schedule->hash, schedule->secret);
    digest_of(schedule->hash, bytes_of(NULL, 0), empty_hash);
    derive_secret(&key, "derived", bytes_of(empty_hash, digest_len(schedule->hash)), salt);
    secret_wipe(&key, sizeof(key));
}

static void move_on(struct key_schedule_13 *schedule, struct bytes input)
{
    uint8_t salt[DIGEST_LEN_MAX];
    derive_salt(schedule, salt);
    hkdf_extract(schedule->hash, bytes_of(salt, digest_len(schedule->hash)), input,
                 schedule->secret);
    secret_wipe(salt, sizeof(salt));
}

void key_schedule_13_begin(struct key_schedule_13 *schedule, enum digest_kind hash)
{
    schedule->hash = hash;
    hkdf_extract(hash, bytes_of(NULL, 0), bytes_of(NULL, 0), schedule->secret);
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
    digest_of(exporter->hash, bytes_of(NULL, 0), hash);
    derive_secret(&key, exporter->label, bytes_of(hash, hash_len), secret);
    key_of(&key, exporter->hash, secret);
    digest_of(exporter->hash, exporter->context, hash);
    struct hkdf_label what = {"exporter", bytes_of(hash, hash_len)};
    hkdf_expand_label(&key, &what, out, out_len);
    secret_wipe(secret, sizeof(secret));
    secret_wipe(&key, sizeof(key));
}
