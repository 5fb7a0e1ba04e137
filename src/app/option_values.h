/* What may stand behind an option: each value is read completely and checked against its range, or
 * refused with a reason. */
#ifndef APP_OPTION_VALUES_H
#define APP_OPTION_VALUES_H

#include <popt.h>
#include <ringdtls/ringdtls.h>
#include <stddef.h>
#include <stdint.h>

#include "app/complaint.h"

/* A word and what it stands for; a table of them ends with a NULL word. */
struct value_word {
    const char *word;
    int value;
};

/* The smallest and largest that are meant; both are allowed. */
bool value_parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *value,
                       struct complaint *complaint);
bool value_parse_u32(const char *text, uint64_t min, uint64_t max, uint32_t *value,
                     struct complaint *complaint);
bool value_parse_number(const char *text, double min, double max, double *value,
                        struct complaint *complaint);
bool value_parse_word(const char *text, const struct value_word *words, int *value,
                      struct complaint *complaint);

/* auto, uring or mmsg. */
bool value_parse_io(const char *text, enum rdtls_io *io, struct complaint *complaint);

/* Each name of a list with commas between them. take says what is wrong with one. */
typedef bool (*list_take)(void *context, const char *name, struct complaint *complaint);
bool value_parse_list(const char *list, list_take take, void *context, struct complaint *complaint);

/* The name of a file. *path is a copy, to be freed, in place of an earlier one. */
bool value_copy_path(const char *text, char **path, struct complaint *complaint);

/* 64 hexadecimal digits, with or without a colon between each two. */
bool value_parse_fingerprint(const char *text, uint8_t fingerprint[RDTLS_FINGERPRINT_LEN],
                             struct complaint *complaint);

enum { FINGERPRINT_TEXT_MAX = RDTLS_FINGERPRINT_LEN * 3 };

/* As openssl and SDP write it: AB:CD:... */
void fingerprint_format(const uint8_t fingerprint[RDTLS_FINGERPRINT_LEN],
                        char text[FINGERPRINT_TEXT_MAX]);

/* Takes the value of option val into whatever the program collects; text is NULL for a flag. */
typedef bool (*option_apply)(void *options, int val, const char *text, struct complaint *complaint);

/* Walk all options. Each entry's val must be unique; a complaint names the option and what it was
 * given. false with a complaint. */
bool options_walk(poptContext context, const struct poptOption *table, option_apply apply,
                  void *options, struct complaint *complaint);

#endif
