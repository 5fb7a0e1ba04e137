/* The chat page's files, as they lie in src/app/page: the build puts them into the program. */
#ifndef APP_PAGE_H
#define APP_PAGE_H

#include <stddef.h>

struct page_file {
    const char *path; /* of the request, such as "/chat.js" */
    const char *type; /* Content-Type */
    const char *etag; /* with its quotation marks: a digest of the bytes */
    const unsigned char *bytes;
    size_t len;
};

extern const struct page_file page_files[];
extern const size_t page_file_count;

#endif
