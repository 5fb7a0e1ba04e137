/* What both programs can be told to agree on: versions of DTLS, one cipher suite or group instead
 * of all, application protocols and SRTP profiles, these two lists in order of preference. */
#ifndef APP_EXTRAS_H
#define APP_EXTRAS_H

#include "app/complaint.h"
#include "app/option_values.h"

enum { EXTRAS_VERSIONS_MAX = 2 };

struct extras {
    uint16_t versions[EXTRAS_VERSIONS_MAX];
    size_t version_count; /* 0: the library's own */
    uint16_t suite;       /* 0: the library's own */
    uint16_t group;
    uint16_t srtp[RDTLS_SRTP_PROFILES_MAX];
    size_t srtp_count;
    char alpn[RDTLS_ALPN_MAX][RDTLS_ALPN_NAME_MAX + 1];
    size_t alpn_count;
};

bool extras_parse_suite(struct extras *extras, const char *name, struct complaint *complaint);
bool extras_parse_group(struct extras *extras, const char *name, struct complaint *complaint);

/* LIST: names with commas between them. The last of several options counts. */
bool extras_parse_versions(struct extras *extras, const char *list, struct complaint *complaint);
bool extras_parse_srtp(struct extras *extras, const char *list, struct complaint *complaint);
bool extras_parse_alpn(struct extras *extras, const char *list, struct complaint *complaint);

/* What only all of them together can tell: are suite and group of the version that is spoken? */
bool extras_check(const struct extras *extras, struct complaint *complaint);

/* The versions that are spoken, the library's own among them, as words with commas between them. */
enum { EXTRAS_VERSIONS_TEXT_MAX = 16 };
void extras_versions_format(const struct extras *extras, char text[EXTRAS_VERSIONS_TEXT_MAX]);

/* names: room for the configuration's list. It and the extras must stay until that has been made.
 */
void extras_apply(const struct extras *extras, const char *names[RDTLS_ALPN_MAX],
                  struct rdtls_config_options *config);

#endif
