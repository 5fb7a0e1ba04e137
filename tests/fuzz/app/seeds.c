/*
 * Writes what the fuzzers of the application's parsers start from: the offers of browsers, a check,
 * and programs.
 *
 * usage: fuzz_app_seeds FOLDER [OFFER]...
 */
#include "../fuzz.h"
#include "../seed_files.h"

#include "app/sdp_offer.h"
#include "sctp_operations.h"

/* RFC 5769 section 2.1 */
static const uint8_t check[] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 'S',  'T',  'U',  'N',  ' ',  't',  'e',  's',
    't',  ' ',  'c',  'l',  'i',  'e',  'n',  't',  0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09,
    'e',  'v',  't',  'j',  ':',  'h',  '6',  'v',  'Y',  0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14,
    0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
    0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
};

/* Writes a check and a refusal: room, what is changed, then type, length and value of each. */
static const uint8_t written_check[] = {
    0xff, 0, 200, 0, 40, 0, 0x06, 3, 'a', ':', 'b', 0, 0x24, 4, 1, 2, 3, 4, 0, 0x25, 0,
};
static const uint8_t written_refusal[] = {
    0xff, 0, 200, 0, 30, 0, 0x09, 0, 0, 0x0a, 3, 0, 0, 0, 0, 0x20, 0,
};

static const uint8_t open_channel[] = "\3\0\0\0\0\0\0\0\0\4\0\1chatp";

static const uint8_t talk[] = {
    ESTABLISHED, SAY,
    3,           0,
    0,           50,
    16,          3,
    0,           0,
    0,           0,
    0,           0,
    0,           0,
    4,           0,
    0,           'c',
    'h',         'a',
    't',         ACKNOWLEDGE,
    SAY,         3,
    0,           0,
    51,          5,
    'h',         'e',
    'l',         'l',
    'o',         SAY,
    7,           0,
    1,           53,
    1,           0,
    WAIT,        40,
    ACKNOWLEDGE, SAY,
    2,           0,
    1,           53,
    2,           1,
    2,           SAY,
    0,           0,
    1,           53,
    2,           3,
    4,           SAY,
    1,           0,
    1,           53,
    2,           5,
    6,           RESET,
    1,           0,
    0,           ANSWER_RESET,
    1,           SAY,
    3,           0,
    0,           56,
    1,           0,
    ACKNOWLEDGE,
};
static const uint8_t odd[] = {
    ESTABLISHED, SAY | TOGETHER,
    3,           0,
    9,           50,
    1,           2,
    SKIP,        1,
    SAY,         3,
    0,           9,
    51,          1,
    'x',         ADD_STREAMS,
    17,          1,
    0,           ADD_STREAMS,
    18,          1,
    0,           RESET,
    2,           0,
    9,           0,
    8,           RESET,
    0,           CHUNK,
    192,         0,
    8,           0,
    0,           4,
    0,           0,
    9,           0,
    0,           CHUNK,
    4,           0,
    8,           0,
    1,           0,
    8,           1,
    2,           3,
    4,           WAIT,
    255,         CHUNK,
    9,           0,
    4,           0,
    1,           0,
    4,           CHUNK,
    7,           0,
    4,           0,
    0,           0,
    0,           CHUNK,
    6,           0,
    0,
};
static const uint8_t before_it_is_up[] = {
    0, CHUNK, 1,  0,    16,   9,     9,    9, 9,  0, 1, 0, 0, 0, 9, 0,     9,  0,
    0, 0,     1,  WAIT, 20,   CHUNK, 2,    0, 24, 9, 9, 9, 9, 0, 1, 0,     0,  0,
    9, 0,     9,  0,    0,    0,     1,    0, 7,  0, 8, 1, 2, 3, 4, CHUNK, 11, 0,
    0, NOISE, 12, 0x13, 0x88, 0x13,  0x88, 0, 0,  0, 0, 0, 0, 0, 0,
};

static void write_offer(const char *path)
{
    static uint8_t text[SDP_TEXT_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    seed_files_write("sdp_offer", bytes_of(text, fread(text, 1, sizeof(text), file)));
    (void)fclose(file);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: fuzz_app_seeds FOLDER [OFFER]...\n");
        return 2;
    }
    seed_files_begin(argv[1]);
    seed_files_write("stun", bytes_of(check, sizeof(check)));
    seed_files_write("stun", bytes_of(written_check, sizeof(written_check)));
    seed_files_write("stun", bytes_of(written_refusal, sizeof(written_refusal)));
    seed_files_write("dcep", bytes_of(open_channel, sizeof(open_channel) - 1));
    seed_files_write("dcep", bytes_of("\2", 1));
    seed_files_write("sctp", bytes_of(talk, sizeof(talk)));
    seed_files_write("sctp", bytes_of(odd, sizeof(odd)));
    seed_files_write("sctp", bytes_of(before_it_is_up, sizeof(before_it_is_up)));
    for (int i = 2; i < argc; i++)
        write_offer(argv[i]);
    return 0;
}
