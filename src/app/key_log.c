#include "app/key_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OWNER_ONLY = 0600,
    OTHERS = 0077,
    TOLD = -1, /* in `error` */
};

struct key_log {
    int file;
    _Atomic int error; /* errno of the first failure; 0: none yet */
    char *path;
};

/* An old file that others may read would give the new keys away. */
static bool is_private(int file, const char *path, struct complaint *complaint)
{
    struct stat status;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & OTHERS) == 0) {
        return true;
    }
    return complain(complaint, "%s: others may read it (mode %o): chmod 600 it first", path,
                    (unsigned)status.st_mode & 0777);
}

bool key_log_open(const char *path, struct key_log **log, struct complaint *complaint)
{
    /* A pipe without a reader must not hold us up. */
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC;
    const int file = open(path, flags, OWNER_ONLY);
    if (file < 0) {
        return complain(complaint, "%s: cannot be written: %s", path, strerror(errno));
    }
    struct key_log *made = calloc(1, sizeof(*made));
    char *copy = strdup(path);
    if (made == NULL || copy == NULL || !is_private(file, path, complaint)) {
        const bool memory = made != NULL && copy != NULL;
        free(made);
        free(copy);
        close(file);
        return memory ? false : complain(complaint, "out of memory");
    }
    made->file = file;
    made->path = copy;
    *log = made;
    return true;
}

void key_log_close(struct key_log *log)
{
    if (log == NULL) {
        return;
    }
    close(log->file);
    free(log->path);
    free(log);
}

static void note_failure(struct key_log *log, int error)
{
    int none = 0;
    atomic_compare_exchange_strong(&log->error, &none, error);
}

void key_log_append(struct key_log *log, const struct rdtls_endpoint *endpoint, struct rdtls_id id)
{
    char lines[RDTLS_KEY_LOG_MAX];
    if (log == NULL || rdtls_endpoint_key_log(endpoint, id, lines) != RDTLS_OK) {
        return;
    }
    const size_t len = strlen(lines);
    const ssize_t written = write(log->file, lines, len);
    if (written != (ssize_t)len) {
        note_failure(log, written < 0 ? errno : ENOSPC);
    }
    explicit_bzero(lines, sizeof(lines));
}

bool key_log_failed(struct key_log *log, struct complaint *complaint)
{
    const int error = log != NULL ? atomic_load(&log->error) : 0;
    if (error == 0 || error == TOLD) {
        return false;
    }
    atomic_store(&log->error, TOLD);
    complain(complaint, "%s: cannot be written: %s", log->path, strerror(error));
    return true;
}
