#include "handshake/transcript.h"

enum { TLS_HEADER_LEN = 1 + 3 }; /* type and length */

void transcript_start(struct transcript *transcript, enum digest_kind prf_hash, bool both)
{
    transcript->runs_sha256 = both || prf_hash == DIGEST_SHA256;
    transcript->runs_sha384 = both || prf_hash == DIGEST_SHA384;
    transcript->is_13 = false;
    if (transcript->runs_sha256)
        digest_words_init(DIGEST_SHA256, transcript->sha256);
    if (transcript->runs_sha384)
        digest_words_init(DIGEST_SHA384, transcript->sha384);
}

void transcript_start_13(struct transcript *transcript, enum digest_kind hash)
{
    transcript_start(transcript, hash, false);
    transcript->is_13 = true;
}

static void go_on(enum digest_kind kind, struct bytes header, struct bytes body, uint64_t *state)
{
    digest_words_update(kind, state, header);
    digest_words_update(kind, state, body);
}

void transcript_add(struct transcript *transcript, const struct handshake_header *header,
                    struct bytes body)
{
    /* [rfc6347#4.2.6] "the Finished MAC MUST be computed as if each handshake message had been sent
     * as a single fragment." */
    struct handshake_header whole = {
        .type = wire_type_of(header->type),
        .message_seq = header->message_seq,
        .length = header->length,
        .fragment_offset = 0,
        .fragment_length = header->length,
    };
    uint8_t header_bytes[HANDSHAKE_HEADER_LEN];
    handshake_header_write(header_bytes, &whole);
    struct bytes head = {header_bytes,
                         transcript->is_13 ? (size_t)TLS_HEADER_LEN : (size_t)HANDSHAKE_HEADER_LEN};
    if (transcript->runs_sha256)
        go_on(DIGEST_SHA256, head, body, transcript->sha256);
    if (transcript->runs_sha384)
        go_on(DIGEST_SHA384, head, body, transcript->sha384);
}

/* [rfc8446#4.4.1] "the value of ClientHello1 is replaced with a special synthetic handshake message
 * of handshake type "message_hash" containing Hash(ClientHello1)." */
void transcript_add_message_hash(struct transcript *transcript, struct bytes hello_hash)
{
    struct handshake_header header = {
        .type = MESSAGE_MESSAGE_HASH,
        .length = (uint32_t)hello_hash.len,
    };
    transcript_add(transcript, &header, hello_hash);
}

size_t transcript_hash(const struct transcript *transcript, enum digest_kind kind,
                       uint8_t out[DIGEST_LEN_MAX])
{
    struct digest digest;
    digest_load(&digest, kind, kind == DIGEST_SHA256 ? transcript->sha256 : transcript->sha384);
    digest_finish(&digest, out);
    return digest_len(kind);
}
