/* A closer look at one run: its images, what it picked, and what teacher and student said
 * of some of that. What cannot be had is noted in the run and left out. */
#ifndef AMKD_REPORT_DETAIL_H
#define AMKD_REPORT_DETAIL_H

#include "data/images_refs.h"
#include "report/run.h"
#include "stream/rows.h"

/* In place of a class, of an image that nobody was asked about. */
#define AMKD_NOT_ASKED UINT32_MAX

/* An image that is shown with what was said of it. */
typedef struct amkd_shown {
    size_t rank; /* from 0, the lowest score first; of test images the row */
    amkd_pick pick;
    float *teacher, *network; /* [nclasses]; network NULL: not known */
} amkd_shown;

/* What a round asked about: picks, or in round 0 all of the real images. */
typedef struct amkd_picked {
    amkd_images *images; /* that the picks number */
    int owned;           /* images are this round's own, no earlier one's */
    char by[16];         /* "c2"; "" for all real images, and when the picks are lost */
    size_t pool;         /* pairs or images that were scored, 0: not known */
    const char *asked;   /* "image", "view", "mix": what each pick is; or "question" */
    const char *network; /* whose answers are shown: "student" or "assistant" */
    size_t n;
    amkd_pick *picks; /* [n], the lowest score first; a score is NAN when not known */
    size_t nshown,
        nlowest;       /* shown in all; nlowest with the lowest scores, then others */
    amkd_shown *shown; /* spread evenly */
} amkd_picked;

typedef struct amkd_detail {
    amkd_run *run;       /* borrowed */
    amkd_images *images; /* NULL: they cannot be had */
    size_t nrounds;
    amkd_picked *rounds;
    size_t *uses;      /* [images->nsources, or n]: picks that each real image is part of,
                          itself or a view of it; those of other sets do not count */
    uint32_t *said;    /* [images->n]: the class that the teacher named for each, or
                          AMKD_NOT_ASKED */
    char device[256];  /* where the students were asked; "": nowhere */
    amkd_images *test; /* the test images shown below; NULL: none */
    size_t ndisputed;  /* test images on which the last student and the teacher differ */
    size_t nshown;     /* of these, those both were surest of: */
    amkd_shown *disputed; /* pick.i is the row; the surest first */
} amkd_detail;

typedef struct amkd_detail_options {
    size_t nshown;      /* images shown a round, 0: none */
    const char *device; /* as amkd_devices_open takes them */
    size_t nthreads;
} amkd_detail_options;

/* Fails only without memory. */
int amkd_detail_open(amkd_detail *detail, amkd_run *run,
                     const amkd_detail_options *options);
void amkd_detail_close(amkd_detail *detail); /* a zeroed detail is fine */

/* The real images that the rows of a set show: as many as it has rows, unless they are
 * views. */
size_t amkd_detail_nsources(const amkd_images *images);

/* The image that a pick stands for, as it was asked about: pixels[npixels]. */
int amkd_detail_pixels(uint8_t *pixels, const amkd_images *images, const amkd_pick *pick);

/* The parts of amkd_detail_open. Picks: all of a round, and what was answered about those
 * that are shown. */
int amkd_detail_read_picks(amkd_detail *detail, size_t round,
                           const amkd_detail_options *options);

/* The networks' answers about what is shown, and what the last student disputes. */
int amkd_detail_ask(amkd_detail *detail, const amkd_detail_options *options);

/* As amkd_images_load_refs, where the sets may also lie in the run or beside it; fails,
 * too, if they cannot be drawn. */
int amkd_detail_load_images(amkd_images **images, const amkd_run *run, const char *stream,
                            size_t nthreads);

/* Adds a shown image, its teacher's answer copied. */
int amkd_shown_add(amkd_shown **shown, size_t *n, size_t rank, const amkd_pick *pick,
                   const float *teacher, size_t nclasses);

#endif
