/* Streams of labels written by other programs. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/check.h"
#include "data/images_load.h"
#include "data/images_refs.h"
#include "public/amkd.h"
#include "public/library_internal.h"
#include "stream/keys.h"
#include "stream/rows.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <string.h>

struct amkd_labels {
    char *name; /* for messages */
    amkd_writer *writer;
    amkd_header header;
    amkd_check check;
    uint64_t nwritten;
};

/* ------------------------------------------------------------------------- header -- */

static json_t *make_text(const char *what, const char *text)
{
    json_t *string = json_string(text);
    if (!text)
        amkd_fail("%s is NULL", what);
    else if (!string)
        amkd_fail("%s '%s' is no UTF-8", what, text);
    return string;
}

static int put_class_names(amkd_header *header, size_t nclasses, const char *const *names)
{
    json_t *array = json_array();
    int rc = array ? 0 : amkd_fail("out of memory");
    for (size_t c = 0; rc == 0 && c < nclasses; c++) {
        json_t *name = make_text("the class name", names[c]);
        if (!name)
            rc = -1;
        else if (json_array_append_new(array, name))
            rc = amkd_fail("out of memory");
    }
    if (rc == 0)
        rc = amkd_header_put_class_names(header, array);
    json_decref(array);
    return rc;
}

static int put_teacher(amkd_header *header, const char *teacher)
{
    json_t *text = make_text("the teacher", teacher);
    const int rc = text ? amkd_header_put_teacher(header, teacher) : -1;
    json_decref(text);
    return rc;
}

static int put_run(amkd_header *header)
{
    json_t *command = json_pack("[s]", "libamkd");
    const int rc = command ? amkd_header_add_provenance(header, "libamkd", command, NULL)
                           : amkd_fail("out of memory");
    json_decref(command);
    return rc;
}

static int put_images(amkd_header *header, const char *path)
{
    amkd_images *images;
    if (amkd_images_load(&images, path, 0))
        return -1;
    const int rc = amkd_images_put_refs(header, images);
    amkd_images_free(images);
    return rc;
}

/* ------------------------------------------------------------------------- stream -- */

static int open_labels(amkd_labels *l, const char *path)
{
    l->name = amkd_strdup(!path || !strcmp(path, "-") ? "stdout" : path);
    return !l->name || amkd_check_init(&l->check, &l->header) ||
                   amkd_writer_open(&l->writer, path, &l->header, 0)
               ? -1
               : 0;
}

static void free_labels(amkd_labels *l)
{
    amkd_header_clear(&l->header);
    free(l->name);
    free(l);
}

int amkd_labels_create(amkd_labels **out, const char *path, const char *images,
                       const char *teacher, size_t nclasses,
                       const char *const *class_names)
{
    *out = NULL;
    amkd_library_prepare();
    if (amkd_file_same(path, images))
        return amkd_fail("'%s': the labels would be written over their images", path);
    amkd_labels *l = amkd_alloc(1, sizeof *l);
    if (!l)
        return -1;
    if (amkd_labels_header(&l->header, nclasses) || put_images(&l->header, images) ||
        put_teacher(&l->header, teacher) ||
        (class_names && put_class_names(&l->header, nclasses, class_names)) ||
        put_run(&l->header) || open_labels(l, path)) {
        free_labels(l);
        return -1;
    }
    *out = l;
    return 0;
}

int amkd_labels_write(amkd_labels *l, const uint32_t *i, const uint32_t *j,
                      const float *lambda, const float *probs, size_t n)
{
    const size_t row_nbytes = l->header.row_nbytes;
    if (!n)
        return 0;
    if (!j != !lambda)
        return amkd_fail("'%s': j and lambda come together", l->name);
    uint8_t *rows = amkd_alloc(n, row_nbytes);
    if (!rows)
        return -1;
    for (size_t r = 0; r < n; r++) {
        const amkd_label_key key = {i[r], j ? j[r] : i[r], lambda ? lambda[r] : 1};
        memcpy(rows + r * row_nbytes, &key, sizeof key);
        memcpy(rows + r * row_nbytes + sizeof key, probs + r * l->check.nclasses,
               row_nbytes - sizeof key);
    }
    int rc = 0;
    if (amkd_check_rows(&l->check, rows, n, l->nwritten))
        rc = amkd_fail_in("'%s'", l->name);
    else
        rc = amkd_writer_write(l->writer, rows, n);
    if (rc == 0)
        l->nwritten += n;
    free(rows);
    return rc;
}

int amkd_labels_close(amkd_labels *l)
{
    if (!l)
        return 0;
    const int rc = amkd_writer_close(l->writer);
    free_labels(l);
    return rc;
}

void amkd_labels_discard(amkd_labels *l)
{
    if (!l)
        return;
    amkd_writer_discard(l->writer);
    free_labels(l);
}
