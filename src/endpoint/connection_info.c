/* What is known of a connection. */
#include "endpoint/connection.h"

/* Every name has a NUL behind it. */
static const char *alpn_text(const struct connection_environment *environment, uint8_t place)
{
    if (place == 0)
        return NULL;
    /* Where there is but one configuration, its own list will do. */
    return environment->protocols != NULL
               ? environment->protocols->text[place - 1]
               : (const char *)environment->config->policy.alpn[place - 1].data;
}

void connection_info(const struct connection_environment *environment,
                     const struct connection *connection, struct rdtls_info *info)
{
    const struct association *association = &connection->association;
    const struct handshake *handshake = connection_handshake(environment, connection);
    *info = (struct rdtls_info){
        .version = association_wire_version(association),
        .cipher_suite = association_suite(association)->code_point,
        .group = association->group,
        .connected = connection->state == CONNECTION_CONNECTED,
        .peer_certificate = association->peer_certificate,
        .role = connection->role_is_open ? RDTLS_ROLE_LATER : (enum rdtls_role)association->role,
        .retransmits = connection->retransmits + (handshake != NULL ? handshake->retransmits : 0),
        .handshake_started_ns = connection->handshake_started_ns,
        .handshake_done_ns =
            connection_may_have_list(connection) ? 0 : connection->handshake_done_ns,
        .srtp_profile = association->srtp_profile,
        .payload_max = (uint16_t)connection_payload_max(environment, connection),
        .alpn = alpn_text(environment, association->alpn),
        .resumed = association->resumed,
    };
    memcpy(info->peer_fingerprint, association->peer_fingerprint, SHA256_LEN);
}
