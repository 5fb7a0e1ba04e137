/* The host's signer: where the runner asks for operations that take their time, keys are not the
 * library's. */
#ifndef BOGO_SIGNER_H
#define BOGO_SIGNER_H

#include <ringdtls/connection.h>

#include "settings.h"

/* 0: it cannot. */
size_t signer_answer(const struct settings *settings, const struct rdtls_sign_request *request,
                     uint8_t signature[RDTLS_SIGNATURE_MAX]);

#endif
