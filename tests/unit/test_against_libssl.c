/* One of our ends and one of libssl's in one process: what they agree on, and that the secrets
 * which they hand out are the same, byte by byte. */
#include <openssl/ssl.h>

#include "certificate_support.h"
#include "conn_support.h"

enum { MATERIAL_LEN = 1024, FOREIGN_MTU = 1200 };

struct foreign {
    SSL_CTX *context;
    SSL *ssl;
    bool is_server;
    const char *asked_for; /* server: the client's server_name */
};

struct scene {
    struct peer ours;
    struct foreign theirs;
};

static SSL_CTX *foreign_context(bool is_server)
{
    SSL_CTX *context = SSL_CTX_new(is_server ? DTLS_server_method() : DTLS_client_method());
    cr_assert_not_null(context);
    if (!is_server)
        return context;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *certificate = issue(key, 2);
    cr_assert(SSL_CTX_use_certificate(context, certificate) == 1);
    cr_assert(SSL_CTX_use_PrivateKey(context, key) == 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

/* The server's own order, as OpenSSL's helper has it. */
static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *context)
{
    static const unsigned char ours[] = "\006webrtc\004coap";
    unsigned char *chosen;
    (void)ssl;
    (void)context;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static int accept_name(SSL *ssl, int *alert, void *context)
{
    (void)ssl;
    (void)alert;
    (void)context;
    return SSL_TLSEXT_ERR_OK;
}

/* libssl's line of its key log; Criterion runs each test in a process of its own. */
static char foreign_line[RDTLS_KEY_LOG_MAX];

static void note_line(const SSL *ssl, const char *line)
{
    (void)ssl;
    (void)snprintf(foreign_line, sizeof(foreign_line), "%s\n", line);
}

static struct foreign foreign_new(bool is_server, const char *profiles)
{
    static const unsigned char offered[] = "\002h2\004coap";
    struct foreign foreign = {.context = foreign_context(is_server), .is_server = is_server};
    cr_assert(SSL_CTX_set_tlsext_use_srtp(foreign.context, profiles) == 0);
    if (is_server) {
        SSL_CTX_set_alpn_select_cb(foreign.context, select_protocol, NULL);
        SSL_CTX_set_tlsext_servername_callback(foreign.context, accept_name);
    } else {
        cr_assert(SSL_CTX_set_alpn_protos(foreign.context, offered, sizeof(offered) - 1) == 0);
    }
    SSL_CTX_set_keylog_callback(foreign.context, note_line);
    foreign.ssl = SSL_new(foreign.context);
    cr_assert_not_null(foreign.ssl);
    SSL_set_options(foreign.ssl, SSL_OP_NO_QUERY_MTU);
    cr_assert(SSL_set_mtu(foreign.ssl, FOREIGN_MTU) == FOREIGN_MTU);
    SSL_set_bio(foreign.ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (is_server) {
        SSL_set_accept_state(foreign.ssl);
    } else {
        cr_assert(SSL_set_tlsext_host_name(foreign.ssl, "a.example") == 1);
        SSL_set_connect_state(foreign.ssl);
    }
    return foreign;
}

/* What libssl wants to send comes as one datagram: its records say where they end. */
static bool foreign_to_ours(struct scene *scene)
{
    static uint8_t datagram[CARRIED_MAX];
    int len = BIO_read(SSL_get_wbio(scene->theirs.ssl), datagram, sizeof(datagram));
    if (len <= 0)
        return false;
    rdtls_conn_receive(scene->ours.conn, datagram, (size_t)len, 0);
    peer_poll(&scene->ours);
    return true;
}

static bool ours_to_foreign(struct scene *scene)
{
    static uint8_t datagram[CARRIED_MAX];
    size_t len;
    cr_assert_eq(rdtls_conn_transmit(scene->ours.conn, datagram, sizeof(datagram), &len), RDTLS_OK);
    if (len == 0)
        return false;
    cr_assert(BIO_write(SSL_get_rbio(scene->theirs.ssl), datagram, (int)len) == (int)len);
    (void)SSL_do_handshake(scene->theirs.ssl);
    ERR_clear_error();
    return true;
}

static struct scene scene_new(const struct rdtls_config_options *options, enum rdtls_role role,
                              const char *profiles)
{
    struct scene scene = {.theirs = foreign_new(role == RDTLS_CLIENT, profiles)};
    peer_init(&scene.ours, options, role);
    bool moved = true;
    if (role == RDTLS_SERVER)
        (void)SSL_do_handshake(scene.theirs.ssl);
    for (int i = 0; i < ROUNDS_MAX && moved; i++) {
        moved = ours_to_foreign(&scene);
        moved = foreign_to_ours(&scene) || moved;
    }
    scene.theirs.asked_for = SSL_get_servername(scene.theirs.ssl, TLSEXT_NAMETYPE_host_name);
    return scene;
}

static void scene_free(struct scene *scene)
{
    peer_free(&scene->ours);
    SSL_free(scene->theirs.ssl);
    SSL_CTX_free(scene->theirs.context);
}

static void foreign_export(const struct scene *scene, const struct rdtls_exporter *exporter,
                           uint8_t *out, size_t out_len)
{
    cr_assert(SSL_export_keying_material(scene->theirs.ssl, out, out_len, exporter->label,
                                         strlen(exporter->label), exporter->context,
                                         exporter->context_len, exporter->context != NULL) == 1);
}

/* [rfc5764#4.2] the order of the four values */
static void expect_foreign_keys(const struct scene *scene)
{
    static const struct rdtls_exporter exporter = {.label = "EXTRACTOR-dtls_srtp"};
    struct rdtls_srtp_keys keys;
    uint8_t theirs[2 * (RDTLS_SRTP_KEY_MAX + RDTLS_SRTP_SALT_MAX)];
    cr_assert_eq(rdtls_conn_srtp_keys(scene->ours.conn, &keys), RDTLS_OK);
    size_t key_len = keys.key_len;
    size_t salt_len = keys.salt_len;
    foreign_export(scene, &exporter, theirs, 2 * (key_len + salt_len));
    bool we_are_client = scene->theirs.is_server;
    const uint8_t *client_key = we_are_client ? keys.local_key : keys.remote_key;
    const uint8_t *server_key = we_are_client ? keys.remote_key : keys.local_key;
    const uint8_t *client_salt = we_are_client ? keys.local_salt : keys.remote_salt;
    const uint8_t *server_salt = we_are_client ? keys.remote_salt : keys.local_salt;
    cr_expect_arr_eq(theirs, client_key, key_len);
    cr_expect_arr_eq(theirs + key_len, server_key, key_len);
    cr_expect_arr_eq(theirs + 2 * key_len, client_salt, salt_len);
    cr_expect_arr_eq(theirs + 2 * key_len + salt_len, server_salt, salt_len);
}

static const char *const profile_names[] = {"SRTP_AES128_CM_SHA1_80", "SRTP_AES128_CM_SHA1_32",
                                            "SRTP_AEAD_AES_128_GCM", "SRTP_AEAD_AES_256_GCM"};
static const uint16_t profiles[] = {RDTLS_SRTP_AES128_CM_SHA1_80, RDTLS_SRTP_AES128_CM_SHA1_32,
                                    RDTLS_SRTP_AEAD_AES_128_GCM, RDTLS_SRTP_AEAD_AES_256_GCM};
static const uint16_t suites[] = {0xc02b, 0xc02c};

Test(against_libssl, srtp_keys_of_every_profile_role_and_hash)
{
    for (size_t i = 0; i < 4; i++) {
        for (int role = RDTLS_CLIENT; role <= RDTLS_SERVER; role++) {
            struct rdtls_config_options options = default_options();
            options.srtp_profiles = profiles;
            options.srtp_profile_count = 4;
            options.cipher_suites = &suites[i % 2];
            options.cipher_suite_count = 1;
            struct scene scene = scene_new(&options, (enum rdtls_role)role, profile_names[i]);
            cr_assert(scene.ours.connected, "%s", profile_names[i]);
            cr_assert(SSL_is_init_finished(scene.theirs.ssl));
            const SRTP_PROTECTION_PROFILE *theirs = SSL_get_selected_srtp_profile(scene.theirs.ssl);
            cr_assert_not_null(theirs);
            cr_expect_eq(theirs->id, profiles[i]);
            cr_expect_eq(info_of(&scene.ours).srtp_profile, profiles[i]);
            expect_foreign_keys(&scene);
            scene_free(&scene);
        }
    }
}

Test(against_libssl, our_order_of_profiles_counts_when_we_are_the_server)
{
    static const uint16_t ours[] = {RDTLS_SRTP_AEAD_AES_256_GCM, RDTLS_SRTP_AES128_CM_SHA1_80};
    struct rdtls_config_options options = default_options();
    options.srtp_profiles = ours;
    options.srtp_profile_count = 2;
    struct scene scene =
        scene_new(&options, RDTLS_SERVER, "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM");
    cr_assert(scene.ours.connected);
    cr_expect_eq(info_of(&scene.ours).srtp_profile, RDTLS_SRTP_AEAD_AES_256_GCM);
    scene_free(&scene);
}

static void expect_foreign_protocol(const struct scene *scene, const char *expected)
{
    const unsigned char *name;
    unsigned len;
    SSL_get0_alpn_selected(scene->theirs.ssl, &name, &len);
    cr_expect_eq(len, strlen(expected));
    cr_expect(len == strlen(expected) && memcmp(name, expected, len) == 0);
    cr_expect_str_eq(info_of(&scene->ours).alpn, expected);
}

Test(against_libssl, alpn_in_both_roles)
{
    static const char *const ours[] = {"coap", "webrtc"};
    struct rdtls_config_options options = default_options();
    options.alpn_protocols = ours;
    options.alpn_protocol_count = 2;
    struct scene scene = scene_new(&options, RDTLS_SERVER, profile_names[0]);
    cr_assert(scene.ours.connected);
    expect_foreign_protocol(&scene, "coap");
    scene_free(&scene);
    scene = scene_new(&options, RDTLS_CLIENT, profile_names[0]);
    cr_assert(scene.ours.connected);
    expect_foreign_protocol(&scene, "webrtc"); /* libssl's order */
    scene_free(&scene);
}

/* [rfc7301#3.2] "then the server SHALL respond with a fatal "no_application_protocol" alert." */
Test(against_libssl, alpn_with_nothing_in_common)
{
    static const char *const ours[] = {"xmpp-client"};
    struct rdtls_config_options options = default_options();
    options.alpn_protocols = ours;
    options.alpn_protocol_count = 1;
    struct scene scene = scene_new(&options, RDTLS_SERVER, profile_names[0]);
    cr_expect_eq(scene.ours.status, RDTLS_ALERT_NO_APPLICATION_PROTOCOL);
    scene_free(&scene);
    scene = scene_new(&options, RDTLS_CLIENT, profile_names[0]);
    cr_expect_eq(scene.ours.status, RDTLS_RECEIVED_ALERT + RDTLS_ALERT_NO_APPLICATION_PROTOCOL);
    scene_free(&scene);
}

/* [rfc6066#3] "The "extension_data" field of this extension SHALL be empty.": libssl's server
 * answers so. [rfc8446#9.2] "Additionally, all implementations MUST support the use of the
 * "server_name" extension with applications capable of using it." */
Test(against_libssl, the_server_hears_our_name_for_it)
{
    struct rdtls_config_options options = default_options();
    options.server_name = "www.a.example";
    struct scene scene = scene_new(&options, RDTLS_CLIENT, profile_names[0]);
    cr_assert(scene.ours.connected);
    cr_expect_str_eq(scene.theirs.asked_for, "www.a.example");
    scene_free(&scene);
}

/* [rfc5705#4] "PRF(SecurityParameters.master_secret, label, SecurityParameters.client_random +
 * SecurityParameters.server_random )[length]", and with a context behind its length. The master
 * secret is the same one: [rfc7627#5.1] "both client and server MUST use the extended master secret
 * derivation algorithm, as defined in Section 4." And both came to the same Finished, of either
 * hash: [rfc5246#7.4.9] "For the PRF defined in Section 5, the Hash MUST be the Hash used as the
 * basis for the PRF." */
Test(against_libssl, exported_material_of_every_label_and_context)
{
    static const uint8_t long_context[900] = {1, 2, 3};
    static const struct rdtls_exporter exporters[] = {
        {"EXTRACTOR-dtls_srtp", NULL, 0},
        {"EXPORTER_DTLS_OVER_SCTP", NULL, 0},
        {"client EAP encryption", NULL, 0},
        {"EXPORTER-Channel-Binding", (const uint8_t *)"", 0},
        {"EXPORTER-Token-Binding", NULL, 0},
        {"EXPERIMENTAL-ringdtls", (const uint8_t *)"context", 7},
        {"EXPERIMENTAL-ringdtls", long_context, sizeof(long_context)},
    };
    for (int role = RDTLS_CLIENT; role <= RDTLS_SERVER; role++) {
        for (size_t suite = 0; suite < 2; suite++) {
            struct rdtls_config_options options = default_options();
            options.cipher_suites = &suites[suite];
            options.cipher_suite_count = 1;
            struct scene scene = scene_new(&options, (enum rdtls_role)role, profile_names[0]);
            cr_assert(scene.ours.connected);
            cr_expect(SSL_get_extms_support(scene.theirs.ssl) == 1);
            for (size_t i = 0; i < sizeof(exporters) / sizeof(exporters[0]); i++) {
                uint8_t ours[MATERIAL_LEN];
                uint8_t theirs[MATERIAL_LEN];
                cr_assert_eq(rdtls_conn_export(scene.ours.conn, &exporters[i], ours, sizeof(ours)),
                             RDTLS_OK);
                foreign_export(&scene, &exporters[i], theirs, sizeof(theirs));
                cr_expect_arr_eq(ours, theirs, sizeof(ours), "%s", exporters[i].label);
            }
            scene_free(&scene);
        }
    }
}

Test(against_libssl, the_key_log_is_the_same)
{
    for (int role = RDTLS_CLIENT; role <= RDTLS_SERVER; role++) {
        struct rdtls_config_options options = default_options();
        char line[RDTLS_KEY_LOG_MAX];
        options.key_log = true;
        struct scene scene = scene_new(&options, (enum rdtls_role)role, profile_names[0]);
        cr_assert(scene.ours.connected);
        cr_assert_eq(rdtls_conn_key_log(scene.ours.conn, line), RDTLS_OK);
        cr_expect_eq(strlen(line), 14 + 2 * 32 + 1 + 2 * 48 + 1);
        cr_expect_str_eq(line, foreign_line);
        scene_free(&scene);
    }
}
