/* Reads a stream: header, rows, and at the end the proof that it is whole. */
#include "base/error.h"
#include "base/memory.h"
#include "stream/bgzf_reader.h"
#include "stream/keys.h"
#include "stream/preamble.h"
#include "stream/stream.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct amkd_reader {
    char *name;
    int fd;
    size_t nthreads;
    amkd_bgzf_reader *bgzf;
    amkd_header header;
    uint64_t row;      /* rows read */
    uint64_t promised; /* by the header; UINT64_MAX: nothing */
};

static int open_input(amkd_reader *reader, const char *path)
{
    int is_stdin = !path || !strcmp(path, "-");
    reader->name = amkd_strdup(is_stdin ? "stdin" : path);
    if (!reader->name)
        return -1;
    if (is_stdin) {
        reader->fd = STDIN_FILENO;
        if (isatty(STDIN_FILENO))
            return amkd_fail("stdin is a terminal, expected a stream");
        return 0;
    }
    reader->fd = open(path, O_RDONLY | O_CLOEXEC);
    return reader->fd < 0 ? amkd_fail_errno("'%s'", path) : 0;
}

/* Reads nbytes of the header or fails. */
static int read_exactly(amkd_reader *reader, void *bytes, size_t nbytes)
{
    ssize_t n = amkd_bgzf_reader_read(reader->bgzf, bytes, nbytes);
    if (n < 0)
        return -1;
    if ((size_t)n < nbytes)
        return amkd_fail("'%s': ends inside its header", reader->name);
    return 0;
}

/* The text of the header, in room that grows as it arrives, not as it says. */
static int read_text(amkd_reader *reader, char **text, size_t nbytes)
{
    size_t done = 0, step = 1 << 16;
    while (done < nbytes) {
        if (step > nbytes - done)
            step = nbytes - done;
        char *grown = amkd_realloc(*text, done + step, 1);
        if (!grown)
            return -1;
        *text = grown;
        if (read_exactly(reader, grown + done, step))
            return -1;
        done += step;
        step = done;
    }
    return 0;
}

static int read_header(amkd_reader *reader, const char *kind)
{
    uint8_t fixed[AMKD_PREAMBLE_NBYTES];
    size_t nbytes;
    if (read_exactly(reader, fixed, sizeof fixed))
        return -1;
    if (amkd_preamble_check(&nbytes, fixed))
        return amkd_fail_in("'%s'", reader->name);
    char *text = NULL;
    int result = read_text(reader, &text, nbytes);
    if (!result && amkd_preamble_parse(&reader->header, text, nbytes))
        result = amkd_fail_in("'%s'", reader->name);
    free(text);
    if (result)
        return -1;
    if (kind && strcmp(reader->header.kind, kind))
        return amkd_fail("'%s': a stream of %s, expected %s", reader->name,
                         reader->header.kind, kind);
    reader->promised = amkd_header_rows(&reader->header);
    return 0;
}

int amkd_reader_open(amkd_reader **out, const char *path, const char *kind,
                     size_t nthreads)
{
    amkd_reader *reader = amkd_alloc(1, sizeof *reader);
    if (!reader)
        return -1;
    reader->fd = -1;
    reader->nthreads = nthreads;
    if (open_input(reader, path) ||
        amkd_bgzf_reader_open(&reader->bgzf, reader->fd, reader->name, nthreads) ||
        read_header(reader, kind)) {
        amkd_reader_close(reader);
        return -1;
    }
    *out = reader;
    return 0;
}

const amkd_header *amkd_reader_header(const amkd_reader *reader)
{
    return &reader->header;
}

const char *amkd_reader_name(const amkd_reader *reader)
{
    return reader->name;
}

uint64_t amkd_reader_row(const amkd_reader *reader)
{
    return reader->row;
}

uint64_t amkd_reader_tell(const amkd_reader *reader)
{
    return amkd_bgzf_reader_tell(reader->bgzf);
}

int amkd_reader_fd(const amkd_reader *reader)
{
    return reader->fd;
}

size_t amkd_reader_nthreads(const amkd_reader *reader)
{
    return reader->nthreads;
}

static int check_count(const amkd_reader *reader, int at_end)
{
    if (reader->row > reader->promised)
        return amkd_fail("'%s': more rows than the %llu that its header promises",
                         reader->name, (unsigned long long)reader->promised);
    if (at_end && reader->promised != UINT64_MAX && reader->row < reader->promised)
        return amkd_fail("'%s': ends after %llu rows, its header promises %llu",
                         reader->name, (unsigned long long)reader->row,
                         (unsigned long long)reader->promised);
    return 0;
}

ssize_t amkd_reader_read(amkd_reader *reader, void *rows, size_t max_rows)
{
    size_t row_nbytes = reader->header.row_nbytes;
    if (max_rows > SSIZE_MAX / row_nbytes)
        max_rows = SSIZE_MAX / row_nbytes;
    if (!max_rows)
        return amkd_fail("'%s': asked for no rows", reader->name);
    ssize_t n = amkd_bgzf_reader_read(reader->bgzf, rows, max_rows * row_nbytes);
    if (n < 0)
        return -1;
    reader->row += (size_t)n / row_nbytes;
    if ((size_t)n % row_nbytes)
        return amkd_fail("'%s': ends inside row %llu", reader->name,
                         (unsigned long long)reader->row);
    if (check_count(reader, n == 0))
        return -1;
    return n / (ssize_t)row_nbytes;
}

int amkd_reader_read_all(amkd_reader *reader, void **rows, size_t *nrows)
{
    size_t row_nbytes = reader->header.row_nbytes, done = 0, room = 0;
    char *block = NULL;
    for (;;) {
        if (done == room) {
            size_t more = room ? 2 * room : (1 << 16) / row_nbytes + 1;
            char *grown = amkd_realloc(block, more, row_nbytes);
            if (!grown)
                break;
            block = grown;
            room = more;
        }
        ssize_t n = amkd_reader_read(reader, block + done * row_nbytes, room - done);
        if (n < 0)
            break;
        if (n == 0) {
            *rows = block;
            *nrows = done;
            return 0;
        }
        done += (size_t)n;
    }
    free(block);
    return -1;
}

void amkd_reader_close(amkd_reader *reader)
{
    if (!reader)
        return;
    amkd_bgzf_reader_close(reader->bgzf);
    if (reader->fd > STDERR_FILENO)
        close(reader->fd);
    amkd_header_clear(&reader->header);
    free(reader->name);
    free(reader);
}
