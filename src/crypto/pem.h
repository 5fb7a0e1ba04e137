/* Texts in PEM (RFC 7468), read by libcrypto. What is under a passphrase is refused: nobody is
 * asked for it. What goes wrong leaves its trace in the error queue, for pem_is_at_end. */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

#include <openssl/pem.h>

#include "base/bytes.h"

/* For BIO_free; NULL: no memory. The text, of at most INT_MAX bytes, stays as long. */
BIO *pem_open(struct bytes pem);

/* The next one of its kind; NULL: there is none, or it cannot be read. */
X509 *pem_next_certificate(BIO *bio);
EVP_PKEY *pem_next_private_key(BIO *bio);

/* After a NULL: was there no further block at all? */
bool pem_is_at_end(void);

#endif
