/* Who does the public-key operations of both ends: what this machine has, or libcrypto alone. The
 * library asks nobody, so the linker brings its question here (--wrap). */
#ifndef MICRO_ENGINE_CHOICE_H
#define MICRO_ENGINE_CHOICE_H

/* Before the first endpoint is made. Exported by the library that the core is linked into. */
__attribute__((visibility("default"))) void engine_choose_libcrypto(void);

#endif
