/* Files that a crash left before their header was whole. */
#include "base/error.h"
#include "base/memory.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <unistd.h>

/* An append finds out: to a stream without a whole header any header may be given. */
static int is_unbegun(const char *path)
{
    uint64_t nrows = 0;
    amkd_writer *writer;
    amkd_header header;
    int rc = amkd_header_init(&header, "unbegun");
    if (!rc)
        rc = amkd_header_add(&header, "nothing", "|u1", NULL, 0);
    if (!rc)
        rc = amkd_writer_append(&writer, path, &header, &nrows);
    if (!rc)
        amkd_writer_discard(writer);
    amkd_header_clear(&header);
    return !rc && !nrows;
}

int amkd_stream_remove_unbegun(const char *path)
{
    char *why = amkd_strdup(amkd_error());
    if (!why)
        return -1;
    int rc = is_unbegun(path) ? 0 : amkd_fail("%s", why);
    free(why);
    return !rc && unlink(path) ? amkd_fail_errno("'%s'", path) : rc;
}
