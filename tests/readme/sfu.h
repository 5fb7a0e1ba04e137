/* What the loop of README.md has to do with its host: the loop is in sfu_loop.c, and there are two
 * hosts, test_sfu_loop.c, where both ends are in one process, and sfu_host.c, which real clients
 * connect to. carrying_loop.c can take the loop's place. */
#ifndef TESTS_README_SFU_H
#define TESTS_README_SFU_H

#include <ringdtls/ringdtls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* One peer: what ICE and signalling know of it. */
struct session {
    struct rdtls_conn *conn;
    uint64_t deadline;       /* when on_timer is to be called; RDTLS_NEVER: not at all */
    void *host;              /* the host's own */
    struct carrier *carrier; /* carrying_loop.c: its own, until the session's end */
};

struct sfu;

/* The host's. */
struct session *session_of(struct sfu *sfu, const struct rdtls_path *path);
void on_stun(struct sfu *sfu, const struct rdtls_path *path, uint8_t *datagram, size_t len);
void on_srtp(struct session *session, uint8_t *packet, size_t len);
void on_data(struct session *session, const uint8_t *data, size_t len);
void start_media(struct session *session, const struct rdtls_srtp_keys *keys);
void send_datagram(struct session *session, const uint8_t *datagram, size_t len);
void end_session(struct session *session);

/* At the end: how many datagrams there were, and how often STUN carried one. */
void on_carried(struct session *session, size_t made, size_t carried);

/* The loop's. */
enum rdtls_status configure(struct rdtls_config **config);
enum rdtls_status on_offer(struct session *session, const struct rdtls_config *config,
                           const struct rdtls_fingerprint *fingerprints, size_t count,
                           uint64_t now);
void on_datagram(struct sfu *sfu, const struct rdtls_path *path, uint8_t *datagram, size_t len,
                 uint64_t now);
void on_timer(struct session *session, uint64_t now);

#endif
