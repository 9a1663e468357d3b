/* Progress on stderr: a line redrawn in place with rate and time left on a terminal, a
 * plain line every ten seconds when it is not one, nothing with -q. */
#ifndef AMKD_BASE_PROGRESS_H
#define AMKD_BASE_PROGRESS_H

#include <stdint.h>

typedef struct amkd_progress amkd_progress;

/* Starts the display of a task of total units (0: unknown). unit is a plural noun,
 * "pairs". Returns NULL, which every call below takes, when quiet is set or memory is
 * short: progress is never an error. tool stands before each line. */
amkd_progress *amkd_progress_new(const char *tool, const char *unit, uint64_t total,
                                 int quiet);

/* n more units are done. Cheap; safe from several threads. */
void amkd_progress_add(amkd_progress *progress, uint64_t n);

/* Text shown behind the figures, "loss 0.412"; copied. */
void amkd_progress_note(amkd_progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Wipes the line of a terminal; prints the closing line "amkd-score: 1999000 pairs in
 * 18.2 s, 109835 pairs/s" when it lasted a second or more. Frees progress. */
void amkd_progress_free(amkd_progress *progress);

#endif
