/* Are these the keys that a peer protects its media with? The receiving half of SRTP (RFC 3711, RFC
 * 7714), as far as that question needs it: for a stream's first packets, before its sequence number
 * has wrapped. */
#ifndef TESTS_README_SRTP_CHECK_H
#define TESTS_README_SRTP_CHECK_H

#include <ringdtls/ringdtls.h>

/* An SRTP packet, not SRTCP. */
bool srtp_is_authentic(const struct rdtls_srtp_keys *keys, const uint8_t *packet, size_t len);

/* RTP and not RTCP (RFC 5761 section 4)? */
bool srtp_is_rtp(const uint8_t *packet, size_t len);

#endif
