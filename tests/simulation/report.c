#include <stdio.h>

#include "modes.h"

enum { TRACED_MAX = 3 };

void report_outcome(struct report *report, const struct outcome *outcome, const char *name,
                    const char *command)
{
    report->handshakes += outcome->handshakes;
    report->connected += outcome->connected;
    report->refused += outcome->refused;
    report->forced += outcome->forced;
    report->datagrams += outcome->datagrams;
    report->forged += outcome->forged;
    report->digest = (report->digest ^ outcome->digest) * UINT64_C(0x100000001b3);
    if (outcome->slowest_ns > report->slowest_ns)
        report->slowest_ns = outcome->slowest_ns;
    if (outcome->failure[0] == '\0') {
        report->passed++;
        return;
    }
    report->failed++;
    printf("FAIL %s: %s\n     again: %s\n", name, outcome->failure, command);
}

void report_conversation(struct report *report, struct conversation *conversation, const char *name,
                         const char *command)
{
    struct outcome outcome;
    conversation->options.trace = report->trace;
    conversation_run(conversation, &outcome);
    report_outcome(report, &outcome, name, command);
    if (outcome.failure[0] == '\0' || report->trace || report->failed > TRACED_MAX)
        return;
    struct outcome again;
    conversation->options.trace = true;
    printf("---- trace\n");
    conversation_run(conversation, &again);
    printf("---- end of trace%s\n",
           again.digest == outcome.digest ? "" : ", which is not what happened the first time");
}
