/* NewSessionTicket of 1.2: what parses is written again as it was. */
#include "fuzz.h"

#include "wire/session_ticket_12.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size);
    struct session_ticket_12 message;
    if (session_ticket_12_read(body, &message) != RDTLS_OK)
        return 0;
    expect_inside(message.ticket, body);
    uint8_t *out = malloc(size);
    EXPECT(out != NULL);
    struct writer writer = writer_of(out, size);
    session_ticket_12_write(&writer, &message);
    EXPECT(!writer.failed);
    expect_equal(bytes_of(out, writer.len), body);
    free(out);
    return 0;
}
