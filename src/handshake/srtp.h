/*
 * Keys for SRTP out of a DTLS association (RFC 5764 section 4.2), for the profiles of RFC 5764
 * section 4.1.2 and RFC 7714 section 14.2.
 */
#ifndef HANDSHAKE_SRTP_H
#define HANDSHAKE_SRTP_H

#include <ringdtls/connection.h>

#include "handshake/association.h"

/* Is it a profile that can be negotiated? */
bool srtp_profile_is_known(uint16_t profile);

/* Keys and salts of the association's profile, split by its role. NOT_NEGOTIATED: it has none. The
 * caller wipes them. */
MUST_CHECK enum rdtls_status srtp_keys_derive(const struct association *association,
                                              struct rdtls_srtp_keys *keys);

#endif
