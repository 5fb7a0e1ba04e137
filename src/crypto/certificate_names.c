/* For which hosts a certificate of ours is: the dNSName entries of its subjectAltName. And for
 * which peers: the names of its issuers. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/reader.h"
#include "crypto/certificate.h"

enum { NAME_LEN_MAX = 253 };

/* What is no name that a host could ask for is left out. */
static bool is_usable(const GENERAL_NAME *name)
{
    if (name->type != GEN_DNS)
        return false;
    int len = ASN1_STRING_length(name->d.dNSName);
    return len > 0 && len <= NAME_LEN_MAX;
}

/* Writes to out when it is there; returns the length of all names. */
static size_t list_names(const GENERAL_NAMES *names, uint8_t *out)
{
    size_t len = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (!is_usable(name))
            continue;
        size_t name_len = (size_t)ASN1_STRING_length(name->d.dNSName);
        if (out != NULL) {
            out[len] = (uint8_t)name_len;
            memcpy(out + len + 1, ASN1_STRING_get0_data(name->d.dNSName), name_len);
        }
        len += 1 + name_len;
    }
    return len;
}

static bool authorities_have(struct bytes authorities, struct bytes name)
{
    struct reader reader = reader_of(authorities);
    for (size_t i = 0; i < AUTHORITIES_MAX && reader.left > 0; i++)
        if (bytes_are_equal(reader_vector_u16(&reader), name))
            return true;
    return false;
}

bool credential_is_under(const struct credential *credential, struct bytes authorities)
{
    struct bytes issuer;
    for (size_t i = 0; i < credential->chain_count; i++)
        if (certificate_issuer(credential->chain[i], &issuer) &&
            authorities_have(authorities, issuer))
            return true;
    return false;
}

enum rdtls_status credential_read_names(struct credential *credential)
{
    const unsigned char *at = credential->chain[0].data;
    (void)ERR_set_mark();
    X509 *leaf = d2i_X509(NULL, &at, (long)credential->chain[0].len);
    GENERAL_NAMES *names =
        leaf == NULL ? NULL : X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    size_t len = names == NULL ? 0 : list_names(names, NULL);
    uint8_t *copy = len == 0 ? NULL : OPENSSL_malloc(len);
    if (copy != NULL)
        credential->names = bytes_of(copy, list_names(names, copy));
    GENERAL_NAMES_free(names);
    X509_free(leaf);
    (void)ERR_pop_to_mark();
    return len > 0 && copy == NULL ? RDTLS_NO_MEMORY : RDTLS_OK;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool names_are_equal(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

/* [rfc6125#6.4.3] "If the wildcard character is the only character of the left-most label in the
 * presented identifier, the client SHOULD NOT compare against anything but the left-most label of
 * the reference identifier": a wildcard within a label is none here, nor one right under the root.
 */
static bool name_is_for(struct bytes name, struct bytes host_name)
{
    if (name.len < 3 || name.data[0] != '*' || name.data[1] != '.' ||
        memchr(name.data + 2, '.', name.len - 2) == NULL)
        return names_are_equal(name, host_name);
    const uint8_t *dot = memchr(host_name.data, '.', host_name.len);
    if (dot == NULL || dot == host_name.data)
        return false;
    size_t label_len = (size_t)(dot - host_name.data);
    return names_are_equal(bytes_of(name.data + 1, name.len - 1),
                           bytes_of(dot, host_name.len - label_len));
}

bool credential_is_for(const struct credential *credential, struct bytes host_name)
{
    struct reader names = reader_of(credential->names);
    while (names.left > 0 && host_name.len > 0)
        if (name_is_for(reader_vector_u8(&names), host_name))
            return true;
    return false;
}
