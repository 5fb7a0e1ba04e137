/* What a client's host gives back as a session, and what a client gives back as a ticket: what
 * decodes is encoded again as it was, and nobody makes a ticket without its secret. */
#include "fuzz.h"

#include "handshake/ticket.h"

static void open_ticket(struct bytes ticket)
{
    static const uint8_t secret[TICKET_SECRET_LEN] = {1};
    static struct ticket_secrets secrets;
    static struct aead_engine *aead;
    struct session session;
    if (aead == NULL) {
        aead = aead_engine_new();
        ticket_secrets_add(&secrets, secret);
    }
    struct ticket_box box = {&secrets, aead, SESSION_LIFETIME_MAX_S};
    EXPECT(!ticket_open(&box, ticket, 1, &session));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct saved_session saved;
    static uint8_t again[SAVED_SESSION_MAX];
    struct bytes input = bytes_of(data, size);
    struct session session;
    open_ticket(input);
    if (saved_session_decode(input, &saved)) {
        struct writer writer = writer_of(again, sizeof(again));
        saved_session_encode(&writer, &saved);
        EXPECT(!writer.failed);
        expect_equal(bytes_of(again, writer.len), input);
    }
    if (session_decode(input, &session)) {
        struct writer writer = writer_of(again, sizeof(again));
        session_encode(&writer, &session);
        EXPECT(!writer.failed);
        expect_equal(bytes_of(again, writer.len), input);
    }
    return 0;
}
