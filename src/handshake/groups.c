#include "handshake/groups.h"

#include <assert.h>

#include "wire/codepoints.h"

static const struct group groups[] = {
    /* draft-ietf-tls-ecdhe-mlkem: of this one ML-KEM's part comes first, over the wire and in the
     * secret. */
    {GROUP_X25519MLKEM768, KEY_EXCHANGE_X25519, true},
    {GROUP_X25519, KEY_EXCHANGE_X25519, false},
    {GROUP_SECP256R1, KEY_EXCHANGE_P256, false},
    {GROUP_SECP384R1, KEY_EXCHANGE_P384, false},
};

static_assert((int)KEY_EXCHANGE_SHARED_MAX <= (int)GROUP_SHARED_MAX, "the longest of them");

const struct group *group_find(uint16_t code_point)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        if (groups[i].code_point == code_point)
            return &groups[i];
    return NULL;
}

size_t group_client_kem_len(const struct group *group)
{
    return group->has_kem ? ML_KEM_PUBLIC_LEN : 0;
}

size_t group_server_kem_len(const struct group *group)
{
    return group->has_kem ? ML_KEM_CIPHERTEXT_LEN : 0;
}

size_t group_shared_kem_len(const struct group *group)
{
    return group->has_kem ? ML_KEM_SHARED_LEN : 0;
}

size_t group_client_share_len(const struct group *group)
{
    return group_client_kem_len(group) + key_exchange_public_len(group->exchange);
}

size_t group_server_share_len(const struct group *group)
{
    return group_server_kem_len(group) + key_exchange_public_len(group->exchange);
}

size_t group_shared_len(const struct group *group)
{
    return group_shared_kem_len(group) + key_exchange_shared_len(group->exchange);
}
