#include "handshake/exporter.h"

#include "handshake/key_schedule_13.h"

void association_export(const struct association *association, const struct exporter_input *input,
                        uint8_t *out, size_t out_len)
{
    const struct suite *suite = association_suite(association);
    if (!association_is_13(association)) {
        key_schedule_12_export(association, suite, input, out, out_len);
        return;
    }
    /* [rfc8446#7.5] "Implementations MUST use the exporter_master_secret unless explicitly
     * specified by the application." */
    struct exporter_13 exporter = {
        .hash = suite->hash,
        .secret = association->v13.exporter_secret,
        .label = input->label,
        .context = input->context,
    };
    export_13(&exporter, out, out_len);
}
