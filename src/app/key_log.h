/*
 * A file of keys in the format of NSS, for those who look into their own traffic with Wireshark.
 * Lines are appended, each in one piece, by any thread. Nobody but its owner may read it: whoever
 * does can decrypt the associations in it.
 */
#ifndef APP_KEY_LOG_H
#define APP_KEY_LOG_H

#include <ringdtls/ringdtls.h>

#include "app/complaint.h"

struct key_log;

/* Makes the file when it is not there. false with a complaint that names the path. */
bool key_log_open(const char *path, struct key_log **log, struct complaint *complaint);
void key_log_close(struct key_log *log); /* NULL: none */

/* After CONNECTED. A failure is kept for key_log_failed. log NULL: does nothing. */
void key_log_append(struct key_log *log, const struct rdtls_endpoint *endpoint, struct rdtls_id id);

/* Has a line been lost, and nobody been told of it yet? true, once, with a complaint. */
bool key_log_failed(struct key_log *log, struct complaint *complaint);

#endif
