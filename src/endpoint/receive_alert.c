/* What an alert of the peer's leads to. */
#include "endpoint/incoming.h"
#include "wire/alert.h"

/* [rfc8446#6] "All the alerts listed in Section 6.2 MUST be sent with AlertLevel=fatal and MUST be
 * treated as error alerts when received regardless of the AlertLevel in the message. Unknown Alert
 * types MUST be treated as error alerts.": of those that are no closure alerts, user_canceled alone
 * says that something else is to follow. In 1.2 the level tells. "MUST NOT allow any further data
 * to be sent or received on the connection." [rfc8446#6.2] "Upon transmission or receipt of a fatal
 * alert message, both parties MUST immediately close the connection." */
static bool is_error(const struct incoming *in, const struct alert *alert)
{
    return alert->level == ALERT_FATAL || (association_is_13(&in->connection->association) &&
                                           alert->description != ALERT_USER_CANCELED);
}

void incoming_alert(const struct incoming *in, struct bytes content)
{
    struct alert alert;
    if (!alert_read(content, &alert)) {
        incoming_discard(in, RDTLS_DISCARD_BAD_FRAGMENT);
        return;
    }
    if (alert.description == ALERT_CLOSE_NOTIFY) {
        /* [rfc5246#7.2.1] "The other party MUST respond with a close_notify alert of its own and
         * close down the connection immediately" */
        connection_close(in->environment, in->connection, RDTLS_CLOSED_BY_PEER);
    } else if (is_error(in, &alert)) {
        connection_fail(in->environment, in->connection,
                        (enum rdtls_status)(RDTLS_RECEIVED_ALERT + alert.description));
    }
}
