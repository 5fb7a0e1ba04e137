/* The groups that a policy may list, a row each. */
#ifndef HANDSHAKE_GROUPS_H
#define HANDSHAKE_GROUPS_H

#include "crypto/key_exchange.h"
#include "crypto/ml_kem.h"

struct group {
    uint16_t code_point;
    enum key_exchange_kind exchange;
    bool has_kem; /* ML-KEM-768 beside it, and 1.3 alone */
};

enum { GROUP_SHARED_MAX = ML_KEM_SHARED_LEN + KEY_EXCHANGE_SHARED_LEN };

/* NULL: none of ours. */
const struct group *group_find(uint16_t code_point);

/* Bytes of ML-KEM in front of the key exchange's own: in a client's share, in a server's, and in
 * the shared secret. 0 where there is no ML-KEM. */
size_t group_client_kem_len(const struct group *group);
size_t group_server_kem_len(const struct group *group);
size_t group_shared_kem_len(const struct group *group);

/* With those. */
size_t group_client_share_len(const struct group *group);
size_t group_server_share_len(const struct group *group);
size_t group_shared_len(const struct group *group);

#endif
