#include "crypto/pem.h"

#include <assert.h>
#include <limits.h>
#include <openssl/err.h>

BIO *pem_open(struct bytes pem)
{
    assert(pem.len <= INT_MAX);
    return BIO_new_mem_buf(pem.data, (int)pem.len);
}

/* Without this, libcrypto would ask for the passphrase on the terminal. */
static int no_passphrase(char *buffer, int size, int is_writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)is_writing;
    (void)context;
    return -1;
}

X509 *pem_next_certificate(BIO *bio)
{
    return PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
}

EVP_PKEY *pem_next_private_key(BIO *bio)
{
    return PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
}

/* The end of a text shows as the error that no further block was found. */
bool pem_is_at_end(void)
{
    unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}
