/* Texts of one subject that a step gathers for its user: files that were passed over, and
 * why. All are counted, the first are kept, so that the memory they take has a bound. */
#ifndef AMKD_BASE_NOTES_H
#define AMKD_BASE_NOTES_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_note {
    uint64_t order;
    char *text; /* control characters, as file names may have them, are '?' */
} amkd_note;

typedef struct amkd_notes {
    pthread_mutex_t lock;
    uint64_t n;  /* added */
    size_t most; /* as many are kept: those of the lowest order, then by text */
    size_t nkept, room;
    amkd_note *kept;
} amkd_notes;

void amkd_notes_init(amkd_notes *notes, size_t most);

/* Adds a text; safe from several threads, which may come in any order. Without memory it
 * is counted only: notes are never an error. */
void amkd_notes_add(amkd_notes *notes, uint64_t order, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Brings kept[nkept] in order, nkept being most at the most. To be called when no thread
 * adds any more. */
void amkd_notes_sort(amkd_notes *notes);

void amkd_notes_clear(amkd_notes *notes);

#endif
