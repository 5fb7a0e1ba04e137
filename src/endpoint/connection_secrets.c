/* What a host may have of an established association's secrets. */
#include "endpoint/connection.h"

#include "base/secret.h"
#include "handshake/exporter.h"
#include "handshake/read_epochs.h"
#include "handshake/srtp.h"

#include <assert.h>

enum {
    EXPORT_MAX = 1024,
    CONTEXT_MAX = UINT16_MAX,
    LABEL_MAX = 249, /* 1.3: with six bytes before it in a vector of 255 */
};

/* [rfc5705#4] "Note that exporter labels have the potential to collide with existing PRF labels."
 * Those of TLS 1.2 are not given out. */
static bool label_is_of_tls(const char *label)
{
    static const char *const taken[] = {"client finished", "server finished", "master secret",
                                        "extended master secret", "key expansion"};
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        if (strcmp(taken[i], label) == 0)
            return true;
    return false;
}

enum rdtls_status connection_export(const struct connection *connection,
                                    const struct rdtls_exporter *exporter, uint8_t *out,
                                    size_t out_len)
{
    if (out_len > EXPORT_MAX)
        return RDTLS_TOO_LONG;
    if (strlen(exporter->label) > LABEL_MAX || label_is_of_tls(exporter->label) ||
        exporter->context_len > CONTEXT_MAX ||
        (exporter->context == NULL && exporter->context_len > 0))
        return RDTLS_INVALID_ARGUMENT;
    if (connection->state != CONNECTION_CONNECTED)
        return RDTLS_NOT_CONNECTED;
    struct exporter_input input = {
        .label = exporter->label,
        .has_context = exporter->context != NULL,
        .context = bytes_of(exporter->context, exporter->context_len),
    };
    association_export(&connection->association, &input, out, out_len);
    return RDTLS_OK;
}

/* [rfc5764#5.1] "Within each RTP session, SRTP processing MUST NOT take place before the DTLS
 * handshake completes.": before it there are no keys. */
enum rdtls_status connection_srtp_keys(const struct connection *connection,
                                       struct rdtls_srtp_keys *keys)
{
    if (connection->state != CONNECTION_CONNECTED)
        return RDTLS_NOT_CONNECTED;
    return srtp_keys_derive(&connection->association, keys);
}

struct text {
    char *out;
    size_t len;
};

static void append(struct text *text, const char *word)
{
    size_t len = strlen(word);
    assert(text->len + len < RDTLS_KEY_LOG_MAX);
    memcpy(text->out + text->len, word, len + 1);
    text->len += len;
}

static void append_hex(struct text *text, struct bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        char pair[] = {digits[bytes.data[i] >> 4], digits[bytes.data[i] & 15], '\0'};
        append(text, pair);
    }
}

static void append_number(struct text *text, uint16_t number)
{
    char digit[] = {(char)('0' + number % 10), '\0'};
    if (number >= 10)
        append_number(text, number / 10);
    append(text, digit);
}

static void append_line(struct text *text, const struct association *association,
                        struct bytes secret)
{
    append(text, " ");
    append_hex(text, bytes_of(association->client_random, RANDOM_LEN));
    append(text, " ");
    append_hex(text, secret);
    append(text, "\n");
}

static void append_traffic_secret(struct text *text, const struct association *association,
                                  enum rdtls_role sender)
{
    const struct association_13 *v13 = &association->v13;
    uint8_t secret[DIGEST_LEN_MAX];
    /* Which generation it is of: each KeyUpdate is an epoch. */
    uint16_t epoch = association->write.epoch;
    if (association->role == sender)
        memcpy(secret, v13->write_secret, sizeof(secret));
    else
        epoch = read_epochs_secret(association, secret);
    append(text, sender == RDTLS_CLIENT ? "CLIENT_TRAFFIC_SECRET_" : "SERVER_TRAFFIC_SECRET_");
    append_number(text, (uint16_t)(epoch - EPOCH_APPLICATION));
    append_line(text, association,
                bytes_of(secret, digest_len(association_suite(association)->hash)));
    secret_wipe(secret, sizeof(secret));
}

enum rdtls_status connection_key_log(const struct connection_environment *environment,
                                     const struct connection *connection,
                                     char lines[RDTLS_KEY_LOG_MAX])
{
    if (!environment->config->key_log)
        return RDTLS_INVALID_ARGUMENT;
    if (connection->state != CONNECTION_CONNECTED)
        return RDTLS_NOT_CONNECTED;
    const struct association *association = &connection->association;
    struct text text = {lines, 0};
    if (association_is_13(association)) {
        append_traffic_secret(&text, association, RDTLS_CLIENT);
        append_traffic_secret(&text, association, RDTLS_SERVER);
        return RDTLS_OK;
    }
    append(&text, "CLIENT_RANDOM");
    append_line(&text, association, bytes_of(association->v12.master_secret, MASTER_SECRET_LEN));
    return RDTLS_OK;
}
