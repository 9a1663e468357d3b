/* Indexes of images files: built row by row, written beside the file and found there. */
#include "data/images_index.h"
#include "base/error.h"
#include "base/memory.h"
#include "stream/bgzf.h"
#include "stream/keys.h"
#include "stream/stream.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { HASH_SIZE = 32 }; /* "xxh3-64:" and 16 digits */

uint64_t amkd_index_check(const void *row, size_t nbytes)
{
    return XXH3_64bits(row, nbytes);
}

int amkd_index_begin(amkd_index *index, const amkd_header *header)
{
    const amkd_field *pixels = amkd_header_field(header, "pixels");
    *index = (amkd_index){.header = header};
    return amkd_digest_new(&index->digesting, pixels->shape[0], pixels->shape[1],
                           pixels->shape[2]);
}

void amkd_index_clear(amkd_index *index)
{
    free(index->at);
    free(index->checks);
    free(index->labels);
    free(index->sources);
    amkd_digest_free(index->digesting);
    *index = (amkd_index){0};
}

/* Makes one of the columns [room]. */
static int resize(void *column, size_t room, size_t nbytes)
{
    void *old, *grown;
    memcpy(&old, column, sizeof old);
    grown = amkd_realloc(old, room, nbytes);
    if (!grown)
        return -1;
    memcpy(column, &grown, sizeof grown);
    return 0;
}

/* Room for n rows in all. */
static int reserve(amkd_index *index, size_t n)
{
    if (n <= index->room)
        return 0;
    const size_t room = n > 2 * index->room ? n : 2 * index->room;
    if (resize(&index->at, room, sizeof *index->at) ||
        resize(&index->checks, room, sizeof *index->checks) ||
        (amkd_header_field(index->header, "label") &&
         resize(&index->labels, room, sizeof *index->labels)) ||
        (amkd_header_field(index->header, "source") &&
         resize(&index->sources, room, sizeof *index->sources)))
        return -1;
    index->room = room;
    return 0;
}

int amkd_index_add(amkd_index *index, const uint8_t *rows, size_t n)
{
    const amkd_header *header = index->header;
    const amkd_field *pixels = amkd_header_field(header, "pixels"),
                     *label = amkd_header_field(header, "label"),
                     *source = amkd_header_field(header, "source");
    if (reserve(index, index->n + n))
        return -1;
    for (size_t r = 0; r < n; r++) {
        const uint8_t *row = rows + r * header->row_nbytes;
        const size_t at = index->n++;
        index->at[at] = 0;
        index->checks[at] = amkd_index_check(row, header->row_nbytes);
        amkd_digest_add(index->digesting, row + pixels->offset, pixels->nitems);
        if (label)
            memcpy(&index->labels[at], row + label->offset, sizeof *index->labels);
        if (source)
            memcpy(&index->sources[at], row + source->offset, sizeof *index->sources);
    }
    return 0;
}

void amkd_index_end(amkd_index *index)
{
    amkd_digest_print(index->digest, index->digesting);
}

/* ------------------------------------------------------------------ as a stream -- */

/* Of the images' header: another file of the same size is told by it. */
static int hash_header(char hash[HASH_SIZE], const amkd_header *header)
{
    char *text = amkd_header_print(header);
    if (!text)
        return -1;
    snprintf(hash, HASH_SIZE, "xxh3-64:%016" PRIx64,
             (uint64_t)XXH3_64bits(text, strlen(text)));
    free(text);
    return 0;
}

static char *path_of(const char *path)
{
    return amkd_format("%s.index", path);
}

/* The header of an index; it has the columns that the images have. */
static int make_header(amkd_header *header, const amkd_index *index)
{
    char hash[HASH_SIZE];
    if (hash_header(hash, index->header) || amkd_header_init(header, "index"))
        return -1;
    if (amkd_header_add(header, "at", "<u8", NULL, 0) ||
        amkd_header_add(header, "check", "<u8", NULL, 0) ||
        (index->labels && amkd_header_add(header, "label", "<i4", NULL, 0)) ||
        (index->sources && amkd_header_add(header, "source", "<u4", NULL, 0)) ||
        amkd_header_put_rows(header, index->n) ||
        amkd_header_put(header, "of",
                        json_pack("{s:s, s:I, s:I, s:s}", "digest", index->digest,
                                  "nbytes", (json_int_t)index->nbytes, "row_nbytes",
                                  (json_int_t)index->header->row_nbytes, "header",
                                  hash))) {
        amkd_header_clear(header);
        return -1;
    }
    return 0;
}

/* Whether the fields are those of make_header, in their places. */
static int has_columns(const amkd_header *header)
{
    static const struct {
        const char *name, *dtype;
    } columns[] = {{"at", "<u8"}, {"check", "<u8"}, {"label", "<i4"}, {"source", "<u4"}};
    size_t f = 0;
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        const amkd_field *field = &header->fields[f];
        if (f < header->nfields && !strcmp(field->name, columns[c].name) &&
            !strcmp(field->dtype, columns[c].dtype) && !field->ndim)
            f++;
        else if (c < 2)
            return 0;
    }
    return f == header->nfields;
}

int amkd_index_expect(const amkd_header *header)
{
    const json_t *of = json_object_get(header->more, "of");
    if (!has_columns(header))
        return amkd_fail("the fields of an index are \"at\" and \"check\", <u8, and "
                         "\"label\", <i4, and \"source\", <u4, as its images have them");
    if (!json_is_string(json_object_get(of, "digest")) ||
        !json_is_string(json_object_get(of, "header")) ||
        !json_is_integer(json_object_get(of, "nbytes")) ||
        !json_is_integer(json_object_get(of, "row_nbytes")))
        return amkd_fail("an index needs \"of\" in the header: {\"digest\", \"header\", "
                         "\"nbytes\", \"row_nbytes\"}");
    return 0;
}

uint64_t amkd_index_nbytes(const amkd_header *header)
{
    const json_t *of = json_object_get(header->more, "of");
    return (uint64_t)json_integer_value(json_object_get(of, "nbytes"));
}

/* Whether a file of this name may be taken for an older index: it begins as one does, and
 * is of no other kind as far as one can see. */
static int may_replace(const char *path)
{
    enum { KNOWN = AMKD_BGZF_HEADER_NBYTES - 2 };
    uint8_t bytes[KNOWN];
    amkd_reader *reader;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return access(path, F_OK) != 0;
    const ssize_t n = read(fd, bytes, sizeof bytes);
    close(fd);
    if (n < 0 || memcmp(bytes, amkd_bgzf_eof, (size_t)n) != 0)
        return 0;
    if (amkd_reader_open(&reader, path, NULL, 0))
        return 1;
    const int is_index = !strcmp(amkd_reader_header(reader)->kind, "index");
    amkd_reader_close(reader);
    return is_index;
}

static int write_rows(amkd_writer *writer, const amkd_index *index, size_t row_nbytes)
{
    enum { CHUNK = 4096 };
    uint8_t *rows = amkd_alloc(CHUNK, row_nbytes);
    int rc = rows ? 0 : -1;
    for (size_t done = 0; !rc && done < index->n; done += CHUNK) {
        const size_t n = index->n - done < CHUNK ? index->n - done : CHUNK;
        for (size_t r = 0; r < n; r++) {
            uint8_t *to = rows + r * row_nbytes;
            memcpy(to, &index->at[done + r], 8);
            memcpy(to + 8, &index->checks[done + r], 8);
            if (index->labels)
                memcpy(to + 16, &index->labels[done + r], 4);
            if (index->sources)
                memcpy(to + row_nbytes - 4, &index->sources[done + r], 4);
        }
        rc = amkd_writer_write(writer, rows, n);
    }
    free(rows);
    return rc;
}

int amkd_index_write(const amkd_index *index, const char *path)
{
    amkd_header header;
    amkd_writer *writer;
    char *beside = path_of(path);
    if (!beside)
        return -1;
    int rc = may_replace(beside) ? make_header(&header, index)
                                 : amkd_fail("'%s': is there and no index", beside);
    if (!rc) {
        rc = amkd_writer_open(&writer, beside, &header, 0);
        if (!rc && write_rows(writer, index, header.row_nbytes)) {
            amkd_writer_discard(writer);
            rc = -1;
        } else if (!rc) {
            rc = amkd_writer_close(writer);
        }
        amkd_header_clear(&header);
    }
    free(beside);
    return rc;
}

/* Whether what an index's header says is true of the images. */
static int is_of(const amkd_header *header, const amkd_header *images, uint64_t nbytes)
{
    char hash[HASH_SIZE];
    const json_t *of = json_object_get(header->more, "of");
    const json_t *digest = json_object_get(of, "digest");
    return !amkd_index_expect(header) && !hash_header(hash, images) &&
           !strcmp(json_string_value(json_object_get(of, "header")), hash) &&
           amkd_index_nbytes(header) == nbytes &&
           (uint64_t)json_integer_value(json_object_get(of, "row_nbytes")) ==
               images->row_nbytes &&
           json_string_length(digest) == 41 &&
           !amkd_header_field(header, "label") == !amkd_header_field(images, "label") &&
           !amkd_header_field(header, "source") == !amkd_header_field(images, "source");
}

/* Takes the columns apart. Fails on places that do not go forward within the file. */
static int take_rows(amkd_index *index, const uint8_t *rows, size_t n,
                     const amkd_header *header)
{
    if (!n || reserve(index, n))
        return -1;
    for (size_t r = 0; r < n; r++) {
        const uint8_t *row = rows + r * header->row_nbytes;
        memcpy(&index->at[r], row, 8);
        memcpy(&index->checks[r], row + 8, 8);
        if (index->labels)
            memcpy(&index->labels[r], row + 16, 4);
        if (index->sources)
            memcpy(&index->sources[r], row + header->row_nbytes - 4, 4);
        if (index->at[r] >> 16 >= index->nbytes ||
            (r && index->at[r] <= index->at[r - 1]))
            return -1;
    }
    index->n = n;
    return 0;
}

static int read_stream(amkd_index *index, amkd_reader *reader, uint64_t nbytes)
{
    const amkd_header *header = amkd_reader_header(reader);
    const json_t *of = json_object_get(header->more, "of");
    void *rows = NULL;
    size_t n;
    if (!is_of(header, index->header, nbytes))
        return -1;
    strcpy(index->digest, json_string_value(json_object_get(of, "digest")));
    index->nbytes = nbytes;
    int rc = amkd_reader_read_all(reader, &rows, &n);
    if (!rc)
        rc = take_rows(index, rows, n, header);
    free(rows);
    return rc;
}

int amkd_index_read(amkd_index *index, const char *path, const amkd_header *header,
                    uint64_t nbytes)
{
    amkd_reader *reader;
    char *beside = path_of(path);
    *index = (amkd_index){.header = header};
    int rc =
        beside && !access(beside, F_OK) && !amkd_reader_open(&reader, beside, "index", 0)
            ? 0
            : 1;
    free(beside);
    if (rc)
        return 1;
    rc = read_stream(index, reader, nbytes);
    amkd_reader_close(reader);
    if (!rc)
        return 0;
    amkd_index_clear(index);
    return 1;
}
