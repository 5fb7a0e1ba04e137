/* Words for the protocol's numbers, as they stand on command lines and in reports. */
#ifndef APP_PROTOCOL_WORDS_H
#define APP_PROTOCOL_WORDS_H

#include "app/option_values.h"

enum { PROTOCOL_DTLS_1_2 = 0xfefd, PROTOCOL_DTLS_1_3 = 0xfefc };
enum { PROTOCOL_X25519MLKEM768 = 0x11ec }; /* the group that 1.3 alone has */

/* As OpenSSL has them. Each ends with a NULL word. */
extern const struct value_word version_words[];
extern const struct value_word suite_words[];
extern const struct value_word group_words[];
extern const struct value_word srtp_words[];

/* The version that a suite out of suite_words belongs to. */
uint16_t suite_version(uint16_t suite);

/* NULL: none. */
const char *word_of(const struct value_word *words, int value);

#endif
