/* What both programs can be told to agree on: one cipher suite or group instead of all, application
 * protocols and SRTP profiles, these lists in order of preference. */
#ifndef APP_EXTRAS_H
#define APP_EXTRAS_H

#include "app/complaint.h"
#include "app/option_values.h"

struct extras {
    uint16_t suite; /* 0: the library's own */
    uint16_t group;
    uint16_t srtp[RDTLS_SRTP_PROFILES_MAX];
    size_t srtp_count;
    char alpn[RDTLS_ALPN_MAX][RDTLS_ALPN_NAME_MAX + 1];
    size_t alpn_count;
};

bool extras_parse_suite(struct extras *extras, const char *name, struct complaint *complaint);
bool extras_parse_group(struct extras *extras, const char *name, struct complaint *complaint);

/* LIST: names with commas between them. The last of several options counts. */
bool extras_parse_srtp(struct extras *extras, const char *list, struct complaint *complaint);
bool extras_parse_alpn(struct extras *extras, const char *list, struct complaint *complaint);

/* names: room for the configuration's list. It and the extras must stay until that has been made.
 */
void extras_apply(const struct extras *extras, const char *names[RDTLS_ALPN_MAX],
                  struct rdtls_config_options *config);

#endif
