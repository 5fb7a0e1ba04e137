#include "seed_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATH_LEN = 512 };

static const char *folder;
static unsigned written;

static void make_folder(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

void seed_files_begin(const char *path)
{
    folder = path;
    make_folder(folder);
}

/* Nothing may be nowhere, which fwrite does not allow. */
static bool write_all(FILE *file, struct bytes bytes)
{
    return bytes.len == 0 || fwrite(bytes.data, 1, bytes.len, file) == bytes.len;
}

void seed_files_write_behind(const char *target, struct bytes head, struct bytes bytes)
{
    char path[PATH_LEN];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, target);
    make_folder(path);
    (void)snprintf(path, sizeof(path), "%s/%s/%04u", folder, target, written++);
    FILE *file = fopen(path, "wb");
    if (file == NULL || !write_all(file, head) || !write_all(file, bytes) || fclose(file) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

void seed_files_write(const char *target, struct bytes bytes)
{
    seed_files_write_behind(target, bytes_of("", 0), bytes);
}
