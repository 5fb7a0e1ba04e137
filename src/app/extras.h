/* What both programs can offer in a hello beside the cryptography: application protocols and SRTP
 * profiles, each list in order of preference. */
#ifndef APP_EXTRAS_H
#define APP_EXTRAS_H

#include "app/complaint.h"
#include "app/option_values.h"

struct extras {
    uint16_t srtp[RDTLS_SRTP_PROFILES_MAX];
    size_t srtp_count;
    char alpn[RDTLS_ALPN_MAX][RDTLS_ALPN_NAME_MAX + 1];
    size_t alpn_count;
};

/* LIST: names with commas between them. The last of several options counts. */
bool extras_parse_srtp(struct extras *extras, const char *list, struct complaint *complaint);
bool extras_parse_alpn(struct extras *extras, const char *list, struct complaint *complaint);

/* names: room for the configuration's list, which must stay until that has been made. */
void extras_apply(const struct extras *extras, const char *names[RDTLS_ALPN_MAX],
                  struct rdtls_config_options *config);

#endif
