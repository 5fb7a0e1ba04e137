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
    case MESSAGE_NEW_SESSION_TICKET:
        return "NewSessionTicket";
    case MESSAGE_HELLO_RETRY_REQUEST:
        return "HelloRetryRequest";
    case MESSAGE_ENCRYPTED_EXTENSIONS:
        return "EncryptedExtensions";
    case MESSAGE_KEY_UPDATE:
        return "KeyUpdate";
    case MESSAGE_MESSAGE_HASH:
        return "message_hash";
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
    case FACT_RETRY:
        return "if a cookie or another key share is asked for";
    case FACT_SECOND_HELLO:
        return "if asked for";
    case FACT_CERTIFICATE_REQUESTED:
        return "if the server asks for a certificate";
    case FACT_CERTIFICATE_SENT:
        return "if the client has sent one";
    case FACT_TICKET:
        return "if the client takes tickets";
    }
    return "?";
}

/* A table has rows for what the other version's server may answer, since the hellos are shared. */
static void draw(const char *title, const struct handshake_row *rows, uint8_t other)
{
    printf("%s\n", title);
    printf("flight  client                     server               epoch\n");
    for (const struct handshake_row *row = rows; row->flight != 0; row++) {
        bool from_client = row->sender == RDTLS_CLIENT;
        if (row->presence == other)
            continue;
        printf("%4d    %-20s %s %-20s %d    %s", row->flight,
               from_client ? message_name(row->message) : "", from_client ? "---->" : "<----",
               from_client ? "" : message_name(row->message), row->epoch,
               presence_text(row->presence));
        printf("\n");
    }
}

int main(void)
{
    draw("DTLS 1.2", handshake_12_full, FACT_RETRY);
    printf("\n");
    draw("DTLS 1.2, with a session that is resumed", handshake_12_resumed, FACT_RETRY);
    printf("\n");
    draw("DTLS 1.3", handshake_13_full, FACT_COOKIE);
    printf("\n");
    draw("DTLS 1.3, with a session that is resumed", handshake_13_resumed, FACT_COOKIE);
    return 0;
}
