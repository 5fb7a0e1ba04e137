#include "io/endpoint_memory.h"

#include <sys/mman.h>

void *endpoint_memory_open(size_t len)
{
    void *memory =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    /* Additional walls: a kernel that does not know them still serves. */
    (void)madvise(memory, len, MADV_DONTDUMP);
    (void)madvise(memory, len, MADV_WIPEONFORK);
    return memory;
}

void endpoint_memory_close(void *memory, size_t len)
{
    if (memory != NULL)
        munmap(memory, len);
}
