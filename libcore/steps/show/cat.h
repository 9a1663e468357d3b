/* Streams made to be looked at: as text, as NPY, checked, or as a picture. */
#ifndef AMKD_STEPS_SHOW_CAT_H
#define AMKD_STEPS_SHOW_CAT_H

#include <stddef.h>
#include <stdint.h>

typedef struct amkd_cat_options {
    const char *path;   /* the stream, "-" or NULL: stdin */
    const char *output; /* "-" or NULL: stdout */
    uint64_t head;      /* rows at most; UINT64_MAX: all, and the end is verified */
    size_t nthreads;

    /* of amkd_cat_rows */
    const char *format;        /* "tsv", "json" or "npy" */
    const char *const *fields; /* the fields shown */
    size_t nfields;            /* 0: all */
    int no_names;              /* TSV without the line of column names */

    /* of amkd_cat_sheet */
    const char *const *images; /* the image sets, instead of those the header names */
    size_t nimages;            /* 0: those the header names */
    size_t columns, scale;     /* as amkd_sheet_new */
} amkd_cat_options;

/* Writes the rows. NPY: an array of records by the fields' names, or a plain array
 * [rows][shape of the field] when one field is chosen. */
int amkd_cat_rows(const amkd_cat_options *options);

/* Writes the header as indented JSON. */
int amkd_cat_header(const amkd_cat_options *options);

typedef struct amkd_cat_found {
    char kind[16];
    uint64_t nrows, row_nbytes;
    int open;       /* of a journal's stream: it has no end, as while a run adds to it */
    uint64_t nlost; /* bytes at its end that a crash left and the next run cuts off */
} amkd_cat_found;

/* Reads all, verifying the container and every value. A journal's stream may be open. */
int amkd_cat_check(amkd_cat_found *found, const char *path, size_t nthreads);

/* The same, of the file of a journal's stream. */
int amkd_cat_check_part(amkd_cat_found *found, const char *path, const char *kind);

typedef struct amkd_cat_journal {
    char *sent_path, *answers_path, *teacher; /* owned */
    amkd_cat_found sent, answers;
    int has_answers; /* there is a file of them */
    uint64_t nasked; /* images sent, over all runs */
    uint64_t nspent; /* those of them that may have cost something */
} amkd_cat_journal;

/* Verifies a journal, which is a directory. */
int amkd_cat_check_journal(amkd_cat_journal *journal, const char *directory);

void amkd_cat_journal_clear(amkd_cat_journal *journal);

/* Writes a contact sheet as PNG: of the images, or of the mixed images that picks and
 * labels speak of (pairs at lambda 0.5). */
int amkd_cat_sheet(const amkd_cat_options *options);

#endif
