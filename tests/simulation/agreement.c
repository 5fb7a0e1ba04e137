/* What both sides of a handshake must have agreed on. */
#include <string.h>

#include "checks.h"
#include "endpoint/endpoint.h"
#include "handshake/read_epochs.h"

enum { EXPORTED_LEN = 32 };

/* What one reads under is what the other writes under. */
static bool reads_what(const struct association *reader, const struct association *writer)
{
    uint8_t secret[DIGEST_LEN_MAX];
    (void)read_epochs_secret(reader, secret);
    return memcmp(secret, writer->v13.write_secret, digest_len(association_suite(reader)->hash)) ==
           0;
}

static bool secrets_agree_13(const struct association *a, const struct association *b)
{
    return memcmp(a->v13.exporter_secret, b->v13.exporter_secret, DIGEST_LEN_MAX) == 0 &&
           reads_what(a, b) && reads_what(b, a);
}

static bool secrets_agree(const struct association *a, const struct association *b)
{
    if (association_is_13(a))
        return association_is_13(b) && secrets_agree_13(a, b);
    return memcmp(a->v12.master_secret, b->v12.master_secret, MASTER_SECRET_LEN) == 0 &&
           memcmp(&a->v12.write_keys, &b->v12.read_keys, sizeof(a->v12.write_keys)) == 0 &&
           memcmp(&a->v12.read_keys, &b->v12.write_keys, sizeof(a->v12.read_keys)) == 0;
}

bool check_same_association(struct world *world, const struct end *client, const struct end *server)
{
    const struct connection *a = endpoint_find(world->hosts[SIDE_CLIENT].endpoint, client->id);
    const struct connection *b = endpoint_find(world->hosts[SIDE_SERVER].endpoint, server->id);
    return a != NULL && b != NULL && secrets_agree(&a->association, &b->association);
}

static bool extras_agree(const struct connection *a, const struct connection *b,
                         const struct rdtls_info *at_client, const struct rdtls_info *at_server)
{
    struct rdtls_srtp_keys ours;
    struct rdtls_srtp_keys theirs;
    if (at_client->srtp_profile != SHAPE_SRTP_PROFILE || at_client->alpn == NULL ||
        strcmp(at_client->alpn, SHAPE_PROTOCOL) != 0 || at_server->alpn == NULL ||
        strcmp(at_server->alpn, SHAPE_PROTOCOL) != 0)
        return false;
    if (a->state != CONNECTION_CONNECTED)
        return connection_srtp_keys(a, &ours) == RDTLS_NOT_CONNECTED;
    if (b->state != CONNECTION_CONNECTED)
        return connection_srtp_keys(b, &theirs) == RDTLS_NOT_CONNECTED;
    return connection_srtp_keys(a, &ours) == RDTLS_OK &&
           connection_srtp_keys(b, &theirs) == RDTLS_OK &&
           memcmp(ours.local_key, theirs.remote_key, sizeof(ours.local_key)) == 0 &&
           memcmp(ours.remote_key, theirs.local_key, sizeof(ours.local_key)) == 0 &&
           memcmp(ours.local_salt, theirs.remote_salt, sizeof(ours.local_salt)) == 0 &&
           memcmp(ours.remote_salt, theirs.local_salt, sizeof(ours.local_salt)) == 0;
}

/* A session of 1.2 is taken up without a key exchange. */
static uint16_t group_of(const struct shape *shape)
{
    if (shape_is_abbreviated(shape))
        return 0;
    return shape->p256 ? 23 : 29;
}

void check_agreement(struct world *world, const struct end *client)
{
    const struct end *server = world_peer_of(world, SIDE_CLIENT, client);
    /* A client of 1.3, or that resumes, has the last word, and is CONNECTED before its server. */
    if (server == NULL || !(server->connected || server->asked || world->shape->v13 ||
                            shape_is_abbreviated(world->shape))) {
        world_fail(world, "a client is CONNECTED with a server that is not");
        return;
    }
    struct rdtls_endpoint *ours = world->hosts[SIDE_CLIENT].endpoint;
    struct rdtls_endpoint *theirs = world->hosts[SIDE_SERVER].endpoint;
    const struct connection *a = endpoint_find(ours, client->id);
    const struct connection *b = endpoint_find(theirs, server->id);
    if (a == NULL || b == NULL || client->closed)
        return; /* one of them is gone already */
    /* Its host may have judged so late that the server it has shaken hands with is gone, and
     * another one begun by a hello that came late as well. */
    if (server->begun_ns > a->handshake_done_ns)
        return;
    if (!secrets_agree(&a->association, &b->association)) {
        /* Of two handshakes that one hello has begun, the one that it goes on with may be gone. */
        if (!world->paths[client->path].plaintext_corrupted)
            world_fail(world, "the two sides hold different secrets");
        return;
    }
    struct rdtls_info at_client;
    struct rdtls_info at_server;
    static const struct rdtls_exporter exporter = {.label = "EXPORTER-simulation"};
    uint8_t client_material[EXPORTED_LEN];
    uint8_t server_material[EXPORTED_LEN];
    connection_info(&ours->environment, a, &at_client);
    connection_info(&theirs->environment, b, &at_server);
    bool known = shape_client_is_known(world->shape);
    uint16_t version = world->shape->v13 ? 0xfefc : 0xfefd;
    uint16_t suite = world->shape->v13 ? 0x1301 : 0xc02b;
    if (at_client.version != version || at_server.version != version ||
        at_client.cipher_suite != suite + world->shape->aes_256 ||
        at_client.group != group_of(world->shape) ||
        at_client.cipher_suite != at_server.cipher_suite || at_client.group != at_server.group)
        world_fail(world, "not the suite and group that were to be chosen");
    if (at_client.resumed != (world->session.len > 0) || at_client.resumed != at_server.resumed)
        world_fail(world, "a session is resumed at one side, or that of nobody");
    if (!extras_agree(a, b, &at_client, &at_server))
        world_fail(world, "not the protocol and SRTP keys that were to be agreed on");
    known = known && server->connected;
    if (!at_client.peer_certificate || (server->connected && at_server.peer_certificate != known) ||
        memcmp(at_client.peer_fingerprint, shape_fingerprint(SIDE_SERVER), SHA256_LEN) != 0 ||
        (known &&
         memcmp(at_server.peer_fingerprint, shape_fingerprint(SIDE_CLIENT), SHA256_LEN) != 0))
        world_fail(world, "a certificate is not what it should be");
    if (a->state == CONNECTION_CONNECTED && b->state == CONNECTION_CONNECTED &&
        (connection_export(a, &exporter, client_material, EXPORTED_LEN) != RDTLS_OK ||
         connection_export(b, &exporter, server_material, EXPORTED_LEN) != RDTLS_OK ||
         memcmp(client_material, server_material, EXPORTED_LEN) != 0))
        world_fail(world, "exported material differs");
}
