#include "handshake/transcript.h"

void transcript_start(struct transcript *transcript, enum digest_kind prf_hash, bool both)
{
    transcript->prf_hash = prf_hash;
    transcript->runs_sha256 = both || prf_hash == DIGEST_SHA256;
    transcript->runs_sha384 = both || prf_hash == DIGEST_SHA384;
    if (transcript->runs_sha256)
        digest_init(&transcript->sha256, DIGEST_SHA256);
    if (transcript->runs_sha384)
        digest_init(&transcript->sha384, DIGEST_SHA384);
}

static void transcript_add_bytes(struct transcript *transcript, struct bytes bytes)
{
    if (transcript->runs_sha256)
        digest_update(&transcript->sha256, bytes);
    if (transcript->runs_sha384)
        digest_update(&transcript->sha384, bytes);
}

void transcript_add(struct transcript *transcript, const struct handshake_header *header,
                    struct bytes body)
{
    /* [rfc6347#4.2.6] "the Finished MAC MUST be computed as if each handshake message had been sent
     * as a single fragment." */
    struct handshake_header whole = {
        .type = header->type,
        .message_seq = header->message_seq,
        .length = header->length,
        .fragment_offset = 0,
        .fragment_length = header->length,
    };
    uint8_t header_bytes[HANDSHAKE_HEADER_LEN];
    handshake_header_write(header_bytes, &whole);
    transcript_add_bytes(transcript, bytes_of(header_bytes, sizeof(header_bytes)));
    transcript_add_bytes(transcript, body);
}

size_t transcript_hash(const struct transcript *transcript, enum digest_kind kind,
                       uint8_t out[DIGEST_LEN_MAX])
{
    digest_peek(kind == DIGEST_SHA256 ? &transcript->sha256 : &transcript->sha384, out);
    return digest_len(kind);
}
