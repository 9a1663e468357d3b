/* A stream as a contact sheet: the images that its rows hold or speak of. */
#include "base/error.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/images_refs.h"
#include "data/images_rows.h"
#include "data/png.h"
#include "data/sheet.h"
#include "steps/show/cat.h"
#include "stream/rows.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <string.h>

/* Reads up to max_rows rows, fewer at the end; memory grows with what arrives. */
static int read_rows(char **rows, size_t *n, amkd_reader *reader, uint64_t max_rows)
{
    size_t row_nbytes = amkd_reader_header(reader)->row_nbytes, room = 0;
    *rows = NULL;
    *n = 0;
    while (*n < max_rows) {
        if (*n == room) {
            room = room ? 2 * room : 64;
            char *grown = amkd_realloc(*rows, room, row_nbytes);
            if (!grown)
                return -1;
            *rows = grown;
        }
        size_t wanted = room < max_rows ? room : (size_t)max_rows;
        ssize_t got = amkd_reader_read(reader, *rows + *n * row_nbytes, wanted - *n);
        if (got <= 0)
            return got < 0 ? -1 : 0;
        *n += (size_t)got;
    }
    return 0;
}

/* pixels[n][npixels] = the mixes that checked rows of pairs, picks or labels ask for. */
static int mix_rows(uint8_t *pixels, const amkd_images *set, const char *rows, size_t n,
                    const amkd_header *header)
{
    int has_lambda = strcmp(header->kind, "pairs") != 0;
    amkd_label_key *keys = amkd_alloc(n, sizeof *keys);
    if (!keys)
        return -1;
    for (size_t r = 0; r < n; r++) {
        /* Picks and labels begin with the same three fields, pairs with two of them. */
        keys[r].lambda = 0.5f;
        memcpy(&keys[r], rows + r * header->row_nbytes,
               has_lambda ? sizeof *keys : sizeof(amkd_pair));
    }
    const int rc = amkd_images_mix(pixels, set, keys, n);
    free(keys);
    return rc;
}

static int draw_mixes(amkd_picture *sheet, const char *rows, size_t n,
                      const amkd_header *header, const amkd_cat_options *options)
{
    amkd_images *set;
    if (amkd_images_load_refs(&set, header, options->path, options->images,
                              options->nimages, options->nthreads))
        return -1;
    uint8_t *pixels = amkd_alloc(n, amkd_images_npixels(set));
    int failed = !pixels;
    if (!failed)
        failed = mix_rows(pixels, set, rows, n, header);
    if (!failed)
        failed = amkd_sheet_new(sheet, pixels, n, set->height, set->width, set->channels,
                                options->columns, options->scale);
    free(pixels);
    amkd_images_free(set);
    return failed ? -1 : 0;
}

static int draw_images(amkd_picture *sheet, char *rows, size_t n,
                       const amkd_header *header, const amkd_cat_options *options)
{
    const amkd_field *field = amkd_header_field(header, "pixels");
    for (size_t r = 0; r < n; r++)
        memmove(rows + r * field->nitems, rows + r * header->row_nbytes + field->offset,
                field->nitems);
    return amkd_sheet_new(sheet, (const uint8_t *)rows, n, field->shape[0],
                          field->shape[1], field->shape[2], options->columns,
                          options->scale);
}

static int draw(amkd_picture *sheet, amkd_reader *reader, const amkd_cat_options *options)
{
    const amkd_header *header = amkd_reader_header(reader);
    int is_images = !strcmp(header->kind, "images");
    amkd_check check;
    char *rows = NULL;
    size_t n;
    if (is_images && options->nimages)
        return amkd_fail("--images is for streams that speak of images, this one holds "
                         "them");
    if (amkd_check_init(&check, header))
        return amkd_fail_in("'%s'", amkd_reader_name(reader));
    int failed = read_rows(&rows, &n, reader, options->head);
    if (!failed && amkd_check_rows(&check, rows, n, 0))
        failed = amkd_fail_in("'%s'", amkd_reader_name(reader));
    if (!failed)
        failed = is_images ? draw_images(sheet, rows, n, header, options)
                           : draw_mixes(sheet, rows, n, header, options);
    free(rows);
    return failed ? -1 : 0;
}

int amkd_cat_sheet(const amkd_cat_options *options)
{
    amkd_reader *reader;
    amkd_picture sheet = {0};
    if (amkd_reader_open(&reader, options->path, NULL, options->nthreads))
        return -1;
    int failed = draw(&sheet, reader, options);
    amkd_reader_close(reader);
    if (!failed)
        failed = amkd_png_write(options->output, &sheet);
    amkd_picture_clear(&sheet);
    return failed ? -1 : 0;
}
