/*
 * Datagrams that the kernel brought to a shard whose they are not. A host that finds so passes them
 * on; the owner teaches the shard where they arrived, which from then on passes on by itself what
 * comes on that path.
 *
 *     where it arrived                              whose it is
 *     STUN -> on_datagram -> pass_on  ------------> on_datagram -> rdtls_shard_add_path
 *             steering learns the path  <---------- LETTER_TEACHES
 *     DTLS, STUN, SRTP -> steering  --------------> endpoint, on_datagram
 *
 * A letter that was steered is never steered again, and what hosts pass on goes three hops at most:
 * shards that are wrong about each other do not play ball. A path that a connection has stays its:
 * whoever has learned otherwise is told by its shard (LETTER_KEEPS). So nobody takes a path away by
 * sending checks of his own session in another's name.
 */
#include <assert.h>
#include <string.h>

#include "endpoint/endpoint.h"
#include "io/shard.h"
#include "io/system_random.h"

enum { LESSONS_SPAN_NS = 1000000000 };

static_assert((int)SHARDS_MAX <= (int)STEERING_OWNERS_MAX, "a path can be any shard's");
static_assert((int)PACKETS_PER_PASS >= (int)PACKET_BUFFER_COUNT + (int)LETTERS_PER_PASS,
              "room for a whole pass");

static_assert((int)HELD_HELLO_LEN_MAX <= (int)PACKET_LEN_MAX, "what was held fits a letter");

bool shard_mail_open(struct rdtls_shard *shard)
{
    const struct shard_options *options = &shard->options;
    struct siphash_key secret;
    if (options->shard_count < 2 || options->handlers->on_datagram == NULL)
        return true;
    return mailbox_open(&shard->mail, LETTERS_WAITING_MAX, sizeof(struct shard_letter)) &&
           system_random_fill(&secret, sizeof(secret)) && steering_open(&shard->steering, &secret);
}

void shard_mail_close(struct rdtls_shard *shard)
{
    mailbox_close(&shard->mail);
    steering_close(&shard->steering);
}

/* How much room is left for others. A stranger's STUN is passed on before anybody knows whether it
 * is any good: it must not crowd out what is steered, which is on paths that an owner has taught.
 */
static uint32_t spared_by(enum letter_kind kind)
{
    return kind == LETTER_PASSED_ON ? LETTERS_SPARED : 0;
}

/* A letter with its head written, to be posted; NULL: too many wait there already. */
static struct shard_letter *claim(struct rdtls_shard *shard, uint32_t to,
                                  const struct letter_head *head)
{
    struct mailbox *mail = &shard->options.shards[to]->mail;
    struct shard_letter *letter = mailbox_claim(mail, spared_by((enum letter_kind)head->kind));
    if (letter != NULL)
        letter->head = *head;
    return letter;
}

static void post(struct rdtls_shard *shard, uint32_t to, struct shard_letter *letter)
{
    mailbox_post(letter);
    shard->ring_due[to] = true;
    shard->rings_due = true;
}

static bool post_datagram(struct rdtls_shard *shard, uint32_t to, const struct letter_head *head,
                          const uint8_t *datagram)
{
    struct shard_letter *letter = claim(shard, to, head);
    shard->figures_changed = true;
    if (letter == NULL) {
        shard->figures.not_passed_on++;
        return false;
    }
    bytes_copy(letter->bytes, bytes_of(datagram, head->len));
    post(shard, to, letter);
    shard->figures.passed_on++;
    return true;
}

static void steer(struct rdtls_shard *shard, uint32_t owner, const struct rdtls_path *path,
                  struct bytes datagram)
{
    const struct letter_head head = {
        .path = *path,
        .shard = shard->options.index,
        .kind = LETTER_STEERED,
        .hops = 1,
        .len = (uint32_t)datagram.len,
    };
    (void)post_datagram(shard, owner, &head, datagram.data);
}

/* A letter that finds no room is missed by nobody: the next STUN check teaches again. */
static void tell(struct rdtls_shard *shard, uint32_t to, const struct rdtls_path *path,
                 enum letter_kind kind, uint32_t owner)
{
    const struct letter_head head = {
        .path = *path,
        .shard = owner,
        .from = shard->options.index,
        .kind = (uint16_t)kind,
    };
    struct shard_letter *letter = claim(shard, to, &head);
    if (letter != NULL)
        post(shard, to, letter);
}

/* Whose path it was before, it is not any more: ports are used again. A hello that was steered
 * there meanwhile is held there, and comes to the owner when that shard learns as well. */
static void correct_former(struct rdtls_shard *shard, const struct rdtls_path *path, uint32_t owner)
{
    uint32_t former;
    if (steering_find(&shard->steering, path, &former) && former != owner)
        tell(shard, former, path, LETTER_TEACHES, owner);
}

static void learn(struct rdtls_shard *shard, struct shard_letter *lesson)
{
    const struct letter_head *head = &lesson->head;
    if (endpoint_has_path(shard->endpoint, &head->path)) {
        tell(shard, head->from, &head->path, LETTER_KEEPS, shard->options.index);
        return;
    }
    correct_former(shard, &head->path, head->shard);
    steering_learn(&shard->steering, &head->path, head->shard);
    shard->taught[shard->taught_count++] = lesson;
}

/* Hellos that overtook the check wait here for whoever adds their path. One that was steered here
 * by mistake came just before the lesson, in the same pass maybe. */
void shard_mail_let_go(struct rdtls_shard *shard)
{
    for (uint32_t i = 0; i < shard->taught_count; i++) {
        const struct letter_head *lesson = &shard->taught[i]->head;
        const struct held_hello *hello =
            endpoint_take_held(shard->endpoint, &lesson->path, shard->now);
        while (hello != NULL) {
            steer(shard, lesson->shard, &lesson->path, bytes_of(hello->bytes, hello->len));
            hello = endpoint_take_held(shard->endpoint, &lesson->path, shard->now);
        }
    }
    shard->taught_count = 0;
}

/* false: it is none. */
static bool take_lesson(struct rdtls_shard *shard, struct shard_letter *lesson)
{
    switch ((enum letter_kind)lesson->head.kind) {
    case LETTER_TEACHES:
        learn(shard, lesson);
        return true;
    case LETTER_KEEPS:
        steering_learn(&shard->steering, &lesson->head.path, lesson->head.shard);
        return true;
    case LETTER_PASSED_ON:
    case LETTER_STEERED:
        break;
    }
    return false;
}

uint32_t shard_mail_collect(struct rdtls_shard *shard, struct packet *packets, uint32_t hellos_max)
{
    uint32_t count = 0;
    uint32_t hellos = 0;
    for (uint32_t taken = 0; taken < LETTERS_PER_PASS && hellos < hellos_max; taken++) {
        struct shard_letter *letter = mailbox_next(&shard->mail);
        if (letter == NULL)
            break;
        if (take_lesson(shard, letter))
            continue;
        shard->letters[count] = letter;
        packets[count] = (struct packet){
            .path = letter->head.path,
            .bytes = letter->bytes,
            .len = letter->head.len,
            .buffer = (uint16_t)(PACKET_BUFFER_COUNT + count),
        };
        hellos += rdtls_datagram_classify(letter->bytes, letter->head.len) == RDTLS_DATAGRAM_HELLO;
        count++;
    }
    return count;
}

const struct shard_letter *shard_mail_letter_of(const struct rdtls_shard *shard,
                                                const struct packet *packet)
{
    return packet->buffer < PACKET_BUFFER_COUNT
               ? NULL
               : shard->letters[packet->buffer - PACKET_BUFFER_COUNT];
}

bool shard_mail_steer(struct rdtls_shard *shard, const struct packet *packet)
{
    uint32_t owner;
    if (packet->buffer >= PACKET_BUFFER_COUNT ||
        !steering_find(&shard->steering, &packet->path, &owner))
        return false;
    steer(shard, owner, &packet->path, bytes_of(packet->bytes, packet->len));
    return true;
}

void shard_mail_ring(struct rdtls_shard *shard)
{
    if (!shard->rings_due)
        return;
    shard->rings_due = false;
    for (uint32_t i = 0; i < shard->options.shard_count; i++) {
        if (shard->ring_due[i])
            doorbell_ring(&shard->options.shards[i]->doorbell);
        shard->ring_due[i] = false;
    }
}

enum rdtls_status rdtls_shard_pass_on(struct rdtls_shard *shard, uint32_t to,
                                      const struct rdtls_path *path, const uint8_t *datagram,
                                      size_t len)
{
    const struct datagram_under_way *under_way = &shard->under_way;
    const struct shard_options *options = &shard->options;
    if (shard->mail.places == NULL || under_way->path == NULL ||
        under_way->hops == LETTER_HOPS_MAX || to >= options->shard_count || to == options->index)
        return RDTLS_INVALID_ARGUMENT;
    if (len > PACKET_LEN_MAX)
        return RDTLS_TOO_LONG;
    const struct letter_head head = {
        .path = *path,
        .shard = under_way->arrived_at,
        .kind = LETTER_PASSED_ON,
        .hops = (uint16_t)(under_way->hops + 1),
        .len = (uint32_t)len,
    };
    return post_datagram(shard, to, &head, datagram) ? RDTLS_OK : RDTLS_NO_ROOM;
}

/* Who knows his session's password can send checks in any address's name, and each would push
 * another path out of a full bucket: a connection has so many lessons a second, and what it has not
 * taught the host goes on passing on. Connections that share a counter share them. */
static bool may_teach(struct rdtls_shard *shard, struct rdtls_id id)
{
    if (shard->now - shard->lessons_since >= LESSONS_SPAN_NS) {
        memset(shard->lessons, 0, sizeof(shard->lessons));
        shard->lessons_since = shard->now;
    }
    /* A slot's next connection has lessons of its own. */
    uint8_t *count = &shard->lessons[(id.slot + id.generation * LESSONS_STRIDE) % LESSON_COUNTERS];
    if (*count == LESSONS_PER_SECOND)
        return false;
    (*count)++;
    return true;
}

enum rdtls_status rdtls_shard_add_path(struct rdtls_shard *shard, struct rdtls_id id,
                                       const struct rdtls_path *path)
{
    const struct datagram_under_way *under_way = &shard->under_way;
    TRY(rdtls_endpoint_add_path(shard->endpoint, id, path, shard->now));
    correct_former(shard, path, shard->options.index);
    steering_forget(&shard->steering, path);
    bool came_from_another = under_way->path != NULL && !under_way->was_steered &&
                             under_way->arrived_at != shard->options.index &&
                             memcmp(under_way->path, path, sizeof(*path)) == 0;
    if (came_from_another && may_teach(shard, id))
        tell(shard, under_way->arrived_at, path, LETTER_TEACHES, shard->options.index);
    return RDTLS_OK;
}
