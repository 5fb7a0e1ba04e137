/*
 * What hellos agree on beside the cryptography: server_name (RFC 6066 section 3), use_srtp (RFC
 * 5764 section 4.1), application_layer_protocol_negotiation (RFC 7301 section 3.1),
 * record_size_limit (RFC 8449 section 4), SessionTicket (RFC 5077 section 3.2). All but server_name
 * have one form for both hellos. Views; form alone is judged here.
 */
#ifndef WIRE_HELLO_EXTENSIONS_H
#define WIRE_HELLO_EXTENSIONS_H

#include "wire/codepoints.h"
#include "wire/extensions.h"

/* Is it known, and of hellos and EncryptedExtensions alone? */
bool extension_is_for_hellos(uint16_t type);

/* In a hello that was read. */
struct hello_extras {
    bool use_srtp_present;
    struct bytes srtp_profiles; /* pairs of bytes, one at least */
    struct bytes srtp_mki;
    bool alpn_present;
    struct bytes alpn; /* names, one at least, each not empty and behind its length in one byte */
    bool record_size_limit_present;
    uint16_t record_size_limit;
    bool session_ticket_present;
    struct bytes session_ticket; /* empty: none is there yet; of a server: always */
};

/* In a hello that is to be written. */
struct hello_extras_content {
    const uint16_t *srtp_profiles;
    size_t srtp_profile_count;  /* 0: no use_srtp */
    const struct bytes *alpn;   /* each of 1 to 255 bytes */
    size_t alpn_count;          /* 0: no ALPN */
    uint16_t record_size_limit; /* 0: none */
    bool session_ticket;        /* SessionTicket, with this in it */
    struct bytes ticket;
};

/* false: not one of these. Otherwise *well_formed says whether its body is; if it is not, the
 * message is a decode_error. */
bool hello_extra_read(const struct extension *extension, struct hello_extras *extras,
                      bool *well_formed);
void hello_extras_write(struct writer *writer, const struct hello_extras_content *content);

/* Takes the first name off a list as in hello_extras.alpn; empty: there is no more. */
struct bytes alpn_next(struct reader *names);

/* server_name of a ClientHello; *host_name stays empty when there are names of other types alone.
 * false: decode_error. */
bool server_name_read(struct bytes body, struct bytes *host_name);
void server_name_write(struct writer *writer, struct bytes host_name);

/* The server's, which says that it has used the name. */
void server_name_acknowledge(struct writer *writer);

/* A list of code points that is neither empty nor ends in half of one. */
bool code_points_are_whole(struct bytes list);

void code_points_write(struct writer *writer, const uint16_t *code_points, size_t count);

#endif
