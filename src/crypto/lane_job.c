#include <assert.h>

#include "base/secret.h"
#include "crypto/lanes.h"

void lane_job_init(struct lane_job *job)
{
    memset(job, 0, sizeof(*job));
    list_init(&job->node);
}

/* The node stays as it is: a job may be wiped while it is in the list that
 * lanes_run gave back. */
void lane_job_wipe(struct lane_job *job)
{
    assert(!lane_job_is_awaited(job));
    const size_t union_at = offsetof(struct lane_job, derive);
    secret_wipe((uint8_t *)job + union_at, sizeof(*job) - union_at);
    job->ok = false;
    job->state = LANE_IDLE;
}
