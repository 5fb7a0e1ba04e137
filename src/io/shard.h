/*
 * One thread with its sockets and its endpoint, and the loop around them. Nothing else in the
 * process touches its state: others set stop_at, post signatures or an edition, ring the doorbell,
 * and read the board.
 *
 *     wait -> receive -> lanes -> tick -> events -> on_pass -> transmit -> give the buffers back ->
 * wait ...
 *
 * It guarantees that a pass sends what it produced, that a datagram's buffer stays until the events
 * of its pass have been handed on, and that what the kernel has no room for is kept and tried again
 * within a millisecond.
 */
#ifndef IO_SHARD_H
#define IO_SHARD_H

#include <pthread.h>

#include "endpoint/edition.h"
#include "io/doorbell.h"
#include "io/figures.h"
#include "io/mailbox.h"
#include "io/packet_io.h"
#include "io/receive_order.h"
#include "io/send_window.h"
#include "io/start_gate.h"
#include "io/steering.h"

enum { SHARD_CPU_ANY = -1 };

enum { SIGNATURES_WAITING_MAX = 4096 }; /* that a shard has not come for; a power of two */

/* A signature that the host was asked for, on its way to the shard. */
struct signature_letter {
    struct rdtls_id id;
    uint32_t len;
    uint8_t signature[RDTLS_SIGNATURE_MAX];
};

struct shard_options {
    const struct rdtls_config *config; /* the first; not looked at behind the gate */
    const struct rdtls_endpoint_options *endpoint;
    const struct rdtls_handlers *handlers;
    const struct packet_io_ops *io;
    const struct packet_io_ops
        *io_instead; /* when that one cannot be had; NULL: then the shard fails */
    struct start_gate *gate;
    struct rdtls_shard *const *shards; /* that have this one's ports too, itself among them; looked
                                          at while it runs */
    uint32_t shard_count;
    uint32_t index;
    uint32_t hellos_per_pass;
    int cpu; /* to be pinned to, or SHARD_CPU_ANY */
};

enum {
    LETTERS_WAITING_MAX = 1024, /* of other shards; a power of two */
    LETTERS_SPARED = 512,       /* of those, kept from what hosts pass on */
    LETTERS_PER_PASS = 256,
    LETTER_HOPS_MAX = 3,
    LESSONS_PER_SECOND = 16, /* of one connection's paths */
    LESSON_COUNTERS = 4096,
    LESSONS_STRIDE = 61, /* from the counter of a slot's connection to that of its next one */
};

enum letter_kind {
    LETTER_PASSED_ON, /* a datagram, by a host */
    LETTER_STEERED,   /* a datagram, by the shard where it arrived */
    LETTER_TEACHES,   /* whose the path is */
    LETTER_KEEPS,     /* as an answer to that: it is the sender's still */
};

/* From one shard to another. */
struct letter_head {
    struct rdtls_path path;
    uint32_t shard; /* where the datagram arrived; whose the path is */
    uint32_t from;  /* who teaches */
    uint16_t kind;  /* enum letter_kind */
    uint16_t hops;  /* how often the datagram was passed on */
    uint32_t len;   /* of the datagram */
};

struct shard_letter {
    struct letter_head head;
    uint8_t bytes[PACKET_LEN_MAX];
};

/* The datagram that on_datagram is called for. */
struct datagram_under_way {
    const struct rdtls_path *path; /* NULL: there is none */
    uint32_t arrived_at;
    uint32_t hops;
    bool was_steered;
};

/* Why a shard could not start. */
struct shard_failure {
    enum rdtls_status status;
    int error;
    const char *what;
};

struct rdtls_shard {
    struct shard_options options;
    struct udp_socket *sockets;
    uint32_t socket_count;
    struct doorbell doorbell;
    pthread_t thread;
    bool thread_runs;
    struct shard_failure failure; /* this and io_kind are for others to read behind the gate */
    enum rdtls_io io_kind;

    _Atomic uint64_t
        stop_at; /* 0: go on; else say goodbye, and be gone at that time at the latest */
    struct figures_board board;
    struct mailbox signatures; /* of the host's signer */
    struct mailbox mail;       /* of other shards; not open where there are none, or no host */
    _Atomic(struct edition *) posted; /* to be adopted; NULL: none */
    _Atomic uint64_t edition_number;  /* of the one that was adopted last */

    /* From here on the thread's own. */
    void *memory;
    size_t memory_len;
    struct rdtls_endpoint *endpoint;
    struct packet_io *io;
    uint64_t now;
    bool stopping;
    size_t still_open;     /* while stopping */
    bool goodbyes_proceed; /* some were said in this pass */

    struct receive_order order;
    struct packet packets[PACKETS_PER_PASS];
    struct shard_letter *letters[LETTERS_PER_PASS]; /* that packets lie in, by their buffer's number
                                                       less PACKET_BUFFER_COUNT */
    struct shard_letter *taught[LETTERS_PER_PASS];  /* the lessons among them, of this pass */
    uint32_t taught_count;
    struct steering steering;
    struct datagram_under_way under_way;
    uint8_t lessons[LESSON_COUNTERS]; /* given in this second, by connection */
    uint64_t lessons_since;
    bool rings_due; /* somewhere */
    bool ring_due[SHARDS_MAX];

    struct rdtls_datagram datagrams[SEND_BATCH_MAX];
    struct send_window window;
    bool unsettled;    /* a batch is under way, and its verdicts are not read yet */
    uint64_t retry_at; /* when to try again what was refused; 0: nothing is kept */

    struct figures figures;
    uint32_t *drops; /* of each socket, as last read */
    uint32_t drops_next;
    bool figures_changed;
    uint64_t published_at;
};

/* A shard with `socket_count` sockets, none open yet. NULL: errno says why. */
struct rdtls_shard *shard_new(const struct shard_options *options, uint32_t socket_count);

/* The thread must have ended. Closes what is open. */
void shard_free(struct rdtls_shard *shard);

/* Start the thread, which prepares itself and goes to the gate. Error: SYSTEM_ERROR. */
MUST_CHECK enum rdtls_status shard_start(struct rdtls_shard *shard);

/* Any thread. */
void shard_stop(struct rdtls_shard *shard, uint64_t stop_at);

/* Any thread: a signature that the host was asked for. NO_ROOM: too many wait; INVALID_ARGUMENT:
 * this server's keys are its own. */
MUST_CHECK enum rdtls_status shard_post_signature(struct rdtls_shard *shard,
                                                  const struct signature_letter *letter);

/* Any thread: handshakes are to begin under this edition, which is the shard's from now on. One
 * that still waits is freed. */
void shard_post_edition(struct rdtls_shard *shard, struct edition *edition);

/* Any thread: make a pass soon. */
void shard_wake(struct rdtls_shard *shard);

/* The loop; returns when the shard has been stopped (shard_pass.c). */
void shard_run(struct rdtls_shard *shard);

/* In the middle of a pass: send what waits, since there is no room for more. false: the kernel has
 * none either (shard_pass.c). */
MUST_CHECK bool shard_make_room(struct rdtls_shard *shard);

/* Mail among shards (shard_mail.c). Room for it, where it can be needed. false: errno says why. */
MUST_CHECK bool shard_mail_open(struct rdtls_shard *shard);
void shard_mail_close(struct rdtls_shard *shard);

/* Learn what letters teach, and make packets of the datagrams that they brought: at most
 * LETTERS_PER_PASS, and `hellos_max` hellos. They stay until mailbox_release. */
uint32_t shard_mail_collect(struct rdtls_shard *shard, struct packet *packets, uint32_t hellos_max);

/* The letter that a packet lies in; NULL: it is in a buffer. */
const struct shard_letter *shard_mail_letter_of(const struct rdtls_shard *shard,
                                                const struct packet *packet);

/* Pass it on when its path is known to be another's; true: it was, and this is done with it. */
MUST_CHECK bool shard_mail_steer(struct rdtls_shard *shard, const struct packet *packet);

/* Wake those that letters were left for. */
void shard_mail_ring(struct rdtls_shard *shard);

/* When all that was collected has been taken: what is held here of paths that are known to be
 * another's now goes there. */
void shard_mail_let_go(struct rdtls_shard *shard);

/* Write the figures to the board (shard_figures.c): `all_drops` reads every socket's drops,
 * otherwise a few sockets' in turn. */
void shard_publish(struct rdtls_shard *shard, bool all_drops);

#endif
