/* What a peer says to open a channel. */
#include "../fuzz.h"

#include "app/dcep.h"

enum { HEADER_LEN = 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dcep_open open;
    switch (dcep_consume(data, size, &open)) {
    case DCEP_OPEN:
        expect_inside(bytes_of(open.label, open.label_len), bytes_of(data, size));
        expect_inside(bytes_of(open.protocol, open.protocol_len), bytes_of(data, size));
        EXPECT(size == HEADER_LEN + open.label_len + open.protocol_len);
        EXPECT(open.reliability.limit != SCTP_LIMIT_NONE || open.reliability.limit_value == 0);
        break;
    case DCEP_ACK:
        EXPECT(size == 1);
        break;
    case DCEP_MALFORMED:
        break;
    }
    return 0;
}
