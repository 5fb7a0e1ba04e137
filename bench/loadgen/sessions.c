#include "loadgen/sessions.h"

#include <stdlib.h>
#include <string.h>

bool kept_sessions_init(struct kept_sessions *sessions, uint32_t percent)
{
    *sessions = (struct kept_sessions){.percent = percent};
    if (percent > 0) {
        sessions->kept = calloc(SESSIONS_MAX, sizeof(*sessions->kept));
    }
    return percent == 0 || sessions->kept != NULL;
}

void kept_sessions_free(struct kept_sessions *sessions)
{
    if (sessions->kept != NULL) {
        explicit_bzero(sessions->kept, SESSIONS_MAX * sizeof(*sessions->kept));
    }
    free(sessions->kept);
    *sessions = (struct kept_sessions){0};
}

void kept_sessions_keep(struct kept_sessions *sessions, const struct rdtls_event *event)
{
    if (sessions->kept == NULL || sessions->count == SESSIONS_MAX) {
        return;
    }
    struct kept_session *kept = &sessions->kept[sessions->count++];
    memcpy(kept->data, event->data, event->data_len);
    kept->len = event->data_len;
}

struct rdtls_session kept_sessions_take(struct kept_sessions *sessions, uint64_t attempt)
{
    const uint64_t percent = sessions->percent;
    const bool is_turn = (attempt + 1) * percent / PERCENT_MAX > attempt * percent / PERCENT_MAX;
    if (!is_turn || sessions->count == 0) {
        return (struct rdtls_session){NULL, 0};
    }
    const struct kept_session *kept = &sessions->kept[--sessions->count];
    return (struct rdtls_session){kept->data, kept->len};
}
