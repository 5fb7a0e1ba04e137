#include "app/extras.h"

#include <stdio.h>
#include <string.h>

#include "app/protocol_words.h"

static bool take_version(void *context, const char *name, struct complaint *complaint)
{
    struct extras *extras = context;
    int version = 0;
    if (!value_parse_word(name, version_words, &version, complaint)) {
        return complain_about(complaint, name);
    }
    for (size_t i = 0; i < extras->version_count; i++) {
        if (extras->versions[i] == version) {
            return complain(complaint, "%s: given twice", name);
        }
    }
    extras->versions[extras->version_count++] = (uint16_t)version;
    return true;
}

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

bool extras_parse_versions(struct extras *extras, const char *list, struct complaint *complaint)
{
    extras->version_count = 0;
    return value_parse_list(list, take_version, extras, complaint);
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

void extras_versions_format(const struct extras *extras, char text[EXTRAS_VERSIONS_TEXT_MAX])
{
    const uint16_t only = PROTOCOL_DTLS_1_2;
    const bool is_default = extras->version_count == 0;
    const uint16_t *versions = is_default ? &only : extras->versions;
    const size_t count = is_default ? 1 : extras->version_count;
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(text + len, EXTRAS_VERSIONS_TEXT_MAX - len, "%s%s",
                                i == 0 ? "" : ",", word_of(version_words, versions[i]));
    }
}

/* A version without a suite, or without a group, could not be spoken. */
bool extras_check(const struct extras *extras, struct complaint *complaint)
{
    char spoken[EXTRAS_VERSIONS_TEXT_MAX];
    extras_versions_format(extras, spoken);
    if (extras->suite != 0) {
        const char *wanted = word_of(version_words, suite_version(extras->suite));
        if (strcmp(spoken, wanted) != 0) {
            return complain(
                complaint, "--suite %s is of DTLS %s alone, but --versions is %s: no suite is left",
                word_of(suite_words, extras->suite), wanted, spoken);
        }
    }
    return extras->group != PROTOCOL_X25519MLKEM768 ||
           strcmp(spoken, word_of(version_words, PROTOCOL_DTLS_1_3)) == 0 ||
           complain(complaint,
                    "--group %s is of DTLS 1.3 alone, but --versions is %s: no group is left",
                    word_of(group_words, extras->group), spoken);
}

void extras_apply(const struct extras *extras, const char *names[RDTLS_ALPN_MAX],
                  struct rdtls_config_options *config)
{
    config->versions = extras->versions;
    config->version_count = extras->version_count;
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
