#include "crypto/lane_libcrypto.h"

#include <assert.h>

#include "crypto/ed25519.h"

bool lane_libcrypto_open(struct lane_libcrypto *libcrypto)
{
    *libcrypto = (struct lane_libcrypto){
        .key_exchange = key_exchange_engine_new(),
        .kem = ml_kem_new(),
        .verifier = verifier_new(),
        .rsa_verifier = rsa_verifier_new(),
        .ed25519_verifier = ed25519_verifier_new(),
    };
    return libcrypto->key_exchange != NULL && libcrypto->verifier != NULL &&
           libcrypto->rsa_verifier != NULL && libcrypto->ed25519_verifier != NULL;
}

void lane_libcrypto_close(struct lane_libcrypto *libcrypto)
{
    key_exchange_engine_free(libcrypto->key_exchange);
    ml_kem_free(libcrypto->kem);
    verifier_free(libcrypto->verifier);
    rsa_verifier_free(libcrypto->rsa_verifier);
    ed25519_verifier_free(libcrypto->ed25519_verifier);
}

static bool derive(const struct lane_libcrypto *libcrypto, struct lane_job *job,
                   enum key_exchange_kind kind)
{
    assert(job->derive.ours->kind == kind);
    (void)kind;
    return key_exchange_derive(libcrypto->key_exchange, job->derive.ours, job->derive.peer,
                               job->derive.shared);
}

static bool sign(struct lane_job *job)
{
    struct bytes digest = {job->sign.input, job->sign.input_len};
    struct signer *signer = job->sign.keys->signers[job->sign.key];
    return signer != NULL && job->sign.signature_max >= signer_signature_max(signer) &&
           signer_sign(signer, digest, job->sign.signature, &job->sign.signature_len);
}

static bool sign_rsa(struct lane_job *job)
{
    struct bytes digest = {job->sign.input, job->sign.input_len};
    struct rsa_signer *signer = job->sign.keys->rsa_signers[job->sign.key];
    if (signer == NULL)
        return false;
    job->sign.signature_len = rsa_signer_len(signer);
    return job->sign.signature_max >= job->sign.signature_len &&
           rsa_signer_sign(signer, job->sign.scheme, digest, job->sign.signature);
}

static bool sign_ed25519(struct lane_job *job)
{
    struct ed25519_signer *signer = job->sign.keys->ed25519_signers[job->sign.key];
    struct bytes message = {job->sign.input, job->sign.input_len};
    job->sign.signature_len = ED25519_SIGNATURE_LEN;
    return signer != NULL && job->sign.signature_max >= ED25519_SIGNATURE_LEN &&
           ed25519_sign(signer, message, job->sign.signature);
}

static bool verify_ed25519(const struct lane_libcrypto *libcrypto, struct lane_job *job)
{
    struct bytes message = {job->verify_ed25519.message, job->verify_ed25519.message_len};
    return ed25519_verify(libcrypto->ed25519_verifier, job->verify_ed25519.key, message,
                          job->verify_ed25519.signature);
}

static bool verify_p384(const struct lane_libcrypto *libcrypto, struct lane_job *job)
{
    struct bytes digest = {job->verify_p384.digest, job->verify_p384.digest_len};
    return job->verify_p384.point.len == P384_POINT_LEN &&
           verifier_verify_p384(libcrypto->verifier, job->verify_p384.point.data, digest,
                                job->verify_p384.signature);
}

static bool verify_rsa(const struct lane_libcrypto *libcrypto, struct lane_job *job)
{
    struct bytes digest = {job->verify_rsa.digest, job->verify_rsa.digest_len};
    return rsa_verifier_verify(libcrypto->rsa_verifier, &job->verify_rsa.key,
                               job->verify_rsa.scheme, digest, job->verify_rsa.signature);
}

static bool verify(const struct lane_libcrypto *libcrypto, struct lane_job *job)
{
    struct bytes digest = {job->verify.digest, job->verify.digest_len};
    struct bytes signature = {job->verify.signature, job->verify.signature_len};
    return verifier_verify(libcrypto->verifier, job->verify.point, digest, signature);
}

void lane_libcrypto_run(const struct lane_libcrypto *libcrypto, struct lane_job *job)
{
    job->ok = false;
    switch (job->kind) {
    case LANE_X25519_DERIVE:
        job->ok = derive(libcrypto, job, KEY_EXCHANGE_X25519);
        break;
    case LANE_P256_DERIVE:
        job->ok = derive(libcrypto, job, KEY_EXCHANGE_P256);
        break;
    case LANE_P384_DERIVE:
        job->ok = derive(libcrypto, job, KEY_EXCHANGE_P384);
        break;
    case LANE_ECDSA_P256_SIGN:
    case LANE_ECDSA_P384_SIGN:
        job->ok = sign(job);
        break;
    case LANE_ECDSA_P256_VERIFY:
        job->ok = verify(libcrypto, job);
        break;
    case LANE_ECDSA_P384_VERIFY:
        job->ok = verify_p384(libcrypto, job);
        break;
    case LANE_RSA_SIGN:
        job->ok = sign_rsa(job);
        break;
    case LANE_RSA_VERIFY:
        job->ok = verify_rsa(libcrypto, job);
        break;
    case LANE_ED25519_SIGN:
        job->ok = sign_ed25519(job);
        break;
    case LANE_ED25519_VERIFY:
        job->ok = verify_ed25519(libcrypto, job);
        break;
    case LANE_KIND_COUNT:
        break;
    }
}
