#include "engine_choice.h"

#include "crypto/lane_engine.h"

static bool libcrypto_alone;

const struct lane_engine *__real_lane_engine_multibuffer(void);
const struct lane_engine *__wrap_lane_engine_multibuffer(void);

const struct lane_engine *__wrap_lane_engine_multibuffer(void)
{
    return libcrypto_alone ? NULL : __real_lane_engine_multibuffer();
}

void engine_choose_libcrypto(void)
{
    libcrypto_alone = true;
}
