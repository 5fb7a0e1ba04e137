#include "signer.h"

#include "configure.h"
#include "crypto/lane_libcrypto.h"

static enum lane_kind kind_of(enum key_kind kind)
{
    switch (kind) {
    case KEY_P256:
        return LANE_ECDSA_P256_SIGN;
    case KEY_P384:
        return LANE_ECDSA_P384_SIGN;
    case KEY_ED25519:
        return LANE_ED25519_SIGN;
    case KEY_RSA:
    case KEY_KIND_COUNT:
        break;
    }
    return LANE_RSA_SIGN;
}

static size_t sign(const struct credential *credential, const struct rdtls_sign_request *request,
                   uint8_t signature[RDTLS_SIGNATURE_MAX])
{
    const struct private_key *keys[LANE_KEYS_MAX] = {credential->key};
    struct lane_libcrypto libcrypto;
    struct lane_job job;
    struct lane_keys *set = lane_keys_new(keys, NULL);
    lane_job_init(&job);
    job.kind = kind_of(credential->kind);
    job.sign.keys = set;
    job.sign.scheme = scheme_find(request->scheme);
    memcpy(job.sign.input, request->input, request->input_len);
    job.sign.input_len = request->input_len;
    job.sign.signature = signature;
    job.sign.signature_max = RDTLS_SIGNATURE_MAX;
    if (lane_libcrypto_open(&libcrypto) && set != NULL)
        lane_libcrypto_run(&libcrypto, &job);
    lane_libcrypto_close(&libcrypto);
    lane_keys_free(set);
    return job.ok ? job.sign.signature_len : 0;
}

size_t signer_answer(const struct settings *settings, const struct rdtls_sign_request *request,
                     uint8_t signature[RDTLS_SIGNATURE_MAX])
{
    static char certificate[PEM_MAX];
    static char key[PEM_MAX];
    struct credential credential;
    const struct credential_settings *used = settings_credential(settings, request->credential);
    size_t certificate_len = read_pem(used->cert_file, certificate);
    size_t key_len = read_pem(used->key_file, key);
    if (credential_from_pem(&credential, bytes_of(certificate, certificate_len),
                            bytes_of(key, key_len)) != RDTLS_OK)
        return 0;
    size_t len = sign(&credential, request, signature);
    credential_free(&credential);
    return len;
}
