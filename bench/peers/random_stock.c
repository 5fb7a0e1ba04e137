#include "random_stock.h"

#include <string.h>
#include <sys/random.h>

/* getrandom gives up to 256 bytes whole, more perhaps in parts. */
static bool draw_from_kernel(uint8_t *out, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t got = getrandom(out + done, len - done, 0);
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

bool random_stock_draw(struct random_stock *stock, uint8_t *out, size_t len)
{
    if (len > RANDOM_STOCK_LEN)
        return draw_from_kernel(out, len);
    if (len > stock->left) {
        if (!draw_from_kernel(stock->bytes, RANDOM_STOCK_LEN))
            return false;
        stock->left = RANDOM_STOCK_LEN;
    }
    stock->left -= len;
    memcpy(out, stock->bytes + stock->left, len);
    explicit_bzero(stock->bytes + stock->left, len);
    return true;
}

void random_stock_wipe(struct random_stock *stock)
{
    explicit_bzero(stock, sizeof(*stock));
}
