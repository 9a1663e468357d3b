/* Writes a stream: the header, rows, and the end that makes it whole. */
#include "stream/writer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "stream/bgzf.h"
#include "stream/bgzf_writer.h"
#include "stream/keys.h"
#include "stream/preamble.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct amkd_writer {
    amkd_output *output;
    amkd_bgzf_writer *bgzf;
    size_t row_nbytes;
    amkd_places *places; /* borrowed, or NULL */
    uint64_t row;        /* rows written */
    uint64_t promised;   /* by the header; UINT64_MAX: nothing */
    int failed;          /* a write was lost: the stream can no longer be whole */
};

int amkd_writer_over(amkd_writer **out, amkd_output *output, const amkd_header *header,
                     const void *bytes, size_t nbytes, uint64_t nrows, size_t nthreads,
                     amkd_places *places)
{
    amkd_writer *writer = amkd_alloc(1, sizeof *writer);
    if (!writer) {
        amkd_output_discard(output);
        return -1;
    }
    writer->output = output;
    writer->row_nbytes = header->row_nbytes;
    writer->row = nrows;
    writer->promised = amkd_header_rows(header);
    if (amkd_bgzf_writer_open(&writer->bgzf, output, nthreads)) {
        amkd_writer_discard(writer);
        return -1;
    }
    if (places) {
        places->first = nbytes;
        places->row_nbytes = header->row_nbytes;
        writer->places = places;
        amkd_bgzf_writer_note(writer->bgzf, &places->blocks, &places->nblocks,
                              &places->room);
    }
    if (amkd_bgzf_writer_write(writer->bgzf, bytes, nbytes)) {
        amkd_writer_discard(writer);
        return -1;
    }
    *out = writer;
    return 0;
}

int amkd_writer_open(amkd_writer **out, const char *path, const amkd_header *header,
                     size_t nthreads)
{
    return amkd_writer_open_noting(out, path, header, nthreads, NULL);
}

int amkd_writer_open_noting(amkd_writer **out, const char *path,
                            const amkd_header *header, size_t nthreads,
                            amkd_places *places)
{
    char what[40], *preamble;
    snprintf(what, sizeof what, "a stream of %s", header->kind);
    size_t nbytes;
    if (amkd_preamble_make(&preamble, &nbytes, header))
        return -1;
    amkd_output *output = NULL;
    int result = amkd_output_open(&output, path);
    if (!result && amkd_output_refuse_terminal(output, what)) {
        amkd_output_discard(output);
        result = -1;
    }
    if (!result)
        result =
            amkd_writer_over(out, output, header, preamble, nbytes, 0, nthreads, places);
    free(preamble);
    return result;
}

static int fail_promise(const amkd_writer *writer)
{
    return amkd_fail("'%s': %llu rows written, the header promises %llu",
                     amkd_output_name(writer->output), (unsigned long long)writer->row,
                     (unsigned long long)writer->promised);
}

static int write_rows(amkd_writer *writer, const void *rows, size_t nrows)
{
    if (nrows > SIZE_MAX / writer->row_nbytes)
        return amkd_fail("'%s': %zu rows are too many at once",
                         amkd_output_name(writer->output), nrows);
    writer->row += nrows;
    if (writer->row > writer->promised)
        return fail_promise(writer);
    return amkd_bgzf_writer_write(writer->bgzf, rows, nrows * writer->row_nbytes);
}

int amkd_writer_write(amkd_writer *writer, const void *rows, size_t nrows)
{
    if (!writer->failed && write_rows(writer, rows, nrows))
        writer->failed = 1;
    return writer->failed ? -1 : 0;
}

int amkd_writer_flush(amkd_writer *writer)
{
    if (!writer->failed &&
        (amkd_bgzf_writer_flush(writer->bgzf) || amkd_output_sync(writer->output)))
        writer->failed = 1;
    return writer->failed ? -1 : 0;
}

uint64_t amkd_places_find(const amkd_places *places, uint64_t row)
{
    const uint64_t at = places->first + row * places->row_nbytes;
    return places->blocks[at / AMKD_BGZF_FILL_NBYTES] << 16 | at % AMKD_BGZF_FILL_NBYTES;
}

void amkd_places_clear(amkd_places *places)
{
    free(places->blocks);
    *places = (amkd_places){0};
}

static int finish(amkd_writer *writer)
{
    if (writer->failed)
        return -1;
    if (writer->promised != UINT64_MAX && writer->row != writer->promised)
        return fail_promise(writer);
    return amkd_bgzf_writer_finish(writer->bgzf);
}

int amkd_writer_close(amkd_writer *writer)
{
    if (finish(writer)) {
        amkd_writer_discard(writer);
        return -1;
    }
    if (writer->places)
        writer->places->nbytes = amkd_bgzf_writer_nbytes(writer->bgzf);
    amkd_bgzf_writer_free(writer->bgzf);
    int result = amkd_output_commit(writer->output);
    free(writer);
    return result;
}

void amkd_writer_discard(amkd_writer *writer)
{
    if (!writer)
        return;
    amkd_bgzf_writer_free(writer->bgzf);
    amkd_output_discard(writer->output);
    free(writer);
}
