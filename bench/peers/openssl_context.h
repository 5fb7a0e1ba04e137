/* What server and client on libssl share. */
#ifndef PEERS_OPENSSL_CONTEXT_H
#define PEERS_OPENSSL_CONTEXT_H

#include <openssl/ssl.h>

#include "credentials.h"

/* Before anything else of libssl: without the configuration file and without the table of all old
 * algorithm names, which libcrypto would walk from end to end for every new key. */
void libssl_begin(void);

/* DTLS 1.2, the suites, groups and signatures, no tickets, no renegotiation. */
bool context_configure(SSL_CTX *context);

/* Load the PEM into a context whose library context is library. */
bool context_use_credentials(SSL_CTX *context, OSSL_LIB_CTX *library,
                             const struct credentials *credentials);

/* The reason of the oldest error in this thread's queue, which is emptied; a constant. */
const char *libssl_take_error(void);

#endif
