#include "records.h"

#include <stdarg.h>
#include <stdio.h>

#include "wire/alert.h"
#include "wire/handshake_header.h"

bool records_next(const uint8_t *datagram, size_t len, size_t *at, struct record_header *header)
{
    struct reader reader = reader_of(bytes_of(datagram + *at, len - *at));
    if (!record_header_read(&reader, header) || header->length > reader.left)
        return false;
    *at += RECORD_HEADER_LEN + (size_t)header->length;
    return true;
}

bool records_are_whole(const uint8_t *datagram, size_t len)
{
    struct record_header header;
    size_t at = 0;
    while (at < len && records_next(datagram, len, &at, &header))
        continue;
    return at == len && len > 0;
}

bool records_protect(const uint8_t *datagram, size_t len, size_t byte)
{
    struct record_header header;
    size_t start = 0;
    size_t at = 0;
    while (records_next(datagram, len, &at, &header)) {
        if (byte < at)
            return header.epoch != 0 && byte >= start + RECORD_HEADER_LEN;
        start = at;
    }
    return false;
}

bool records_protected_part(const uint8_t *datagram, size_t len, size_t *at, size_t *part_len)
{
    struct record_header header;
    size_t next = 0;
    while (records_next(datagram, len, &next, &header)) {
        if (header.epoch == 0 || header.length == 0)
            continue;
        *part_len = header.length;
        *at = next - header.length;
        return true;
    }
    return false;
}

bool records_carry_data(const uint8_t *datagram, size_t len)
{
    struct record_header header;
    size_t at = 0;
    while (records_next(datagram, len, &at, &header))
        if (header.type == CONTENT_APPLICATION_DATA)
            return true;
    return false;
}

static const char *message_name(uint8_t type)
{
    switch ((enum handshake_type)type) {
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
    return "message?";
}

struct text {
    char *at;
    size_t left;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text->at, text->left, format, arguments);
    va_end(arguments);
    size_t added = len < 0 ? 0 : (size_t)len;
    if (added >= text->left)
        added = text->left > 0 ? text->left - 1 : 0;
    text->at += added;
    text->left -= added;
}

static void describe_plaintext(struct text *text, const struct record_header *header,
                               struct bytes content)
{
    struct reader reader = reader_of(content);
    struct handshake_header message;
    struct bytes fragment;
    struct alert alert;
    if (header->type == CONTENT_CHANGE_CIPHER_SPEC)
        add(text, "ChangeCipherSpec");
    else if (header->type == CONTENT_ALERT && alert_read(content, &alert))
        add(text, "alert %u", alert.description);
    else if (header->type == CONTENT_HANDSHAKE &&
             handshake_fragment_read(&reader, &message, &fragment))
        add(text, "%s %u[%u..%u/%u]", message_name(message.type), message.message_seq,
            message.fragment_offset, message.fragment_offset + message.fragment_length,
            message.length);
    else
        add(text, "type %u?", header->type);
}

static void describe_protected(struct text *text, const struct record_header *header)
{
    switch (header->type) {
    case CONTENT_APPLICATION_DATA:
        add(text, "{data}");
        break;
    case CONTENT_HANDSHAKE:
        add(text, "{Finished}");
        break;
    case CONTENT_ALERT:
        add(text, "{alert}");
        break;
    default:
        add(text, "{type %u?}", header->type);
        break;
    }
}

void records_describe(const uint8_t *datagram, size_t len, char *text, size_t text_len)
{
    struct text out = {text, text_len};
    struct record_header header;
    size_t start = 0;
    size_t at = 0;
    text[0] = '\0';
    while (records_next(datagram, len, &at, &header)) {
        add(&out, "%s%u.%llu ", start > 0 ? ", " : "", header.epoch,
            (unsigned long long)header.sequence);
        if (header.epoch == 0)
            describe_plaintext(&out, &header,
                               bytes_of(datagram + start + RECORD_HEADER_LEN, header.length));
        else
            describe_protected(&out, &header);
        start = at;
    }
    if (at != len)
        add(&out, "%s%zu bytes that are no record", start > 0 ? ", " : "", len - at);
}
