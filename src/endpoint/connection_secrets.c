/* What a host may have of an established association's secrets. */
#include "endpoint/connection.h"
#include "handshake/exporter.h"
#include "handshake/srtp.h"

#include <assert.h>

#define KEY_LOG_LABEL "CLIENT_RANDOM "

static_assert(sizeof(KEY_LOG_LABEL) - 1 + 2 * RANDOM_LEN + 1 + 2 * MASTER_SECRET_LEN + 2 ==
                  RDTLS_KEY_LOG_LINE_MAX,
              "what the header promises");

enum {
    EXPORT_MAX = 256,
    CONTEXT_MAX = UINT16_MAX,
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
    if (label_is_of_tls(exporter->label) || exporter->context_len > CONTEXT_MAX ||
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

static char *append_text(char *at, const char *text)
{
    size_t len = strlen(text);
    memcpy(at, text, len);
    return at + len;
}

static char *append_hex(char *at, struct bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        *at++ = digits[bytes.data[i] >> 4];
        *at++ = digits[bytes.data[i] & 15];
    }
    return at;
}

enum rdtls_status connection_key_log(const struct connection_environment *environment,
                                     const struct connection *connection,
                                     char line[RDTLS_KEY_LOG_LINE_MAX])
{
    if (!environment->config->key_log)
        return RDTLS_INVALID_ARGUMENT;
    if (connection->state != CONNECTION_CONNECTED)
        return RDTLS_NOT_CONNECTED;
    const struct association *association = &connection->association;
    char *at = append_text(line, KEY_LOG_LABEL);
    at = append_hex(at, bytes_of(association->client_random, RANDOM_LEN));
    at = append_text(at, " ");
    at = append_hex(at, bytes_of(association->v12.master_secret, MASTER_SECRET_LEN));
    at = append_text(at, "\n");
    *at = '\0';
    return RDTLS_OK;
}
