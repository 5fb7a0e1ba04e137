/*
 * A server whose private key is elsewhere, as with an HSM or a signing service: the shards hand
 * each digest to a thread, which answers 20 ms later. The handshakes wait for it; nothing else
 * does.
 *
 *     external_signer uring|mmsg     prints `listening on ADDR:PORT`, serves until its input ends,
 *                                    prints what came of it as JSON
 */
#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <ringdtls/ringdtls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    SIGNER_DELAY_NS = 20000000,
    NS_PER_S = 1000000000,
    QUESTIONS_MAX = 1 << 14, /* at least handshakes_max */
    PEM_MAX = 4096,
    STOP_MS = 2000,
};

/* What a shard asks of the signer. It names the connection and holds no pointer into the library.
 */
struct question {
    uint32_t shard;
    struct rdtls_id id;
    struct rdtls_sign_request request;
    uint64_t due_ns;
};

struct remote_signer {
    EVP_PKEY *key;
    struct rdtls_server *server;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct question questions[QUESTIONS_MAX];
    size_t head;
    size_t count;
    bool ends;
};

static struct remote_signer signer = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                      .wake = PTHREAD_COND_INITIALIZER};

static void give_up(const char *what)
{
    (void)fprintf(stderr, "external_signer: %s\n", what);
    exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* On the shard's thread: the digest is noted, and that is all. */
static void ask(struct rdtls_shard *shard, const struct rdtls_event *event)
{
    pthread_mutex_lock(&signer.lock);
    if (signer.count == QUESTIONS_MAX)
        give_up("more questions than handshakes");
    signer.questions[(signer.head + signer.count++) % QUESTIONS_MAX] = (struct question){
        .shard = rdtls_shard_index(shard),
        .id = event->id,
        .request = *event->sign,
        .due_ns = now_ns() + SIGNER_DELAY_NS,
    };
    pthread_cond_signal(&signer.wake);
    pthread_mutex_unlock(&signer.lock);
}

static void on_event(void *context, struct rdtls_shard *shard, const struct rdtls_event *event)
{
    (void)context;
    if (event->kind == RDTLS_EVENT_SIGN) {
        ask(shard, event);
    } else if (event->kind == RDTLS_EVENT_DATA) {
        enum rdtls_status status = rdtls_shard_send(shard, event->id, event->data, event->data_len);
        (void)status; /* the client asks again */
    }
}

static void answer(const struct question *question)
{
    uint8_t signature[RDTLS_SIGNATURE_MAX];
    size_t len = sizeof(signature);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(signer.key, NULL);
    if (context == NULL || EVP_PKEY_sign_init(context) != 1 ||
        EVP_PKEY_sign(context, signature, &len, question->request.input,
                      question->request.input_len) != 1)
        len = 0; /* could not: the handshake ends at once */
    EVP_PKEY_CTX_free(context);
    while (rdtls_server_complete_signature(signer.server, question->shard, question->id, signature,
                                           len) == RDTLS_NO_ROOM)
        usleep(1000);
}

static bool next_question(struct question *question)
{
    pthread_mutex_lock(&signer.lock);
    while (signer.count == 0 && !signer.ends)
        pthread_cond_wait(&signer.wake, &signer.lock);
    bool is_there = !signer.ends;
    if (is_there) {
        *question = signer.questions[signer.head];
        signer.head = (signer.head + 1) % QUESTIONS_MAX;
        signer.count--;
    }
    pthread_mutex_unlock(&signer.lock);
    return is_there;
}

static void *sign_on_and_on(void *argument)
{
    struct question question;
    (void)argument;
    while (next_question(&question)) {
        const struct timespec due = {.tv_sec = (time_t)(question.due_ns / NS_PER_S),
                                     .tv_nsec = (long)(question.due_ns % NS_PER_S)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
        answer(&question);
    }
    return NULL;
}

/* A key that stays here, and the certificate that the server is given. */
static size_t make_certificate(char pem[PEM_MAX])
{
    signer.key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    if (signer.key == NULL || certificate == NULL || bio == NULL ||
        X509_set_version(certificate, X509_VERSION_3) != 1 ||
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) != 1 ||
        X509_gmtime_adj(X509_getm_notBefore(certificate), -86400) == NULL ||
        X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) == NULL ||
        X509_set_pubkey(certificate, signer.key) != 1 ||
        X509_sign(certificate, signer.key, EVP_sha256()) == 0 ||
        PEM_write_bio_X509(bio, certificate) != 1)
        give_up("cannot make a certificate");
    int len = BIO_read(bio, pem, PEM_MAX);
    BIO_free(bio);
    X509_free(certificate);
    return len > 0 ? (size_t)len : 0;
}

static struct rdtls_config *make_config(void)
{
    char pem[PEM_MAX];
    struct rdtls_config_options options;
    struct rdtls_config *config;
    rdtls_config_options_defaults(&options);
    options.certificate_pem_len = make_certificate(pem);
    options.certificate_pem = pem;
    options.signer = RDTLS_SIGNER_HOST;
    if (rdtls_config_new(&options, &config) != RDTLS_OK)
        give_up("no configuration");
    return config;
}

static void start(const struct rdtls_config *config, enum rdtls_io io)
{
    char message[256];
    struct rdtls_listen listen = {.ip = {[10] = 0xff, [11] = 0xff, 127, 0, 0, 1}};
    struct rdtls_server_options options;
    rdtls_server_options_defaults(&options);
    options.config = config;
    options.listen = &listen;
    options.listen_count = 1;
    options.shards = 2;
    options.io = io;
    options.handlers.on_event = on_event;
    if (rdtls_server_start(&options, &signer.server, message, sizeof(message)) != RDTLS_OK)
        give_up(message);
    printf("listening on 127.0.0.1:%u\n", (unsigned)rdtls_server_port(signer.server, 0));
    (void)fflush(stdout);
}

static void wait_for_end_of_input(void)
{
    char nothing;
    while (read(STDIN_FILENO, &nothing, 1) > 0) {
    }
}

/* No answer may come once the server stops: the signer ends first. */
static void stop(pthread_t thread, struct rdtls_server_stats *stats)
{
    pthread_mutex_lock(&signer.lock);
    signer.ends = true;
    pthread_cond_signal(&signer.wake);
    pthread_mutex_unlock(&signer.lock);
    pthread_join(thread, NULL);
    rdtls_server_stop(signer.server, STOP_MS, stats);
}

int main(int argc, char **argv)
{
    pthread_t thread;
    struct rdtls_server_stats stats;
    bool is_mmsg = argc > 1 && strcmp(argv[1], "mmsg") == 0;
    struct rdtls_config *config = make_config();
    start(config, is_mmsg ? RDTLS_IO_MMSG : RDTLS_IO_URING);
    if (pthread_create(&thread, NULL, sign_on_and_on, NULL) != 0)
        give_up("no thread");
    wait_for_end_of_input();
    stop(thread, &stats);
    const struct rdtls_lane_stats *lane = &stats.endpoint.lanes[RDTLS_LANE_ECDSA_P256_SIGN];
    printf("{\"completed\": %llu, \"signed\": %llu, \"external\": %llu, \"refused\": %llu}\n",
           (unsigned long long)stats.endpoint.handshakes_completed, (unsigned long long)lane->jobs,
           (unsigned long long)lane->external,
           (unsigned long long)stats.endpoint.signatures_refused);
    rdtls_config_free(config);
    EVP_PKEY_free(signer.key);
    return EXIT_SUCCESS;
}
