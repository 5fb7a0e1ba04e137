/*
 * A fuzz target without a fuzzer, for every other build: what the seeds hold, and each of them with
 * a few bytes changed. It finds little, but a target that is not built with the rest would rot.
 *
 * usage: replay_TARGET CORPORA TARGET
 */
#include <dirent.h>

#include "../simulation/seeded.h"
#include "fuzz.h"

enum { INPUT_MAX = 1 << 16, CHANGED_TIMES = 8, CHANGES = 3, PATH_LEN = 1024 };

/* In a heap block of exactly its length. */
static void try_input(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len);
    EXPECT(copy != NULL || len == 0);
    bytes_copy(copy, bytes_of(bytes, len));
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void try_file(const char *path, struct seeded *random)
{
    static uint8_t bytes[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    EXPECT(file != NULL);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    try_input(bytes, len);
    for (int i = 0; i < CHANGED_TIMES && len > 0; i++) {
        for (int change = 0; change < CHANGES; change++)
            bytes[seeded_below(random, len)] = (uint8_t)seeded_next(random);
        try_input(bytes, len);
    }
}

int main(int argc, char **argv)
{
    char path[PATH_LEN];
    struct seeded random = {1};
    unsigned files = 0;
    EXPECT(argc == 3);
    (void)snprintf(path, sizeof(path), "%s/%s", argv[1], argv[2]);
    DIR *folder = opendir(path);
    EXPECT(folder != NULL);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s/%s", argv[1], argv[2], entry->d_name);
        try_file(path, &random);
        files++;
    }
    (void)closedir(folder);
    EXPECT(files > 0);
    printf("ok replay-%s, %u seeds\n1 passed, 0 failed\n", argv[2], files);
    return 0;
}
