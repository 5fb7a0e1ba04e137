/* The peer's certificate: its key is kept for the one signature that proves its possession. */
#include <assert.h>

#include "crypto/ed25519.h"
#include "handshake/messages.h"

static_assert((int)RSA_LEN_MAX <= (int)REASSEMBLY_BLOCK_LEN, "a modulus, and a signature, fit");
static_assert(sizeof(struct reassembly_block) == REASSEMBLY_BLOCK_LEN, "a block is all of that");

/* Of what is as long as a peer likes we keep 512 bytes at most, in a block; *block is given back
 * with the key. false: no block is left. */
static bool keep(struct pool *blocks, struct bytes bytes, uint32_t *block)
{
    if (*block == POOL_NONE)
        *block = pool_lend(blocks);
    if (*block == POOL_NONE)
        return false;
    bytes_copy(pool_slot(blocks, *block), bytes);
    return true;
}

static void give_back(struct pool *blocks, uint32_t *block)
{
    if (*block != POOL_NONE)
        pool_give_back(blocks, *block);
    *block = POOL_NONE;
}

void certified_key_release(struct certified_key *certified, struct pool *blocks)
{
    give_back(blocks, &certified->key_block);
    give_back(blocks, &certified->signature_block);
}

static enum rdtls_status keep_key(struct certified_key *certified, struct pool *blocks,
                                  const struct public_key *key)
{
    certified->kind = (uint8_t)key->kind;
    if (key->kind == KEY_P256 || key->kind == KEY_ED25519) {
        bytes_copy(certified->point, key->point);
        return RDTLS_OK;
    }
    struct bytes kept = key->kind == KEY_RSA ? key->rsa.modulus : key->point;
    certified->exponent = key->rsa.exponent;
    certified->key_len = (uint16_t)kept.len;
    return keep(blocks, kept, &certified->key_block) ? RDTLS_OK : RDTLS_ALERT_INTERNAL_ERROR;
}

/* The whole chain is judged when it is there, and nothing of it is kept but the verdict: it may be
 * 16 KB long. The peer has not proven yet that the leaf is its own. That costs us little for
 * strangers without one: a client is judged behind its cookie alone, at most ten certificates are
 * read, and of signatures only those are computed that lead down from an authority that we trust,
 * so that a chain which only claims to come from one fails at the first. */
static enum rdtls_status judge_chain(const struct handshake *handshake, struct bytes chain)
{
    const struct policy *policy = handshake->environment->policy;
    bool is_server = handshake->association->role == RDTLS_CLIENT;
    const struct trust_question question = {
        .chain = chain,
        .is_13 = association_is_13(handshake->association),
        .is_server = is_server,
        .host_name = is_server ? policy->server_name : "",
        .unix_time_s = policy->unix_time_s(policy->unix_time_context),
    };
    return trust_judge(policy->trust, &question);
}

/* [rfc8122#5.1] "If a certificate does not match any such fingerprint, the endpoint MUST NOT
 * establish the TLS connection." It ends where the certificate is shown, if the fingerprints are
 * there by then, and otherwise when they come. */
enum rdtls_status handshake_judge_peer(struct handshake *handshake)
{
    struct signalled_peer *peer = &handshake->peer;
    if (peer->shown == 0 || peer->expected == 0)
        return RDTLS_OK;
    peer->is_expected = signalled_matches(handshake->environment->signalled, peer);
    return peer->is_expected ? RDTLS_OK : RDTLS_ALERT_BAD_CERTIFICATE;
}

static enum rdtls_status judge_signalled(struct handshake *handshake, struct bytes leaf)
{
    signalled_show(handshake->environment->signalled, leaf, &handshake->peer.shown);
    return handshake_judge_peer(handshake);
}

static enum rdtls_status judge_certificate(struct handshake *handshake,
                                           const struct certificate_message *message,
                                           const uint8_t fingerprint[SHA256_LEN])
{
    const struct policy *policy = handshake->environment->policy;
    switch (policy->verify) {
    case RDTLS_VERIFY_FINGERPRINT:
        return policy_lists_fingerprint(policy, fingerprint) ? RDTLS_OK
                                                             : RDTLS_ALERT_BAD_CERTIFICATE;
    case RDTLS_VERIFY_CHAIN:
        return judge_chain(handshake, message->chain);
    case RDTLS_VERIFY_SIGNALLED:
        return judge_signalled(handshake, message->leaf);
    case RDTLS_VERIFY_NONE:
    case RDTLS_VERIFY_HOST:
        break;
    }
    return RDTLS_OK;
}

/* The peer's leaf: its key for the signature to come, and what is said of it. That the peer owns it
 * is proven later, so nothing is committed yet. */
enum rdtls_status accept_peer_certificate(struct handshake *handshake,
                                          const struct certificate_message *message)
{
    uint8_t fingerprint[DIGEST_LEN_MAX];
    struct public_key key;
    TRY(certificate_public_key(message->leaf, &key));
    digest_of(DIGEST_SHA256, message->leaf, fingerprint);
    TRY(judge_certificate(handshake, message, fingerprint));
    TRY(keep_key(&handshake->certified, &handshake->environment->blocks->slots, &key));
    memcpy(handshake->association->peer_fingerprint, fingerprint, SHA256_LEN);
    return RDTLS_OK;
}

static enum rdtls_status submit_verify_ecdsa(struct handshake *handshake, struct bytes digest,
                                             struct bytes signature)
{
    struct lane_job *job = &handshake->job;
    if (signature.len > sizeof(job->verify.signature))
        return RDTLS_ALERT_DECRYPT_ERROR;
    lane_job_wipe(job);
    job->kind = LANE_ECDSA_P256_VERIFY;
    memcpy(job->verify.point, handshake->certified.point, sizeof(job->verify.point));
    bytes_copy(job->verify.digest, digest);
    job->verify.digest_len = digest.len;
    bytes_copy(job->verify.signature, signature);
    job->verify.signature_len = signature.len;
    lanes_submit(handshake->environment->lanes, job);
    return RDTLS_PARKED;
}

static enum rdtls_status submit_verify_rsa(struct handshake *handshake, const struct scheme *scheme,
                                           struct bytes digest, struct bytes signature)
{
    struct lane_job *job = &handshake->job;
    struct certified_key *certified = &handshake->certified;
    struct pool *blocks = &handshake->environment->blocks->slots;
    if (signature.len != certified->key_len)
        return RDTLS_ALERT_DECRYPT_ERROR;
    if (!keep(blocks, signature, &certified->signature_block))
        return RDTLS_ALERT_INTERNAL_ERROR;
    lane_job_wipe(job);
    job->kind = LANE_RSA_VERIFY;
    job->verify_rsa.key = (struct rsa_public){
        .modulus = bytes_of(pool_slot(blocks, certified->key_block), certified->key_len),
        .exponent = certified->exponent,
    };
    job->verify_rsa.scheme = scheme;
    bytes_copy(job->verify_rsa.digest, digest);
    job->verify_rsa.digest_len = digest.len;
    job->verify_rsa.signature =
        bytes_of(pool_slot(blocks, certified->signature_block), signature.len);
    lanes_submit(handshake->environment->lanes, job);
    return RDTLS_PARKED;
}

static enum rdtls_status submit_verify_p384(struct handshake *handshake, struct bytes digest,
                                            struct bytes signature)
{
    struct lane_job *job = &handshake->job;
    struct certified_key *certified = &handshake->certified;
    struct pool *blocks = &handshake->environment->blocks->slots;
    if (signature.len > ECDSA_P384_SIGNATURE_MAX)
        return RDTLS_ALERT_DECRYPT_ERROR;
    if (!keep(blocks, signature, &certified->signature_block))
        return RDTLS_ALERT_INTERNAL_ERROR;
    lane_job_wipe(job);
    job->kind = LANE_ECDSA_P384_VERIFY;
    job->verify_p384.point = bytes_of(pool_slot(blocks, certified->key_block), certified->key_len);
    bytes_copy(job->verify_p384.digest, digest);
    job->verify_p384.digest_len = digest.len;
    job->verify_p384.signature =
        bytes_of(pool_slot(blocks, certified->signature_block), signature.len);
    lanes_submit(handshake->environment->lanes, job);
    return RDTLS_PARKED;
}

static enum rdtls_status submit_verify_ed25519(struct handshake *handshake, struct bytes message,
                                               struct bytes signature)
{
    struct lane_job *job = &handshake->job;
    struct certified_key *certified = &handshake->certified;
    struct pool *blocks = &handshake->environment->blocks->slots;
    if (signature.len != ED25519_SIGNATURE_LEN)
        return RDTLS_ALERT_DECRYPT_ERROR;
    if (!keep(blocks, signature, &certified->signature_block))
        return RDTLS_ALERT_INTERNAL_ERROR;
    lane_job_wipe(job);
    job->kind = LANE_ED25519_VERIFY;
    job->verify_ed25519.key = certified->point;
    bytes_copy(job->verify_ed25519.message, message);
    job->verify_ed25519.message_len = message.len;
    job->verify_ed25519.signature =
        bytes_of(pool_slot(blocks, certified->signature_block), signature.len);
    lanes_submit(handshake->environment->lanes, job);
    return RDTLS_PARKED;
}

enum rdtls_status submit_verify(struct handshake *handshake, const struct scheme *scheme,
                                struct bytes input, struct bytes signature)
{
    switch ((enum key_kind)handshake->certified.kind) {
    case KEY_P256:
        return submit_verify_ecdsa(handshake, input, signature);
    case KEY_P384:
        return submit_verify_p384(handshake, input, signature);
    case KEY_RSA:
        return submit_verify_rsa(handshake, scheme, input, signature);
    case KEY_ED25519:
        return submit_verify_ed25519(handshake, input, signature);
    case KEY_KIND_COUNT:
        break;
    }
    return RDTLS_ALERT_INTERNAL_ERROR;
}

enum rdtls_status complete_verify(struct handshake *handshake)
{
    certified_key_release(&handshake->certified, &handshake->environment->blocks->slots);
    return handshake->job.state == LANE_DONE && handshake->job.ok ? RDTLS_OK
                                                                  : RDTLS_ALERT_DECRYPT_ERROR;
}
