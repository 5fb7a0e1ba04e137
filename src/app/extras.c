#include "app/extras.h"

#include <stdio.h>
#include <string.h>

#include "app/protocol_words.h"

/* Each known word once, so that there is room for all. */
static bool take_srtp(void *context, const char *name, struct complaint *complaint)
{
    struct extras *extras = context;
    int profile = 0;
    if (!value_parse_word(name, srtp_words, &profile, complaint)) {
        return complain_about(complaint, name);
    }
    for (size_t i = 0; i < extras->srtp_count; i++) {
        if (extras->srtp[i] == profile) {
            return complain(complaint, "%s: given twice", name);
        }
    }
    extras->srtp[extras->srtp_count++] = (uint16_t)profile;
    return true;
}

static bool take_alpn(void *context, const char *name, struct complaint *complaint)
{
    struct extras *extras = context;
    if (strlen(name) > RDTLS_ALPN_NAME_MAX) {
        return complain(complaint, "a name of more than %d bytes", RDTLS_ALPN_NAME_MAX);
    }
    for (size_t i = 0; i < extras->alpn_count; i++) {
        if (strcmp(extras->alpn[i], name) == 0) {
            return complain(complaint, "%s: given twice", name);
        }
    }
    if (extras->alpn_count == RDTLS_ALPN_MAX) {
        return complain(complaint, "more than %d protocols", RDTLS_ALPN_MAX);
    }
    snprintf(extras->alpn[extras->alpn_count++], RDTLS_ALPN_NAME_MAX + 1, "%s", name);
    return true;
}

static bool parse_code(const char *text, const struct value_word *words, uint16_t *code,
                       struct complaint *complaint)
{
    int value = 0;
    if (!value_parse_word(text, words, &value, complaint)) {
        return false;
    }
    *code = (uint16_t)value;
    return true;
}

bool extras_parse_suite(struct extras *extras, const char *name, struct complaint *complaint)
{
    return parse_code(name, suite_words, &extras->suite, complaint);
}

bool extras_parse_group(struct extras *extras, const char *name, struct complaint *complaint)
{
    return parse_code(name, group_words, &extras->group, complaint);
}

bool extras_parse_srtp(struct extras *extras, const char *list, struct complaint *complaint)
{
    extras->srtp_count = 0;
    return value_parse_list(list, take_srtp, extras, complaint);
}

bool extras_parse_alpn(struct extras *extras, const char *list, struct complaint *complaint)
{
    extras->alpn_count = 0;
    return value_parse_list(list, take_alpn, extras, complaint);
}

void extras_apply(const struct extras *extras, const char *names[RDTLS_ALPN_MAX],
                  struct rdtls_config_options *config)
{
    if (extras->suite != 0) {
        config->cipher_suites = &extras->suite;
        config->cipher_suite_count = 1;
    }
    if (extras->group != 0) {
        config->groups = &extras->group;
        config->group_count = 1;
    }
    for (size_t i = 0; i < extras->alpn_count; i++) {
        names[i] = extras->alpn[i];
    }
    config->alpn_protocols = names;
    config->alpn_protocol_count = extras->alpn_count;
    config->srtp_profiles = extras->srtp;
    config->srtp_profile_count = extras->srtp_count;
}
