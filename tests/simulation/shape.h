/*
 * What a handshake looks like: everything that both sides are configured with. A shape has a
 * number, so that a failure can be told in one; configurations are made once and shared.
 */
#ifndef SIMULATION_SHAPE_H
#define SIMULATION_SHAPE_H

#include <ringdtls/endpoint.h>

enum side { SIDE_CLIENT, SIDE_SERVER, SIDE_COUNT };

enum certificate_shape {
    CERTIFICATE_NONE,
    CERTIFICATE_REQUESTED_OFFERED,
    CERTIFICATE_REQUESTED_WITHHELD,
    CERTIFICATE_REQUIRED_OFFERED,
    CERTIFICATE_REQUIRED_WITHHELD, /* refused: both sides have to end, and say why */
    CERTIFICATE_SHAPES
};

enum verify_shape {
    VERIFY_BY_NOBODY,
    VERIFY_BY_FINGERPRINT, /* in the configuration */
    VERIFY_BY_HOST,
    VERIFY_SIGNALLED_BEFORE, /* fingerprints for each connection: as soon as it is there */
    VERIFY_SIGNALLED_DURING, /* while its handshake goes on, as far as the network lets it */
    VERIFY_SIGNALLED_AFTER,  /* some time after its end */
    VERIFY_SHAPES
};

enum ticket_shape {
    TICKETS_NONE,
    TICKETS_ISSUED,
    TICKETS_RESUMED, /* the client has been there before */
    TICKET_SHAPES
};

struct shape {
    bool cookies; /* always, or never */
    enum certificate_shape certificate;
    bool small_mtu; /* 256 instead of 1200 */
    bool p256;      /* instead of x25519; in 1.3 the client has to be asked for it */
    bool aes_256;   /* instead of AES-128 */
    enum verify_shape verify;
    bool v13;        /* both speak both versions; otherwise 1.2 alone */
    bool host_signs; /* both sides, some time later, instead of the library */
    enum ticket_shape tickets;
};

enum {
    SHAPE_SIGNERS = 2,
    SHAPE_VERSIONS = 2,
    SHAPE_COUNT = 2 * 2 * 2 * 2 * CERTIFICATE_SHAPES * SHAPE_VERSIONS * VERIFY_SHAPES *
                  SHAPE_SIGNERS * TICKET_SHAPES,
    SHAPE_FULL = SHAPE_COUNT / VERIFY_SHAPES / SHAPE_SIGNERS / TICKET_SHAPES,
    SHAPE_RESUMED = 16,
    SHAPE_COMMON = SHAPE_FULL + SHAPE_RESUMED,
    SHAPE_SIGNER_MS = 20,
    SHAPE_SIGNALLING_MS = 400, /* so much later than the handshake's end an answer comes, if it does
                                  not come before */
    SHAPE_NAME_MAX = 112,
    SHAPE_WORDS_MAX = 899,      /* what either side lets the other one put into a record */
    SHAPE_QUESTIONS = 3,        /* records that a client wants to have echoed */
    SHAPE_RETRANSMIT_MS = 1000, /* all as by default, but: */
    SHAPE_IDLE_MS = 120000,     /* longer than any handshake, short enough to be waited for */
    SHAPE_HANDSHAKE_MS = 30000,
};

/* What both sides have in common and the server likes best. */
#define SHAPE_PROTOCOL "webrtc"
enum { SHAPE_SRTP_PROFILE = RDTLS_SRTP_AEAD_AES_128_GCM };

struct shape shape_of(unsigned number);

/* Of SHAPE_COMMON shapes, each with one way of verifying and of signing, and with tickets or
 * without, so that none is left out: not each with each. The last SHAPE_RESUMED are those that
 * resume. */
struct shape shape_mixed(unsigned number);
unsigned shape_number(const struct shape *shape);
void shape_name(const struct shape *shape, char name[SHAPE_NAME_MAX]);
uint16_t shape_mtu(const struct shape *shape);

/* Must this handshake end in failure on any network? */
bool shape_is_refused(const struct shape *shape);

bool shape_is_signalled(const struct shape *shape);

/* One side's host learns whom to expect. */
enum rdtls_status shape_tell(enum side side, struct rdtls_endpoint *endpoint, struct rdtls_id id);

/* Does the server get to see a certificate? */
bool shape_client_is_known(const struct shape *shape);

/* Options for one side; credentials are filled in. Ends the process when the credentials cannot be
 * used. */
void shape_options(const struct shape *shape, enum side side, struct rdtls_config_options *options);

/* The shared configuration; ends the process when it cannot be made. */
const struct rdtls_config *shape_config(const struct shape *shape, enum side side);

/* What a client of this shape resumes: the same bytes for the same shape, in any order of asking;
 * empty: it has no session. Seeds libcrypto's generator when it is asked for the first time. */
struct rdtls_session shape_session(const struct shape *shape);

/* Is the handshake of this shape an abbreviated one of 1.2, in which the client has the last word?
 */
bool shape_is_abbreviated(const struct shape *shape);

/* The fingerprint of one side's certificate. */
const uint8_t *shape_fingerprint(enum side side);

/* What the signer of one side says; the length. Ends the process when it cannot. */
size_t shape_sign(enum side side, const struct rdtls_sign_request *request,
                  uint8_t signature[RDTLS_SIGNATURE_MAX]);

void shape_sessions_free(void);

/* Give all shared configurations and signers back. */
void shape_configs_free(void);

#endif
