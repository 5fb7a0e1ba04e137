#include "handshake/ticket.h"

#include "base/reader.h"
#include "base/secret.h"
#include "crypto/hkdf.h"

enum { MS_PER_S = 1000 };

/* Each ticket has its own. */
struct ticket_keys {
    uint8_t key[AEAD_KEY_MAX];
    uint8_t nonce[AEAD_NONCE_LEN];
};

static void name_of(const struct hmac_key *secret, uint64_t window, uint8_t name[TICKET_NAME_LEN])
{
    uint8_t number[8];
    store_u64(number, window);
    struct hkdf_label label = {"ticket name", bytes_of(number, sizeof(number))};
    hkdf_expand_label(secret, &label, name, TICKET_NAME_LEN);
}

/* [rfc5077#5.2] "A TLS server MUST use strong encryption and integrity protection for the ticket to
 * prevent an attacker from using a brute force mechanism to obtain the ticket's contents.":
 * AES-256-GCM under keys of its own. */
static void keys_of(const struct hmac_key *secret, uint64_t window, const uint8_t *salt,
                    struct ticket_keys *keys)
{
    uint8_t context[8 + TICKET_SALT_LEN];
    uint8_t material[AEAD_KEY_MAX + AEAD_NONCE_LEN];
    store_u64(context, window);
    memcpy(context + 8, salt, TICKET_SALT_LEN);
    struct hkdf_label label = {"ticket key", bytes_of(context, sizeof(context))};
    hkdf_expand_label(secret, &label, material, sizeof(material));
    memcpy(keys->key, material, AEAD_KEY_MAX);
    memcpy(keys->nonce, material + AEAD_KEY_MAX, AEAD_NONCE_LEN);
    secret_wipe(material, sizeof(material));
}

void ticket_salt(const struct ticket_box *box, struct bytes client_random,
                 struct bytes server_random, uint8_t salt[TICKET_SALT_LEN])
{
    uint8_t context[64];
    struct writer writer = writer_of(context, sizeof(context));
    writer_bytes(&writer, client_random);
    writer_bytes(&writer, server_random);
    struct hkdf_label label = {"ticket salt", bytes_of(context, writer.len)};
    hkdf_expand_label(&box->secrets->keys[0], &label, salt, TICKET_SALT_LEN);
}

bool ticket_seal(const struct ticket_box *box, const struct session *session,
                 const uint8_t salt[TICKET_SALT_LEN], struct writer *out)
{
    const struct hmac_key *secret = &box->secrets->keys[0];
    uint64_t window = session->issued_ms / TICKET_WINDOW_MS;
    uint8_t plaintext[SESSION_ENCODED_MAX];
    struct writer writer = writer_of(plaintext, sizeof(plaintext));
    session_encode(&writer, session);
    uint8_t *ticket = writer_room(out, TICKET_OVERHEAD + writer.len);
    if (writer.failed || ticket == NULL) {
        secret_wipe(plaintext, sizeof(plaintext));
        return false;
    }
    name_of(secret, window, ticket);
    memcpy(ticket + TICKET_NAME_LEN, salt, TICKET_SALT_LEN);
    struct ticket_keys keys;
    keys_of(secret, window, salt, &keys);
    struct aead_operation operation = {
        .kind = AEAD_AES_256_GCM,
        .key = keys.key,
        .aad = bytes_of(ticket, TICKET_NAME_LEN + TICKET_SALT_LEN),
        .in = plaintext,
        .in_len = writer.len,
        .out = ticket + TICKET_NAME_LEN + TICKET_SALT_LEN,
    };
    memcpy(operation.nonce, keys.nonce, AEAD_NONCE_LEN);
    bool is_sealed = aead_seal(box->aead, &operation);
    secret_wipe(&keys, sizeof(keys));
    secret_wipe(plaintext, sizeof(plaintext));
    return is_sealed;
}

/* Which of ours sealed it, and when? The newest window comes first: most tickets are of it. */
static const struct hmac_key *find_secret(const struct ticket_box *box, const uint8_t *name,
                                          uint64_t clock_ms, uint64_t *window)
{
    const struct ticket_secrets *secrets = box->secrets;
    uint64_t newest = (clock_ms + SESSION_CLOCK_TOLERANCE_MS) / TICKET_WINDOW_MS;
    uint64_t span_ms = (uint64_t)box->lifetime_s * MS_PER_S;
    uint64_t oldest = clock_ms > span_ms ? (clock_ms - span_ms) / TICKET_WINDOW_MS : 0;
    for (uint64_t at = newest;; at--) {
        for (uint32_t i = 0; i < secrets->count; i++) {
            uint8_t expected[TICKET_NAME_LEN];
            name_of(&secrets->keys[i], at, expected);
            if (secret_is_equal(expected, name, TICKET_NAME_LEN)) {
                *window = at;
                return &secrets->keys[i];
            }
        }
        if (at == oldest)
            return NULL;
    }
}

bool ticket_open(const struct ticket_box *box, struct bytes ticket, uint64_t clock_ms,
                 struct session *session)
{
    uint64_t window;
    uint8_t plaintext[SESSION_ENCODED_MAX];
    memset(session, 0, sizeof(*session));
    if (ticket.len <= TICKET_OVERHEAD || ticket.len > TICKET_OURS_MAX)
        return false;
    const struct hmac_key *secret = find_secret(box, ticket.data, clock_ms, &window);
    if (secret == NULL)
        return false;
    struct ticket_keys keys;
    const size_t head_len = TICKET_NAME_LEN + TICKET_SALT_LEN;
    keys_of(secret, window, ticket.data + TICKET_NAME_LEN, &keys);
    struct aead_operation operation = {
        .kind = AEAD_AES_256_GCM,
        .key = keys.key,
        .aad = bytes_of(ticket.data, head_len),
        .in = ticket.data + head_len,
        .in_len = ticket.len - head_len,
        .out = plaintext,
    };
    memcpy(operation.nonce, keys.nonce, AEAD_NONCE_LEN);
    bool is_open = aead_open(box->aead, &operation) &&
                   session_decode(bytes_of(plaintext, ticket.len - TICKET_OVERHEAD), session) &&
                   session->issued_ms / TICKET_WINDOW_MS == window;
    if (!is_open)
        secret_wipe(session, sizeof(*session));
    secret_wipe(&keys, sizeof(keys));
    secret_wipe(plaintext, sizeof(plaintext));
    return is_open;
}
