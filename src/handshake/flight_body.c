/* What a flight does not keep of its messages is made anew. */
#include <assert.h>

#include "handshake/flight.h"
#include "wire/certificate_messages_13.h"

enum { SCRATCH_LEN = 16384 };

static void write_chain(const struct credential *credential, bool is_13, struct writer *body)
{
    if (is_13)
        certificate_13_write(body, credential->chain, credential->chain_count);
    else
        certificate_write(body, credential->chain, credential->chain_count);
}

/* A ServerHello with what is kept elsewhere put back to its place. */
static void write_whole(const struct flight_writer *flight_writer, struct bytes kept,
                        struct writer *body)
{
    uint8_t kem[ML_KEM_CIPHERTEXT_LEN];
    long_share_load(flight_writer->kem, flight_writer->blocks, kem, sizeof(kem));
    writer_bytes(body, bytes_of(kept.data, SERVER_SHARE_AT));
    writer_bytes(body, bytes_of(kem, sizeof(kem)));
    writer_bytes(body, bytes_of(kept.data + SERVER_SHARE_AT, kept.len - SERVER_SHARE_AT));
}

struct bytes flight_body(const struct flight *flight, const struct flight_writer *flight_writer,
                         const struct flight_message *message)
{
    struct writer body = writer_of(flight_writer->scratch, SCRATCH_LEN);
    const struct association *association = flight_writer->sender.association;
    struct client_hello_input hello = {
        .policy = flight_writer->policy,
        .association = association,
        .shares = &flight_writer->shares,
        .identity = flight_writer->identity,
        .ticket = flight_writer->ticket,
        .cookie = flight_cookie(flight, message),
    };
    if (message->type == MESSAGE_CLIENT_HELLO)
        client_hello_make(&body, &hello);
    else if (message->credential != 0)
        write_chain(&flight_writer->policy->credentials[message->credential - 1],
                    association_is_13(association), &body);
    else if (message->is_cut)
        write_whole(flight_writer, bytes_of(flight->buffer + message->offset, message->kept),
                    &body);
    else
        return bytes_of(flight->buffer + message->offset, message->kept);
    /* [rfc9147#5.5] "Senders MUST NOT change handshake message bytes upon retransmission." */
    assert(body.len == message->length); /* what is made anew is what was said before */
    return bytes_of(body.start, body.len);
}
