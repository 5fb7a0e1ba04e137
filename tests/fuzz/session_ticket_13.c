#include "fuzz.h"

#include "wire/session_ticket_13.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size);
    struct session_ticket_13 message;
    if (session_ticket_13_read(body, &message) != RDTLS_OK)
        return 0;
    expect_inside(message.nonce, body);
    expect_inside(message.ticket, body);
    EXPECT(message.ticket.len > 0);
    EXPECT(message.lifetime_s <= TICKET_13_LIFETIME_MAX_S);

    /* All but the extensions comes back. */
    uint8_t *out = malloc(size);
    EXPECT(out != NULL);
    struct writer writer = writer_of(out, size);
    session_ticket_13_write(&writer, &message);
    EXPECT(!writer.failed);
    expect_equal(bytes_of(out, writer.len - 2), bytes_of(data, writer.len - 2));
    free(out);
    return 0;
}
