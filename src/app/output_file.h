/*
 * A file that somebody may be watching: it is replaced as a whole, through FILE.tmp beside it, so a
 * reader never sees half of it. What is not a regular file (a terminal, a pipe, a link) is written
 * to in place.
 */
#ifndef APP_OUTPUT_FILE_H
#define APP_OUTPUT_FILE_H

#include <stddef.h>

#include "app/complaint.h"

/* Could it be written now? Leaves nothing behind. false with a complaint that names the path. */
bool output_file_check(const char *path, struct complaint *complaint);

/* Replace what it holds by text. On failure the old contents stay, when it is a regular file. */
bool output_file_replace(const char *path, const char *text, size_t len,
                         struct complaint *complaint);

/* All of an input file; *text is to be freed and has a NUL behind its *len bytes. Refuses what is
 * larger than max. */
bool input_file_read(const char *path, size_t max, char **text, size_t *len,
                     struct complaint *complaint);

#endif
