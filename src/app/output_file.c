#include "app/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OUTPUT_MODE = 0644 };

/* Only what is a regular file itself, or not there yet, may be replaced by renaming another over
 * it: a rename would take the place of a link, or of a device. */
static bool is_replaceable(const char *path)
{
    struct stat status;
    return lstat(path, &status) != 0 || S_ISREG(status.st_mode);
}

static bool temporary_name(const char *path, char name[PATH_MAX], struct complaint *complaint)
{
    const int len = snprintf(name, PATH_MAX, "%s.tmp", path);
    if (path[0] == '\0' || len < 0 || len >= PATH_MAX) {
        return complain(complaint, "'%.100s' cannot be the name of a file", path);
    }
    return true;
}

/* A pipe without a reader must not hold us up. */
static int open_in_place(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, OUTPUT_MODE);
}

static bool check_in_place(const char *path, struct complaint *complaint)
{
    const int file = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0 && errno != ENOENT) {
        return complain(complaint, "%s: cannot be written: %s", path, strerror(errno));
    }
    if (file >= 0) {
        close(file);
    }
    return true;
}

bool output_file_check(const char *path, struct complaint *complaint)
{
    char name[PATH_MAX];
    if (!temporary_name(path, name, complaint)) {
        return false;
    }
    if (!is_replaceable(path)) {
        return check_in_place(path, complaint);
    }
    const bool existed = access(name, F_OK) == 0;
    const int file = open(name, O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, OUTPUT_MODE);
    if (file < 0) {
        return complain(complaint, "%s: cannot be written: %s", path, strerror(errno));
    }
    close(file);
    if (!existed) {
        unlink(name);
    }
    return true;
}

static bool write_all(int file, const char *text, size_t len)
{
    while (len > 0) {
        const ssize_t written = write(file, text, len);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        text += written;
        len -= (size_t)written;
    }
    return true;
}

/* Close it whatever happens; a full disk may show only there. */
static bool fill_and_close(int file, const char *text, size_t len)
{
    const bool written = write_all(file, text, len);
    const int reason = errno;
    const bool closed = close(file) == 0;
    if (!written) {
        errno = reason;
    }
    return written && closed;
}

bool output_file_replace(const char *path, const char *text, size_t len,
                         struct complaint *complaint)
{
    char name[PATH_MAX];
    if (!temporary_name(path, name, complaint)) {
        return false;
    }
    const bool in_place = !is_replaceable(path);
    const int file = open_in_place(in_place ? path : name);
    const bool filled = file >= 0 && fill_and_close(file, text, len);
    if (filled && (in_place || rename(name, path) == 0)) {
        return true;
    }
    complain(complaint, "%s: cannot be written: %s", path, strerror(errno));
    if (!in_place && file >= 0) {
        unlink(name);
    }
    return false;
}

/* Straight from the descriptor: a private key is to leave no copy in a buffer of stdio's. */
static bool read_all(int file, size_t max, char *text, size_t *len, struct complaint *complaint)
{
    *len = 0;
    ssize_t got = 1;
    while (got > 0 && *len <= max) {
        got = read(file, text + *len, max + 1 - *len);
        *len += got > 0 ? (size_t)got : 0;
    }
    if (got < 0) {
        return complain(complaint, "cannot be read: %s", strerror(errno));
    }
    if (*len > max) {
        return complain(complaint, "larger than %zu bytes", max);
    }
    text[*len] = '\0';
    return true;
}

/* A device could hold us up for ever. */
static bool is_plain_file(int file)
{
    struct stat status;
    return fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

bool input_file_read(const char *path, size_t max, char **text, size_t *len,
                     struct complaint *complaint)
{
    const int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        complain(complaint, "cannot be read: %s", strerror(errno));
        return complain_about(complaint, path);
    }
    *text = malloc(max + 2);
    bool read = *text != NULL || complain(complaint, "out of memory");
    read = read && (is_plain_file(file) || complain(complaint, "not a regular file"));
    read = read && read_all(file, max, *text, len, complaint);
    close(file);
    if (!read) {
        free(*text);
        *text = NULL;
        return complain_about(complaint, path);
    }
    return true;
}
