/* Signatures with a key that only the host can use: asked for with an event, answered whenever. The
 * question names a connection by its id, never by an address, so an answer that comes too late
 * finds nobody. */
#include "crypto/ecdsa_der.h"
#include "endpoint/connection.h"

#include <assert.h>

static_assert((int)RDTLS_SIGNATURE_MAX == (int)RSA_LEN_MAX &&
                  (int)RDTLS_SIGNATURE_MAX >= (int)ECDSA_P256_SIGNATURE_MAX,
              "what the header promises");
static_assert((int)RDTLS_SIGN_INPUT_MAX >= (int)SIGN_INPUT_MAX, "everything that is signed fits");

bool connection_poll_signature(struct connection_environment *environment,
                               struct rdtls_event *event, uint32_t *slot)
{
    const struct lane_job *job = lanes_take_for_host(environment->handshake.lanes);
    if (job == NULL)
        return false;
    const struct handshake *handshake = LIST_OWNER(job, struct handshake, job);
    struct rdtls_sign_request *request = &environment->sign_request;
    *request = (struct rdtls_sign_request){
        .scheme = handshake->choice.scheme,
        .credential = handshake->choice.credential,
        .input_len = job->sign.input_len,
    };
    memcpy(request->input, job->sign.input, job->sign.input_len);
    memcpy(request->fingerprint, handshake_credential(handshake)->fingerprint,
           sizeof(request->fingerprint));
    event->kind = RDTLS_EVENT_SIGN;
    event->sign = request;
    *slot = handshake->job_owner;
    return true;
}

enum rdtls_status signature_check(struct signature_form form, struct bytes signature)
{
    struct p256_number r;
    struct p256_number s;
    if (signature.len > form.len_max)
        return RDTLS_TOO_LONG;
    if (signature.len == 0)
        return RDTLS_OK;
    bool is_one = false;
    switch (form.kind) {
    case KEY_P256:
        is_one = ecdsa_der_read(signature, &r, &s);
        break;
    case KEY_P384:
        is_one = ecdsa_p384_is_signature(signature);
        break;
    case KEY_RSA:
    case KEY_ED25519:
        is_one = signature.len == form.len_max;
        break;
    case KEY_KIND_COUNT:
        break;
    }
    return is_one ? RDTLS_OK : RDTLS_INVALID_ARGUMENT;
}

enum rdtls_status connection_complete_signature(struct connection_environment *environment,
                                                struct connection *connection,
                                                const struct signature_answer *answer)
{
    struct handshake *handshake = connection_handshake(environment, connection);
    if (handshake == NULL || handshake->job.state != LANE_OUT)
        return RDTLS_NOT_AWAITED;
    TRY(signature_check(credential_signature_form(handshake_credential(handshake)),
                        answer->signature));
    lanes_answer(environment->handshake.lanes, &handshake->job, answer->signature);
    connection_resume(environment, connection, answer->slot, answer->now);
    return RDTLS_OK;
}
