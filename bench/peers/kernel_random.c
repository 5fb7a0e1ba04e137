#include "kernel_random.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "random_stock.h"

enum { STRENGTH_BITS = 256, REQUEST_LEN_MAX = 1 << 16 };

static void *generator_create(void *provider, void *parent, const OSSL_DISPATCH *parent_calls)
{
    (void)provider;
    (void)parent;
    (void)parent_calls;
    return calloc(1, sizeof(struct random_stock));
}

static void generator_free(void *generator)
{
    if (generator != NULL)
        random_stock_wipe(generator);
    free(generator);
}

static int generator_instantiate(void *generator, unsigned strength, int prediction_resistance,
                                 const unsigned char *text, size_t text_len,
                                 const OSSL_PARAM *params)
{
    (void)generator;
    (void)prediction_resistance;
    (void)text;
    (void)text_len;
    (void)params;
    return strength <= STRENGTH_BITS;
}

static int generator_uninstantiate(void *generator)
{
    (void)generator;
    return 1;
}

static int generator_generate(void *generator, unsigned char *out, size_t len, unsigned strength,
                              int prediction_resistance, const unsigned char *additional,
                              size_t additional_len)
{
    (void)strength;
    (void)prediction_resistance;
    (void)additional;
    (void)additional_len;
    return random_stock_draw(generator, out, len);
}

/* One thread alone uses it. */
static int generator_enable_locking(void *generator)
{
    (void)generator;
    return 1;
}

static int generator_describe(void *generator, OSSL_PARAM params[])
{
    OSSL_PARAM *state = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);
    OSSL_PARAM *strength = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
    OSSL_PARAM *request = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);

    (void)generator;
    return (state == NULL || OSSL_PARAM_set_int(state, EVP_RAND_STATE_READY)) &&
           (strength == NULL || OSSL_PARAM_set_uint(strength, STRENGTH_BITS)) &&
           (request == NULL || OSSL_PARAM_set_size_t(request, REQUEST_LEN_MAX));
}

static const OSSL_ALGORITHM *provider_query(void *provider, int operation, int *no_cache)
{
    static const OSSL_DISPATCH calls[] = {
        {OSSL_FUNC_RAND_NEWCTX, (void (*)(void))generator_create},
        {OSSL_FUNC_RAND_FREECTX, (void (*)(void))generator_free},
        {OSSL_FUNC_RAND_INSTANTIATE, (void (*)(void))generator_instantiate},
        {OSSL_FUNC_RAND_UNINSTANTIATE, (void (*)(void))generator_uninstantiate},
        {OSSL_FUNC_RAND_GENERATE, (void (*)(void))generator_generate},
        {OSSL_FUNC_RAND_ENABLE_LOCKING, (void (*)(void))generator_enable_locking},
        {OSSL_FUNC_RAND_GET_CTX_PARAMS, (void (*)(void))generator_describe},
        {0, NULL}};
    static const OSSL_ALGORITHM algorithms[] = {
        {"KERNEL-RANDOM", "provider=kernel-random", calls, "getrandom in large pieces"},
        {NULL, NULL, NULL, NULL}};

    (void)provider;
    *no_cache = 0;
    return operation == OSSL_OP_RAND ? algorithms : NULL;
}

static int provider_start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
                          const OSSL_DISPATCH **calls, void **context)
{
    static const OSSL_DISPATCH provider_calls[] = {
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))provider_query}, {0, NULL}};

    (void)core;
    *calls = provider_calls;
    *context = (void *)handle;
    return 1;
}

bool kernel_random_install(struct kernel_random *random, OSSL_LIB_CTX *library)
{
    if (OSSL_PROVIDER_add_builtin(library, "kernel-random", provider_start) != 1)
        return false;
    random->standard = OSSL_PROVIDER_load(library, "default");
    random->ours = OSSL_PROVIDER_load(library, "kernel-random");
    return random->standard != NULL && random->ours != NULL &&
           RAND_set_DRBG_type(library, "KERNEL-RANDOM", NULL, NULL, NULL) == 1;
}

void kernel_random_remove(struct kernel_random *random)
{
    if (random->ours != NULL)
        OSSL_PROVIDER_unload(random->ours);
    if (random->standard != NULL)
        OSSL_PROVIDER_unload(random->standard);
    memset(random, 0, sizeof(*random));
}
