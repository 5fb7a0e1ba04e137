/* Where the fuzzers start from is written: FOLDER/TARGET/NUMBER, a file for each seed. What cannot
 * be written ends the program. */
#ifndef FUZZ_SEED_FILES_H
#define FUZZ_SEED_FILES_H

#include "base/bytes.h"

/* First of all; the folder's name lives as long as the program. */
void seed_files_begin(const char *folder);

void seed_files_write(const char *target, struct bytes bytes);

/* Two parts of one. */
void seed_files_write_behind(const char *target, struct bytes head, struct bytes bytes);

#endif
