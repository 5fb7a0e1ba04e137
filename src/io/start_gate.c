#include "io/start_gate.h"

void start_gate_init(struct start_gate *gate)
{
    *gate = (struct start_gate){.decision = GATE_SHUT};
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->changed, NULL);
}

void start_gate_destroy(struct start_gate *gate)
{
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
}

bool start_gate_pass(struct start_gate *gate, bool ready)
{
    pthread_mutex_lock(&gate->lock);
    gate->arrived++;
    gate->failed = gate->failed || !ready;
    pthread_cond_broadcast(&gate->changed);
    while (gate->decision == GATE_SHUT)
        pthread_cond_wait(&gate->changed, &gate->lock);
    bool go = gate->decision == GATE_GO;
    pthread_mutex_unlock(&gate->lock);
    return go;
}

bool start_gate_decide(struct start_gate *gate, uint32_t expected, bool abandon)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->arrived < expected)
        pthread_cond_wait(&gate->changed, &gate->lock);
    bool go = !abandon && !gate->failed;
    gate->decision = go ? GATE_GO : GATE_ABANDON;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
    return go;
}
