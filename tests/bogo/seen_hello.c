#include "seen_hello.h"

#include "wire/hellos_13.h"

#include "endpoint/hello_gate.h"
#include "wire/hellos.h"

static void keep(struct bytes bytes, char *text, size_t max)
{
    if (bytes.len == 0 || bytes.len > max)
        return;
    memcpy(text, bytes.data, bytes.len);
    text[bytes.len] = '\0';
}

void seen_hello_note(struct seen_hello *seen, uint8_t *datagram, size_t len)
{
    struct hello_fragment fragment;
    struct client_hello hello;
    enum rdtls_discard reason;
    if (!hello_fragment_read(bytes_of(datagram, len), &fragment, &reason))
        return;
    if (fragment.header.fragment_offset == 0)
        seen->body_len = 0;
    if (fragment.header.fragment_offset != seen->body_len ||
        fragment.body.len > SEEN_BODY_MAX - seen->body_len)
        return;
    bytes_copy(seen->body + seen->body_len, fragment.body);
    seen->body_len += fragment.body.len;
    if (seen->body_len != fragment.header.length ||
        client_hello_read(bytes_of(seen->body, seen->body_len), &hello) != RDTLS_OK)
        return;
    keep(hello.server_name, seen->server_name, SEEN_NAME_MAX);
    keep(hello.extras.alpn, seen->alpn, SEEN_ALPN_MAX);
}

bool seen_hello_retries(const uint8_t *datagram, size_t len)
{
    enum { TYPE_AT = 13, RANDOM_AT = 13 + 12 + 2 };
    return len >= RANDOM_AT + RANDOM_LEN && datagram[0] == CONTENT_HANDSHAKE &&
           datagram[TYPE_AT] == MESSAGE_SERVER_HELLO &&
           random_is_retry(bytes_of(datagram + RANDOM_AT, RANDOM_LEN));
}
