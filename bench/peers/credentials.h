/*
 * Certificate and private key, as PEM, so that every thread can load them into a library context of
 * its own. Either read from files or made on the spot: P-256, self-signed, valid for a year.
 */
#ifndef PEERS_CREDENTIALS_H
#define PEERS_CREDENTIALS_H

#include <stdbool.h>

enum { FINGERPRINT_TEXT_LEN = 32 * 3 };

struct credentials {
    char *certificate_pem;
    char *key_pem;
    char fingerprint[FINGERPRINT_TEXT_LEN]; /* SHA-256 of the leaf, as hexadecimal pairs with colons
                                             */
};

/* Says on stderr, in one line, what is wrong and returns false. Both paths NULL: make a
 * certificate. */
bool credentials_load(struct credentials *credentials, const char *certificate_path,
                      const char *key_path);
void credentials_free(struct credentials *credentials);

#endif
