/* The application at either side: the client asks, the server greets and echoes, both keep account
 * of every record. */
#ifndef SIMULATION_HOST_H
#define SIMULATION_HOST_H

#include "world.h"

/* Every connection of the endpoint has its end: made when it is first seen. */
void host_note_associations(struct world *world, struct host *host);

void host_take_event(struct world *world, struct host *host, const struct rdtls_event *event);

/* What the application does by the clock: judging certificates, asking again. */
uint64_t host_next(const struct host *host);
void host_tick(struct world *world, struct host *host);

/* host_verifies.c: a connection is there; it asks for a verdict; the host has one; it learns by
 * signalling whom to expect. */
void host_expect_signalling(struct world *world, struct host *host, struct end *end);
void host_take_question(struct world *world, struct host *host, struct end *end);
void host_judge(struct world *world, struct host *host, struct end *end);
void host_tell(struct world *world, struct host *host, struct end *end);

/* Has a client nothing to wait for any more? */
bool host_client_is_served(const struct end *end);

/* And has it got what it wanted? */
bool host_client_is_answered(const struct end *end);

/* One more record from here, in answer to a question or as one. */
void host_say(struct world *world, struct host *host, struct end *end, unsigned question);

/* Does an application's plaintext lie open in these bytes? */
bool host_words_are_in(const uint8_t *bytes, size_t len);

#endif
