#include "handshake/transcript.h"

static void begin(enum digest_kind kind, uint64_t *state)
{
    struct digest digest;
    digest_init(&digest, kind);
    digest_save(&digest, state);
}

void transcript_start(struct transcript *transcript, enum digest_kind prf_hash, bool both)
{
    transcript->runs_sha256 = both || prf_hash == DIGEST_SHA256;
    transcript->runs_sha384 = both || prf_hash == DIGEST_SHA384;
    if (transcript->runs_sha256)
        begin(DIGEST_SHA256, transcript->sha256);
    if (transcript->runs_sha384)
        begin(DIGEST_SHA384, transcript->sha384);
}

static void go_on(enum digest_kind kind, struct bytes header, struct bytes body, uint64_t *state)
{
    struct digest digest;
    digest_load(&digest, kind, state);
    digest_update(&digest, header);
    digest_update(&digest, body);
    digest_save(&digest, state);
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
    struct bytes head = bytes_of(header_bytes, sizeof(header_bytes));
    if (transcript->runs_sha256)
        go_on(DIGEST_SHA256, head, body, transcript->sha256);
    if (transcript->runs_sha384)
        go_on(DIGEST_SHA384, head, body, transcript->sha384);
}

size_t transcript_hash(const struct transcript *transcript, enum digest_kind kind,
                       uint8_t out[DIGEST_LEN_MAX])
{
    struct digest digest;
    digest_load(&digest, kind, kind == DIGEST_SHA256 ? transcript->sha256 : transcript->sha384);
    digest_finish(&digest, out);
    return digest_len(kind);
}
