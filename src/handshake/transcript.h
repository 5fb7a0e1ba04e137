/*
 * The running hash of all handshake messages (RFC 5246 section 7.4.9, RFC 6347 section 4.2.6): each
 * message with its header as if it had come in one fragment.
 *
 * It starts when the suite is known; until then nothing is hashed. A client's CertificateVerify is
 * signed under a hash of its own, so where one may come both hashes run.
 */
#ifndef HANDSHAKE_TRANSCRIPT_H
#define HANDSHAKE_TRANSCRIPT_H

#include "crypto/digest.h"
#include "wire/handshake_header.h"

struct transcript {
    uint64_t sha256[DIGEST_SHA256_WORDS]; /* bare states */
    uint64_t sha384[DIGEST_STATE_WORDS];
    bool runs_sha256;
    bool runs_sha384;
    bool is_13;
};

/* both: run the other hash too. */
void transcript_start(struct transcript *transcript, enum digest_kind prf_hash, bool both);

/* Of 1.3: the suite's hash alone. [rfc9147#5.2] "In DTLS 1.3, the message transcript is computed
 * over the original TLS 1.3-style Handshake messages without the message_seq, fragment_offset, and
 * fragment_length values." */
void transcript_start_13(struct transcript *transcript, enum digest_kind hash);

/* What stands for a first ClientHello that was answered with a HelloRetryRequest. */
void transcript_add_message_hash(struct transcript *transcript, struct bytes hello_hash);

/* Does nothing before the start. The header's fragment fields are ignored. */
void transcript_add(struct transcript *transcript, const struct handshake_header *header,
                    struct bytes body);

/* Hash of everything so far under a hash that runs; returns its length. */
size_t transcript_hash(const struct transcript *transcript, enum digest_kind kind,
                       uint8_t out[DIGEST_LEN_MAX]);

#endif
