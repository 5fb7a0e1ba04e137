#include "fuzz.h"

#include "wire/hellos.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes body = bytes_of(data, size);
    struct server_hello hello;
    if (server_hello_read(body, &hello) != RDTLS_OK)
        return 0;
    expect_inside(hello.random, body);
    expect_inside(hello.session_id, body);
    expect_inside(hello.renegotiated_connection, body);
    EXPECT(!hello.is_retry || !hello.answer_13.psk_present);
    EXPECT(hello.random.len == RANDOM_LEN);
    EXPECT(hello.session_id.len <= SESSION_ID_MAX);
    return 0;
}
