#include "handshake/key_schedule_13.h"

#include <criterion/criterion.h>
#include <string.h>

static const enum digest_kind hashes[] = {DIGEST_SHA256, DIGEST_SHA384};

/* As the key schedule's picture has it, step by step, for what the implementation knows by heart: a
 * PSK of zeros is the same as none (RFC 8446 section 7.1). */
Test(key_schedule_13, no_psk_counts_as_zeros)
{
    static const uint8_t zeros[DIGEST_LEN_MAX];
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        struct key_schedule_13 plain;
        struct key_schedule_13 derived;
        struct traffic_secrets secrets[2];
        struct bytes shared = bytes_of("shared", 6);
        struct bytes transcript = bytes_of(zeros, digest_len(hashes[i]));
        memset(secrets, 0, sizeof(secrets));
        key_schedule_13_begin(&plain, hashes[i], bytes_of(NULL, 0));
        key_schedule_13_begin(&derived, hashes[i], bytes_of(zeros, digest_len(hashes[i])));
        key_schedule_13_handshake(&plain, shared, transcript, &secrets[0]);
        key_schedule_13_handshake(&derived, shared, transcript, &secrets[1]);
        cr_expect_arr_eq(plain.secret, derived.secret, digest_len(hashes[i]));
        cr_expect_arr_eq(&secrets[0], &secrets[1], sizeof(secrets[0]));
    }
}

/* The salt of the first step, and the hash of nothing in it, by hand. */
Test(key_schedule_13, the_handshake_secret_by_hand)
{
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        enum digest_kind hash = hashes[i];
        struct bytes shared = bytes_of("shared", 6);
        uint8_t early[DIGEST_LEN_MAX];
        uint8_t nothing[DIGEST_LEN_MAX];
        uint8_t salt[DIGEST_LEN_MAX];
        uint8_t secret[DIGEST_LEN_MAX];
        struct hmac_key key;
        hkdf_extract(hash, bytes_of(NULL, 0), bytes_of(NULL, 0), early);
        digest_of(hash, bytes_of(NULL, 0), nothing);
        hmac_key_init(&key, hash, bytes_of(early, digest_len(hash)));
        struct hkdf_label label = {"derived", bytes_of(nothing, digest_len(hash))};
        hkdf_expand_label(&key, &label, salt, digest_len(hash));
        hkdf_extract(hash, bytes_of(salt, digest_len(hash)), shared, secret);
        struct key_schedule_13 schedule;
        struct traffic_secrets secrets;
        key_schedule_13_begin(&schedule, hash, bytes_of(NULL, 0));
        key_schedule_13_handshake(&schedule, shared, bytes_of(nothing, digest_len(hash)), &secrets);
        cr_expect_arr_eq(schedule.secret, secret, digest_len(hash));
    }
}

/* Derive-Secret and HKDF-Expand-Label, one after the other. */
static void expand(enum digest_kind hash, const uint8_t *secret, const char *label,
                   struct bytes context, uint8_t out[DIGEST_LEN_MAX])
{
    struct hkdf_label what = {label, context};
    struct hmac_key key;
    hmac_key_init(&key, hash, bytes_of(secret, digest_len(hash)));
    hkdf_expand_label(&key, &what, out, digest_len(hash));
}

/* [rfc8446#4.2.11.2] "computed in the same way as the Finished message (Section 4.4.4) but with the
 * BaseKey being the binder_key derived via the key schedule from the corresponding PSK" */
Test(key_schedule_13, a_binder_by_hand)
{
    struct bytes psk = bytes_of("what a ticket stands for", 24);
    uint8_t hello_hash[DIGEST_LEN_MAX];
    memset(hello_hash, 7, sizeof(hello_hash));
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        enum digest_kind hash = hashes[i];
        struct bytes hello = bytes_of(hello_hash, digest_len(hash));
        uint8_t early[DIGEST_LEN_MAX];
        uint8_t nothing[DIGEST_LEN_MAX];
        uint8_t binder_key[DIGEST_LEN_MAX];
        uint8_t finished_key[DIGEST_LEN_MAX];
        uint8_t expected[DIGEST_LEN_MAX];
        uint8_t binder[DIGEST_LEN_MAX];
        hkdf_extract(hash, bytes_of(NULL, 0), psk, early);
        digest_of(hash, bytes_of(NULL, 0), nothing);
        expand(hash, early, "res binder", bytes_of(nothing, digest_len(hash)), binder_key);
        expand(hash, binder_key, "finished", bytes_of(NULL, 0), finished_key);
        struct hmac_key key;
        struct hmac hmac;
        hmac_key_init(&key, hash, bytes_of(finished_key, digest_len(hash)));
        hmac_begin(&hmac, &key);
        hmac_update(&hmac, hello);
        hmac_finish(&hmac, expected);
        struct key_schedule_13 schedule;
        key_schedule_13_begin(&schedule, hash, psk);
        key_schedule_13_binder(&schedule, hello, binder);
        cr_expect_arr_eq(binder, expected, digest_len(hash));
        cr_expect_arr_eq(schedule.secret, early, digest_len(hash));
    }
}

/* [rfc8446#4.6.1] "HKDF-Expand-Label(resumption_master_secret, "resumption", ticket_nonce,
 * Hash.length)"; the nonce may have 255 bytes. */
Test(key_schedule_13, what_a_ticket_stands_for_by_hand)
{
    static const uint8_t nonce[255] = {9};
    static const size_t lens[] = {0, 1, sizeof(nonce)};
    uint8_t transcript[DIGEST_LEN_MAX];
    memset(transcript, 3, sizeof(transcript));
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]) * 3; i++) {
        enum digest_kind hash = hashes[i / 3];
        struct bytes seen = bytes_of(transcript, digest_len(hash));
        struct bytes used = bytes_of(nonce, lens[i % 3]);
        struct key_schedule_13 schedule;
        struct traffic_secrets secrets;
        uint8_t expected[DIGEST_LEN_MAX];
        uint8_t psk[DIGEST_LEN_MAX];
        key_schedule_13_begin(&schedule, hash, bytes_of("psk", 3));
        key_schedule_13_handshake(&schedule, bytes_of("shared", 6), seen, &secrets);
        key_schedule_13_master(&schedule, seen, &secrets, expected);
        expand(hash, schedule.secret, "res master", seen, expected);
        key_schedule_13_resumption(&schedule, seen);
        cr_expect_arr_eq(schedule.secret, expected, digest_len(hash));
        ticket_psk_13(schedule.secret, hash, used, psk);
        expand(hash, schedule.secret, "resumption", used, expected);
        cr_expect_arr_eq(psk, expected, digest_len(hash));
    }
}

/* [rfc8446#7.5] "Implementations MUST use the exporter_master_secret unless explicitly specified by
 * the application." */
Test(key_schedule_13, what_is_exported_by_hand)
{
    uint8_t transcript[DIGEST_LEN_MAX];
    memset(transcript, 5, sizeof(transcript));
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        enum digest_kind hash = hashes[i];
        size_t len = digest_len(hash);
        struct bytes seen = bytes_of(transcript, len);
        struct key_schedule_13 schedule;
        struct traffic_secrets secrets;
        uint8_t master[DIGEST_LEN_MAX];
        uint8_t expected[DIGEST_LEN_MAX];
        uint8_t context_hash[DIGEST_LEN_MAX];
        uint8_t out[DIGEST_LEN_MAX];
        key_schedule_13_begin(&schedule, hash, bytes_of(NULL, 0));
        key_schedule_13_handshake(&schedule, bytes_of("shared", 6), seen, &secrets);
        key_schedule_13_master(&schedule, seen, &secrets, master);
        expand(hash, schedule.secret, "exp master", seen, expected);
        cr_expect_arr_eq(master, expected, len);
        digest_of(hash, bytes_of(NULL, 0), context_hash);
        expand(hash, master, "EXPORTER-a", bytes_of(context_hash, len), expected);
        digest_of(hash, bytes_of("context", 7), context_hash);
        expand(hash, expected, "exporter", bytes_of(context_hash, len), expected);
        const struct exporter_13 exporter = {hash, master, "EXPORTER-a", bytes_of("context", 7)};
        export_13(&exporter, out, len);
        cr_expect_arr_eq(out, expected, len);
    }
}
