/* Draws the handshake from the driver's table, as README.md shows it. */
#include <stdio.h>

#include "handshake/tables.h"

static const char *message_name(uint8_t message)
{
    switch ((enum handshake_type)message) {
    case MESSAGE_HELLO_REQUEST:
        return "HelloRequest";
    case MESSAGE_CLIENT_HELLO:
        return "ClientHello";
    case MESSAGE_SERVER_HELLO:
        return "ServerHello";
    case MESSAGE_HELLO_VERIFY_REQUEST:
        return "HelloVerifyRequest";
    case MESSAGE_CERTIFICATE:
        return "Certificate";
    case MESSAGE_SERVER_KEY_EXCHANGE:
        return "ServerKeyExchange";
    case MESSAGE_CERTIFICATE_REQUEST:
        return "CertificateRequest";
    case MESSAGE_SERVER_HELLO_DONE:
        return "ServerHelloDone";
    case MESSAGE_CERTIFICATE_VERIFY:
        return "CertificateVerify";
    case MESSAGE_CLIENT_KEY_EXCHANGE:
        return "ClientKeyExchange";
    case MESSAGE_FINISHED:
        return "Finished";
    }
    return "?";
}

static const char *presence_text(uint8_t presence)
{
    switch ((enum handshake_fact)presence) {
    case FACT_ALWAYS:
        return "";
    case FACT_COOKIE:
        return "if a cookie is asked for";
    case FACT_CERTIFICATE_REQUESTED:
        return "if the server asks for a certificate";
    case FACT_CERTIFICATE_SENT:
        return "if the client has sent one";
    }
    return "?";
}

int main(void)
{
    printf("flight  client                     server               epoch\n");
    for (const struct handshake_row *row = handshake_12_full; row->flight != 0; row++) {
        bool from_client = row->sender == RDTLS_CLIENT;
        printf("%4d    %-20s %s %-20s %d    %s", row->flight,
               from_client ? message_name(row->message) : "", from_client ? "---->" : "<----",
               from_client ? "" : message_name(row->message), row->epoch,
               presence_text(row->presence));
        printf("\n");
    }
    return 0;
}
