/* Fuzz target of the stream's reader, header and append. The first byte says what the
 * rest is: even, a file as it stands; odd, the plain bytes, packed into blocks here,
 * since no fuzzer guesses checksums. */
#include "base/file.h"
#include "fuzz/target.h"
#include "stream/bgzf_writer.h"
#include "stream/stream.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];

static void require(int truth, const char *what)
{
    if (!truth) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

static void remove_file(void)
{
    unlink(path);
}

/* In memory where possible: append syncs. */
static void open_file(void)
{
    snprintf(path, sizeof path, "%s/amkd-fuzz-XXXXXX",
             access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    int fd = mkstemp(path);
    require(fd >= 0, "a temporary file can be made");
    close(fd);
    atexit(remove_file);
}

static void put_file(const uint8_t *bytes, size_t nbytes)
{
    int fd = open(path, O_WRONLY | O_TRUNC);
    require(fd >= 0 && write(fd, bytes, nbytes) == (ssize_t)nbytes, "files are written");
    close(fd);
}

static void put_packed(const uint8_t *bytes, size_t nbytes)
{
    amkd_output *output;
    amkd_bgzf_writer *writer;
    require(!amkd_output_open(&output, path), "an output opens");
    require(!amkd_bgzf_writer_open(&writer, output, 0), "a packer opens");
    require(!amkd_bgzf_writer_write(writer, bytes, nbytes), "bytes are packed");
    require(!amkd_bgzf_writer_finish(writer), "a file is ended");
    amkd_bgzf_writer_free(writer);
    require(!amkd_output_commit(output), "a file is committed");
}

/* Equal headers are equal bytes, and come back. */
static void check_header(const amkd_header *header)
{
    amkd_header back;
    char *text = amkd_header_print(header);
    require(text != NULL, "a header that was read can be written");
    require(!amkd_header_parse(&back, text, strlen(text)), "and read again");
    char *again = amkd_header_print(&back);
    require(again && !strcmp(text, again), "and is the same");
    free(text);
    free(again);
    amkd_header_clear(&back);
}

/* Reads the file; header, when not NULL, is a copy of the header. Returns the number of
 * rows, or -1. */
static long long read_file(amkd_header *header, size_t nthreads)
{
    amkd_reader *reader;
    if (amkd_reader_open(&reader, path, NULL, nthreads))
        return -1;
    check_header(amkd_reader_header(reader));
    void *rows;
    size_t nrows;
    long long result = -1;
    if (!amkd_reader_read_all(reader, &rows, &nrows)) {
        free(rows);
        result = (long long)nrows;
        if (header)
            require(!amkd_header_copy(header, amkd_reader_header(reader)), "copies");
    }
    amkd_reader_close(reader);
    return result;
}

/* A file that can be read whole takes one more row, unless its header says how many. */
static void check_append(const amkd_header *header, long long nrows)
{
    amkd_writer *writer;
    uint64_t found;
    if (json_object_get(header->more, "rows"))
        return;
    require(!amkd_writer_append(&writer, path, header, &found), "append opens");
    require(found == (uint64_t)nrows, "append finds as many rows as the reader");
    void *row = calloc(1, header->row_nbytes);
    require(!amkd_writer_write(writer, row, 1), "a row is added");
    require(!amkd_writer_close(writer), "append ends");
    free(row);
    require(read_file(NULL, 0) == nrows + 1, "the row is there");
}

/* Whatever the bytes are, append either refuses them or makes a whole stream of them. */
static void check_append_to_any(void)
{
    amkd_header header;
    amkd_writer *writer;
    uint64_t found;
    require(!amkd_header_init(&header, "pairs"), "a header is made");
    require(!amkd_header_add(&header, "i", "<u4", NULL, 0), "a field is added");
    if (!amkd_writer_append(&writer, path, &header, &found)) {
        int whole = !amkd_writer_close(writer);
        require(!whole || read_file(NULL, 0) == (long long)found,
                "append makes it whole");
    }
    amkd_header_clear(&header);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t nbytes)
{
    if (!nbytes)
        return 0;
    if (!*path)
        open_file();
    if (bytes[0] & 1)
        put_packed(bytes + 1, nbytes - 1);
    else
        put_file(bytes + 1, nbytes - 1);
    amkd_header header;
    long long nrows = read_file(&header, 0);
    require(read_file(NULL, 2) == nrows, "threads do not matter");
    if (nrows >= 0) {
        if (header.row_nbytes < 1 << 20)
            check_append(&header, nrows);
        amkd_header_clear(&header);
    } else {
        check_append_to_any();
    }
    return 0;
}
