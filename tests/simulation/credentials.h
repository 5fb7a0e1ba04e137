/* Certificates and keys made once, for the simulation alone: made on the spot they would differ
 * from run to run, and cost more than the handshakes. P-256, a hundred years long. */
#ifndef SIMULATION_CREDENTIALS_H
#define SIMULATION_CREDENTIALS_H

struct test_credential {
    const char *certificate_pem;
    const char *private_key_pem;
};

extern const struct test_credential server_credential;
extern const struct test_credential client_credential;

#endif
