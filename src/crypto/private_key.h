/* A private key of ours: what stands behind the name that the other headers only mention. */
#ifndef CRYPTO_PRIVATE_KEY_H
#define CRYPTO_PRIVATE_KEY_H

#include <openssl/evp.h>

struct private_key {
    EVP_PKEY *pkey; /* owned */
};

#endif
