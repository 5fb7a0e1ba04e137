/* DTLS 1.3: what a server makes of a ClientHello, and what it alone sends. */
#include "base/secret.h"
#include "handshake/messages_13.h"
#include "handshake/retry_cookie.h"
#include "handshake/tables.h"
#include "wire/certificate_messages_13.h"
#include "wire/encrypted_extensions.h"

/* The second hello has to be what the first was answered for. Its suite stays, and its share is of
 * the group that was asked for. [rfc8446#4.1.4] "Servers MUST ensure that they negotiate the same
 * cipher suite when receiving a conformant updated ClientHello" */
static bool choice_is_kept(const struct choice *choice, const struct suite *suite, uint16_t group)
{
    return choice->suite == suite && choice->retry_group == 0 &&
           (group == 0 || choice->group == group);
}

/* A hello that the gate has let in on the cookie of its HelloRetryRequest: what went before is
 * rebuilt from it. */
static enum rdtls_status begin_from_cookie(struct handshake *handshake,
                                           const struct client_hello *hello,
                                           const struct choice *choice)
{
    struct retry_cookie content;
    struct bytes cookie = hello->offer_13.cookie;
    if (!retry_cookie_read(cookie, &content) ||
        !choice_is_kept(choice, content.suite, content.group))
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    retry_transcript_start(&handshake->transcript, &content, cookie);
    return RDTLS_OK;
}

static enum rdtls_status begin_transcript(struct handshake *handshake,
                                          const struct client_hello *hello,
                                          const struct choice *choice)
{
    bool is_second = (handshake->facts & FACT_RETRY) != 0;
    bool asked_ourselves = is_second && handshake->choice.suite != NULL;
    if (asked_ourselves)
        return choice_is_kept(choice, handshake->choice.suite, handshake->choice.retry_group)
                   ? RDTLS_OK
                   : RDTLS_ALERT_ILLEGAL_PARAMETER;
    if (is_second)
        return begin_from_cookie(handshake, hello, choice);
    transcript_start_13(&handshake->transcript, choice->suite->hash);
    return RDTLS_OK;
}

static void commit(struct handshake *handshake, const struct client_hello *hello,
                   const struct choice *choice)
{
    struct association *association = handshake->association;
    handshake->choice = *choice;
    handshake->rows = association->resumed ? handshake_13_resumed : handshake_13_full;
    /* There is no ChangeCipherSpec to wait for. */
    handshake->change_cipher_spec_seen = true;
    association->version = VERSION_13;
    memset(&association->v13, 0, sizeof(association->v13));
    association_choose_suite(association, choice->suite);
    association->group = choice->group;
    commit_extras(handshake, choice);
    memcpy(association->client_random, hello->prefix.random.data, RANDOM_LEN);
    if (choice->takes_tickets)
        session_hash_name(hello->server_name, handshake->v13.name_hash);
}

/* ML-KEM's part of a client's share, which is answered at once: nothing is gained by waiting, and
 * its bytes need not be kept. */
static enum rdtls_status answer_kem(struct handshake *handshake, const uint8_t *public_key)
{
    const struct handshake_environment *environment = handshake->environment;
    uint8_t ciphertext[ML_KEM_CIPHERTEXT_LEN];
    /* draft-ietf-tls-ecdhe-mlkem section 4.2: the server performs the encapsulation key check of
     * FIPS 203 section 7.2, and aborts with an illegal_parameter alert if it fails. */
    if (!ml_kem_encapsulate(lanes_kem(environment->lanes), public_key, ciphertext,
                            handshake->v13.shared))
        return RDTLS_ALERT_ILLEGAL_PARAMETER;
    return long_share_keep(&handshake->kem, environment->blocks,
                           bytes_of(ciphertext, sizeof(ciphertext)))
               ? RDTLS_OK
               : RDTLS_ALERT_INTERNAL_ERROR;
}

static enum rdtls_status take_client_share(struct handshake *handshake, const struct group *group,
                                           struct bytes share)
{
    size_t kem_len = group_client_kem_len(group);
    if (group->has_kem)
        TRY(answer_kem(handshake, share.data));
    if (!lanes_key_pair(handshake->environment->lanes, group->exchange, &handshake->key_pair))
        return RDTLS_ALERT_INTERNAL_ERROR;
    take_peer_key(handshake, bytes_of(share.data + kem_len, share.len - kem_len));
    return submit_derive(handshake);
}

enum rdtls_status answer_client_hello_13(struct handshake *handshake,
                                         const struct client_hello *hello)
{
    struct choice choice = {0};
    struct bytes share = {NULL, 0};
    TRY(negotiate_13(handshake->environment->policy, hello, &choice, &share));
    TRY(begin_transcript(handshake, hello, &choice));
    if (choice.retry_group == 0)
        TRY(choose_session_13(handshake, hello, &choice));
    commit(handshake, hello, &choice);
    if (choice.retry_group != 0) {
        handshake->facts |= FACT_RETRY | FACT_SECOND_HELLO;
        return RDTLS_OK;
    }
    return take_client_share(handshake, group_find(choice.group), share);
}

enum rdtls_status complete_client_hello_13(struct handshake *handshake)
{
    if (handshake->association->role == RDTLS_CLIENT || handshake->choice.retry_group != 0)
        return RDTLS_OK;
    return complete_shared(handshake);
}

/* To a client whose address needs no proof, but whose share is of no group of ours. */
enum rdtls_status build_hello_retry_request(struct handshake *handshake, struct writer *body)
{
    const struct choice *choice = &handshake->choice;
    uint8_t hash[DIGEST_LEN_MAX];
    size_t hash_len = transcript_hash(&handshake->transcript, choice->suite->hash, hash);
    transcript_start_13(&handshake->transcript, choice->suite->hash);
    transcript_add_message_hash(&handshake->transcript, bytes_of(hash, hash_len));
    struct hello_retry_request_content content = {
        .cipher_suite = choice->suite->code_point,
        .group = choice->retry_group,
    };
    hello_retry_request_write(body, &content);
    return RDTLS_OK;
}

/* [rfc8446#4.2.8] "This value MUST be in the same group as the KeyShareEntry value offered by the
 * client that the server has selected for the negotiated key exchange." */
enum rdtls_status build_server_hello_13(struct handshake *handshake, struct writer *body)
{
    const struct key_pair *ours = &handshake->key_pair;
    const size_t kem_len = group_server_kem_len(group_find(handshake->choice.group));
    uint8_t random[RANDOM_LEN];
    uint8_t kem[ML_KEM_CIPHERTEXT_LEN];
    long_share_load(&handshake->kem, handshake->environment->blocks, kem, kem_len);
    /* [rfc8446#4.1.3] "This structure is generated by the server and MUST be generated
     * independently of the ClientHello.random." */
    random_fill(&handshake->environment->random, random, sizeof(random));
    struct server_hello_13_content content = {
        .random = random,
        .cipher_suite = handshake->choice.suite->code_point,
        .share =
            {
                .group = handshake->choice.group,
                .kem = bytes_of(kem, kem_len),
                .key = bytes_of(ours->public_key, key_exchange_public_len(ours->kind)),
            },
        .has_psk = handshake->association->resumed,
        .psk_selected = handshake->choice.psk_selected,
    };
    server_hello_13_write(body, &content);
    return RDTLS_OK;
}

enum rdtls_status build_encrypted_extensions(struct handshake *handshake, struct writer *body)
{
    const struct policy *policy = handshake->environment->policy;
    const struct choice *choice = &handshake->choice;
    struct encrypted_extensions_content content = {
        .server_name = choice->server_name,
        .extras = extras_answer(policy, choice),
    };
    encrypted_extensions_write(body, &content);
    return RDTLS_OK;
}

enum rdtls_status build_certificate_request_13(struct handshake *handshake, struct writer *body)
{
    uint16_t schemes[SCHEMES_MAX];
    size_t count = policy_list_requested(handshake->environment->policy, true, schemes);
    certificate_request_13_write(body, schemes, count);
    return RDTLS_OK;
}
