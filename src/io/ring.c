#include "io/ring.h"

#include <errno.h>
#include <pthread.h>

#include "io/completion_tag.h"

enum {
    SUBMIT_TRIES_MAX = 64,
    PROBE_REQUESTS = 4,
    PROBE_COMPLETIONS = 8,
    NS_PER_S = 1000000000,
};

/* DEFER_TASKRUN runs completions when this thread asks for them, and needs SINGLE_ISSUER;
 * SUBMIT_ALL goes on behind a request that is refused. */
#define RING_FLAGS                                                                       \
    (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL | \
     IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP)

enum rdtls_status ring_open(struct ring *ring, uint32_t requests, uint32_t completions)
{
    struct io_uring_params params = {.flags = RING_FLAGS, .cq_entries = completions};
    *ring = (struct ring){.timer_armed = NEVER};
    int result = io_uring_queue_init_params(requests, &ring->uring, &params);
    if (result < 0) {
        errno = -result;
        return RDTLS_SYSTEM_ERROR;
    }
    return RDTLS_OK;
}

static void *try_ring(void *argument)
{
    int *error = argument;
    struct ring ring;
    if (ring_open(&ring, PROBE_REQUESTS, PROBE_COMPLETIONS) == RDTLS_OK)
        ring_close(&ring);
    else
        *error = errno;
    return NULL;
}

/* On a thread of its own: a ring that ends interrupts whatever system call its thread is in by
 * then, and that would be one of the caller's, who knows nothing of rings. */
int ring_probe(void)
{
    pthread_t thread;
    int error = 0;
    int result = pthread_create(&thread, NULL, try_ring, &error);
    if (result != 0)
        return result;
    pthread_join(thread, NULL);
    return error;
}

struct io_uring_sqe *ring_request(struct ring *ring)
{
    struct io_uring_sqe *request = io_uring_get_sqe(&ring->uring);
    if (request == NULL && ring_submit(ring, false) == RDTLS_OK)
        request = io_uring_get_sqe(&ring->uring);
    return request;
}

/* Out of memory for a moment, completions that have to be read first, a signal: worth another try.
 */
static bool error_is_transient(int error)
{
    return error == EAGAIN || error == EBUSY || error == EINTR || error == ENOMEM;
}

enum rdtls_status ring_submit(struct ring *ring, bool sleep)
{
    for (unsigned tries = 0; tries < SUBMIT_TRIES_MAX; tries++) {
        int result = sleep ? io_uring_submit_and_wait(&ring->uring, 1)
                           : io_uring_submit_and_get_events(&ring->uring);
        if (result < 0 && !error_is_transient(-result)) {
            errno = -result;
            return RDTLS_SYSTEM_ERROR;
        }
        if (io_uring_sq_ready(&ring->uring) == 0)
            return RDTLS_OK;
        /* The rest is handed over before anybody sleeps: what was taken may have completed already.
         */
        sleep = false;
    }
    errno = EBUSY;
    return RDTLS_SYSTEM_ERROR;
}

void ring_timer_arm(struct ring *ring, uint64_t deadline)
{
    if (ring->timer_armed <= deadline)
        return;
    struct io_uring_sqe *request = ring_request(ring);
    if (request == NULL)
        return;
    ring->timer = (struct __kernel_timespec){.tv_sec = (int64_t)(deadline / NS_PER_S),
                                             .tv_nsec = (int64_t)(deadline % NS_PER_S)};
    uint64_t tag = completion_tag(COMPLETION_TIMER, 0);
    if (ring->timer_armed == NEVER) {
        io_uring_prep_timeout(request, &ring->timer, 0, IORING_TIMEOUT_ABS);
        io_uring_sqe_set_data64(request, tag);
    } else {
        /* When it has fired meanwhile this fails, and the completion of the firing ends the wait
         * just as well. */
        io_uring_prep_timeout_update(request, &ring->timer, tag, IORING_TIMEOUT_ABS);
        io_uring_sqe_set_data64(request, completion_tag(COMPLETION_IGNORED, 0));
        io_uring_sqe_set_flags(request, IOSQE_CQE_SKIP_SUCCESS);
    }
    ring->timer_armed = deadline;
}

void ring_timer_fired(struct ring *ring)
{
    ring->timer_armed = NEVER;
}

void ring_cancel(struct ring *ring, uint64_t user_data)
{
    struct io_uring_sqe *request = ring_request(ring);
    if (request == NULL)
        return;
    io_uring_prep_cancel64(request, user_data, 0);
    io_uring_sqe_set_data64(request, completion_tag(COMPLETION_IGNORED, 0));
    io_uring_sqe_set_flags(request, IOSQE_CQE_SKIP_SUCCESS);
}

void ring_close(struct ring *ring)
{
    io_uring_queue_exit(&ring->uring);
}
