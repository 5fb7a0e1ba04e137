/* ringdtls: DTLS for the moment when everybody connects at once. Everything public. */
#ifndef RINGDTLS_H
#define RINGDTLS_H

#include "config.h"
#include "connection.h"
#include "endpoint.h"
#include "paths.h"
#include "server.h"
#include "stats.h"
#include "status.h"

#endif
