#include "handshake/read_epochs.h"

#include "base/secret.h"
#include "handshake/key_schedule_13.h"

uint16_t read_epochs_secret(const struct association *association, uint8_t secret[DIGEST_LEN_MAX])
{
    memcpy(secret, association->v13.read_secret, DIGEST_LEN_MAX);
    if (association->read_moves || association->read_lags)
        traffic_secret_update(secret, association_suite(association)->hash);
    return (uint16_t)(association->read.epoch + association->read_moves);
}

static void forget_late(struct association *association)
{
    if (!association->read_lags)
        return;
    traffic_secret_update(association->v13.read_secret, association_suite(association)->hash);
    association->read_lags = false;
}

void read_epochs_announce(struct association *association)
{
    forget_late(association);
    association->read_moves = true;
}

void read_epochs_other_keys(const struct association *association, struct traffic_keys_13 *keys)
{
    uint8_t secret[DIGEST_LEN_MAX];
    memcpy(secret, association->v13.read_secret, sizeof(secret));
    if (association->read_moves)
        traffic_secret_update(secret, association_suite(association)->hash);
    traffic_keys_13_of(secret, association_suite(association), keys);
    secret_wipe(secret, sizeof(secret));
}

void read_epochs_move(struct association *association, const struct traffic_keys_13 *keys)
{
    association->v13.read_keys = *keys;
    association->v13.late_window = association->read.window;
    association->read = (struct read_epoch){.epoch = (uint16_t)(association->read.epoch + 1)};
    association->read_moves = false;
    association->read_lags = true;
}

void read_epochs_age(struct association *association)
{
    if (association->read.window.highest >= READ_LATE_MAX)
        forget_late(association);
}
