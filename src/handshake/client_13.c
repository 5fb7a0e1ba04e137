/* DTLS 1.3: what a client makes of a server's messages. */
#include "base/secret.h"
#include "handshake/client_hello.h"
#include "handshake/messages_13.h"
#include "handshake/tables.h"
#include "wire/certificate_messages_13.h"
#include "wire/encrypted_extensions.h"

static bool policy_offers_suite_13(const struct policy *policy, uint16_t code_point)
{
    for (size_t i = 0; i < policy->suite_count; i++)
        if (policy->suites[i] == code_point)
            return suite_is_13(suite_find(code_point));
    return false;
}

/* What both answers have to be. [rfc8446#4.1.3] "A client which receives a cipher suite that was
 * not offered MUST abort the handshake with an "illegal_parameter" alert." [rfc8446#4.1.4] "A
 * client which receives a cipher suite that was not offered MUST abort the handshake." "the client
 * MUST check the legacy_version, legacy_session_id_echo, cipher_suite, and
 * legacy_compression_method as specified in Section 4.1.3" [rfc8446#4.2] "If an implementation
 * receives an extension which it recognizes and which is not specified for the message in which it
 * appears, it MUST abort the handshake with an "illegal_parameter" alert." [rfc8446#4.2.1 !] "If
 * this extension is present, clients MUST ignore the ServerHello.legacy_version value and MUST use
 * only the "supported_versions" extension to determine the selected version.": that has to be the
 * number of DTLS 1.2 as well, as section 4.1.4 has it. */
static enum rdtls_status check_answer(const struct handshake *handshake,
                                      const struct server_hello *hello)
{
    const struct policy *policy = handshake->environment->policy;
    if (!policy->speaks_13)
        return RDTLS_ALERT_UNEXPECTED_MESSAGE;
    /* [rfc8446#4.1.3] "A client which receives a legacy_session_id_echo field that does not match
     * what it sent in the ClientHello MUST abort the handshake with an "illegal_parameter" alert."
     * [rfc8446#4.2.1] "If the "supported_versions" extension in the ServerHello contains a version
     * not offered by the client or contains a version prior to TLS 1.3, the client MUST abort the
     * handshake with an "illegal_parameter" alert." */
    if (hello->version != VERSION_DTLS_1_2 || hello->session_id.len != 0 ||
        hello->compression_method != COMPRESSION_NULL ||
        hello->answer_13.selected_version != VERSION_DTLS_1_3 ||
        !policy_offers_suite_13(policy, hello->cipher_suite) || hello->others)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    /* After a HelloVerifyRequest it is too late for 1.3. */
    return (handshake->facts & FACT_COOKIE) == 0 ? RDTLS_OK : RDTLS_ALERT_ILLEGAL_PARAMETER;
}

/* The first ClientHello, as it lies in the flight. */
static void hash_first_hello(const struct handshake *handshake, struct transcript *transcript)
{
    const struct flight_message *hello = &handshake->flight.messages[0];
    struct handshake_header header = {.type = MESSAGE_CLIENT_HELLO, .length = hello->length};
    /* Not in scratch: the message that is being read may lie there. */
    uint8_t body_bytes[CLIENT_HELLO_MAX];
    struct writer body = writer_of(body_bytes, sizeof(body_bytes));
    make_client_hello(handshake, flight_cookie(&handshake->flight, hello), &body);
    transcript_add(transcript, &header, bytes_of(body.start, body.len));
}

static void begin_transcript(struct handshake *handshake, const struct suite *suite)
{
    transcript_start_13(&handshake->transcript, suite->hash);
    hash_first_hello(handshake, &handshake->transcript);
}

/* A fresh share of a group of the policy's. */
enum rdtls_status prepare_client_share(struct handshake *handshake, uint16_t code_point)
{
    struct lanes *lanes = handshake->environment->lanes;
    const struct group *group = group_find(code_point);
    uint8_t kept[LONG_SHARE_MAX];
    handshake->share_group = code_point;
    long_share_release(&handshake->kem, handshake->environment->blocks);
    if (!lanes_key_pair(lanes, group->exchange, &handshake->key_pair))
        return RDTLS_ALERT_INTERNAL_ERROR;
    if (!group->has_kem)
        return RDTLS_OK;
    bool ok = ml_kem_generate(lanes_kem(lanes), kept + ML_KEM_PUBLIC_LEN, kept) &&
              long_share_keep(&handshake->kem, handshake->environment->blocks,
                              bytes_of(kept, sizeof(kept)));
    secret_wipe(kept, sizeof(kept));
    return ok ? RDTLS_OK : RDTLS_ALERT_INTERNAL_ERROR;
}

/* Another group is asked for: one that we have offered, and no share of which was there.
 * [rfc8446#4.2.8] "the client MUST verify that (1) the selected_group field corresponds to a group
 * which was provided in the "supported_groups" extension in the original ClientHello and (2) the
 * selected_group field does not correspond to a group which was provided in the "key_share"
 * extension". [rfc8446#4.2.8] "If either of these checks fails, then the client MUST abort the
 * handshake with an "illegal_parameter" alert." "the client MUST replace the original "key_share"
 * extension with one containing only a new KeyShareEntry for the group indicated in the
 * selected_group field of the triggering HelloRetryRequest." */
static enum rdtls_status change_group(struct handshake *handshake, uint16_t group)
{
    const struct policy *policy = handshake->environment->policy;
    const struct client_shares shares = handshake_client_shares(handshake);
    if (!policy_lists_group(policy, group) || client_shares_have(&shares, policy, group))
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    return prepare_client_share(handshake, group);
}

/* [rfc8446#4.1.4] "Otherwise, the client MUST process all extensions in the HelloRetryRequest and
 * send a second updated ClientHello." */
enum rdtls_status consume_hello_retry_request(struct handshake *handshake, struct bytes body)
{
    struct server_hello hello;
    TRY(server_hello_read(body, &hello));
    TRY(check_answer(handshake, &hello));
    struct bytes cookie = hello.answer_13.cookie;
    /* [rfc8446#4.1.4] "Clients MUST abort the handshake with an "illegal_parameter" alert if the
     * HelloRetryRequest would not result in any change in the ClientHello." */
    if ((cookie.len == 0 && hello.answer_13.group == 0) || cookie.len > COOKIE_MAX)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    const struct suite *suite = suite_find(hello.cipher_suite);
    struct transcript first = {0};
    uint8_t hash[DIGEST_LEN_MAX];
    transcript_start_13(&first, suite->hash);
    hash_first_hello(handshake, &first);
    size_t hash_len = transcript_hash(&first, suite->hash, hash);
    if (hello.answer_13.group != 0)
        TRY(change_group(handshake, hello.answer_13.group));
    keep_offer_for_suite_13(handshake, suite);

    transcript_start_13(&handshake->transcript, suite->hash);
    transcript_add_message_hash(&handshake->transcript, bytes_of(hash, hash_len));
    handshake->choice.suite = suite;
    handshake->choice.retry_group = hello.answer_13.group;
    bytes_copy(handshake->flight.buffer, cookie);
    handshake->cookie_len = (uint8_t)cookie.len;
    handshake->rows = handshake_13_full;
    handshake->facts |= FACT_SECOND_HELLO;
    handshake->association->version = VERSION_13;
    /* [rfc9147#4] "This value MUST be set to {254, 253} for all records other than
     * the initial ClientHello (i.e., one not generated after a HelloRetryRequest)". */
    handshake->record_version = VERSION_DTLS_1_2;
    return RDTLS_OK;
}

static enum rdtls_status check_server_share(const struct handshake *handshake,
                                            const struct server_answer_13 *answer)
{
    const struct client_shares shares = handshake_client_shares(handshake);
    if (answer->key.len == 0)
        return RDTLS_ALERT_MISSING_EXTENSION;
    /* [rfc8446#4.2.8] "the client MUST verify that the selected NamedGroup in the ServerHello is
     * the same as that in the HelloRetryRequest": then our only share is of that. [rfc8446#4.2.8]
     * "If this check fails, the client MUST abort the handshake with an "illegal_parameter" alert."
     */
    return client_shares_have(&shares, handshake->environment->policy, answer->group) &&
                   answer->key.len == group_server_share_len(group_find(answer->group))
               ? RDTLS_OK
               : RDTLS_ALERT_ILLEGAL_PARAMETER;
}

/* What the server has for us. ML-KEM's part is opened at once: nothing is gained by waiting, and
 * its bytes need not be kept. */
static enum rdtls_status take_server_share(struct handshake *handshake, const struct group *group,
                                           struct bytes share)
{
    const struct handshake_environment *environment = handshake->environment;
    uint8_t kept[LONG_SHARE_MAX];
    size_t kem_len = group_server_kem_len(group);
    bool ok = true;
    if (group->has_kem) {
        long_share_load(&handshake->kem, environment->blocks, kept, sizeof(kept));
        ok = ml_kem_decapsulate(lanes_kem(environment->lanes), kept + ML_KEM_PUBLIC_LEN, share.data,
                                handshake->v13.shared);
        secret_wipe(kept, sizeof(kept));
    }
    take_peer_key(handshake, bytes_of(share.data + kem_len, share.len - kem_len));
    /* draft-ietf-tls-ecdhe-mlkem section 4.2: the length apart, there is no wrong ciphertext. */
    return ok ? submit_derive(handshake) : RDTLS_ALERT_INTERNAL_ERROR;
}

enum rdtls_status take_server_hello_13(struct handshake *handshake,
                                       const struct server_hello *hello)
{
    struct association *association = handshake->association;
    const struct server_answer_13 *answer = &hello->answer_13;
    bool is_retried = (handshake->facts & FACT_RETRY) != 0;
    TRY(check_answer(handshake, hello));
    const struct suite *suite = suite_find(hello->cipher_suite);
    /* [rfc8446#4.1.4] "clients MUST check that the cipher suite supplied in the ServerHello is the
     * same as that in the HelloRetryRequest and otherwise abort the handshake with an
     * "illegal_parameter" alert." */
    if (is_retried && suite != handshake->choice.suite)
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    TRY(check_selected_13(handshake, answer, suite));
    TRY(check_server_share(handshake, answer));
    if (!is_retried)
        begin_transcript(handshake, suite);
    handshake->choice.suite = suite;
    handshake->choice.group = answer->group;
    accept_selected_13(handshake, answer, suite);
    handshake->rows = association->resumed ? handshake_13_resumed : handshake_13_full;
    handshake->change_cipher_spec_seen = true;
    handshake->record_version = VERSION_DTLS_1_2;
    association->version = VERSION_13;
    memset(&association->v13, 0, sizeof(association->v13));
    association_choose_suite(association, suite);
    association->group = answer->group;
    return take_server_share(handshake, group_find(answer->group), answer->key);
}

enum rdtls_status consume_encrypted_extensions(struct handshake *handshake, struct bytes body)
{
    struct encrypted_extensions message;
    TRY(encrypted_extensions_read(body, &message));
    struct server_extras answer = {&message.extras, message.server_name, false};
    TRY(accept_extras(handshake->environment->policy, &answer, &handshake->choice));
    commit_extras(handshake, &handshake->choice);
    return RDTLS_OK;
}

enum rdtls_status consume_certificate_request_13(struct handshake *handshake, struct bytes body)
{
    struct certificate_request request;
    TRY(certificate_request_13_read(body, &request));
    if (!choose_client_credential_13(handshake->environment->policy, &request, &handshake->choice))
        handshake->choice.scheme = 0;
    return RDTLS_OK;
}
