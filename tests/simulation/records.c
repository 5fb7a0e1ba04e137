#include "records.h"

#include <stdarg.h>
#include <stdio.h>

#include "onlooker.h"
#include "wire/ack.h"
#include "wire/alert.h"
#include "wire/handshake_header.h"

static bool next_unified(struct reader *reader, struct seen_record *record)
{
    struct unified_header header;
    if (!unified_header_read(reader, &header))
        return false;
    record->is_unified = true;
    record->epoch = header.epoch_bits;
    record->content = record->start + header.len;
    record->end = record->content + header.length;
    return true;
}

bool records_next(const uint8_t *datagram, size_t len, size_t *at, struct seen_record *record)
{
    struct reader reader = reader_of(bytes_of(datagram + *at, len - *at));
    struct record_header header;
    *record = (struct seen_record){.start = *at};
    if (reader.left > 0 && unified_header_begins(reader.at[0])) {
        if (!next_unified(&reader, record))
            return false;
    } else {
        if (!record_header_read(&reader, &header) || header.length > reader.left)
            return false;
        record->type = header.type;
        record->epoch = header.epoch;
        record->sequence = header.sequence;
        record->content = *at + RECORD_HEADER_LEN;
        record->end = record->content + header.length;
    }
    *at = record->end;
    return true;
}

bool records_are_whole(const uint8_t *datagram, size_t len)
{
    struct seen_record record;
    size_t at = 0;
    while (at < len && records_next(datagram, len, &at, &record))
        continue;
    return at == len && len > 0;
}

bool records_protect(const uint8_t *datagram, size_t len, size_t byte)
{
    struct seen_record record;
    size_t at = 0;
    while (records_next(datagram, len, &at, &record))
        if (byte < at)
            return record.is_unified || (record.epoch != 0 && byte >= record.content);
    return false;
}

bool records_first_protected(const uint8_t *datagram, size_t len, struct seen_record *record)
{
    size_t at = 0;
    while (records_next(datagram, len, &at, record))
        if (record_is_protected(record) && record->end > record->content)
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

static void describe_content(struct text *text, uint8_t type, struct bytes content)
{
    struct reader reader = reader_of(content);
    struct handshake_header message;
    struct bytes fragment;
    struct alert alert;
    if (type == CONTENT_CHANGE_CIPHER_SPEC)
        add(text, "ChangeCipherSpec");
    else if (type == CONTENT_ALERT && alert_read(content, &alert))
        add(text, "alert %u", alert.description);
    else if (type == CONTENT_HANDSHAKE && handshake_fragment_read(&reader, &message, &fragment))
        add(text, "%s %u[%u..%u/%u]", message_name(message.type), message.message_seq,
            message.fragment_offset, message.fragment_offset + message.fragment_length,
            message.length);
    else if (type == CONTENT_APPLICATION_DATA)
        add(text, "data");
    else if (type == CONTENT_ACK)
        add(text, "ACK");
    else
        add(text, "type %u?", type);
}

static void describe_ack(struct text *text, struct bytes content)
{
    struct reader numbers;
    struct record_number number;
    if (!ack_read(content, &numbers))
        return;
    while (ack_next(&numbers, &number))
        add(text, " %llu.%llu", (unsigned long long)number.epoch,
            (unsigned long long)number.sequence);
}

static void describe_unified(struct text *text, const uint8_t *datagram,
                             const struct seen_record *record, const struct onlooker *onlooker)
{
    struct sight sight;
    if (onlooker == NULL || !onlooker_open(onlooker, datagram, record, &sight)) {
        add(text, "{epoch ..%u}", record->epoch);
        return;
    }
    add(text, "%u.%llu {", sight.epoch, (unsigned long long)sight.opened.sequence);
    describe_content(text, sight.opened.type, sight.opened.plaintext);
    if (sight.opened.type == CONTENT_ACK)
        describe_ack(text, sight.opened.plaintext);
    add(text, "}");
}

static void describe_protected(struct text *text, const struct seen_record *record)
{
    switch (record->type) {
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
        add(text, "{type %u?}", record->type);
        break;
    }
}

static void describe(struct text *text, const uint8_t *datagram, const struct seen_record *record,
                     const struct onlooker *onlooker)
{
    if (record->is_unified) {
        describe_unified(text, datagram, record, onlooker);
        return;
    }
    add(text, "%u.%llu ", record->epoch, (unsigned long long)record->sequence);
    if (record->epoch == 0)
        describe_content(text, record->type,
                         bytes_of(datagram + record->content, record->end - record->content));
    else
        describe_protected(text, record);
}

void records_describe(const uint8_t *datagram, size_t len, const struct onlooker *onlooker,
                      char *text, size_t text_len)
{
    struct text out = {text, text_len};
    struct seen_record record;
    size_t at = 0;
    text[0] = '\0';
    while (records_next(datagram, len, &at, &record)) {
        add(&out, "%s", record.start > 0 ? ", " : "");
        describe(&out, datagram, &record, onlooker);
    }
    if (at != len)
        add(&out, "%s%zu bytes that are no record", at > 0 ? ", " : "", len - at);
}
