/* Notes: kept unsorted up to twice the bound, then sorted and cut, so that adding one
 * costs little however many come. */
#include "base/notes.h"
#include "base/memory.h"
#include "base/printable.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_NBYTES = 1024, FIRST_ROOM = 64 };

void amkd_notes_init(amkd_notes *notes, size_t most)
{
    *notes = (amkd_notes){.most = most};
    pthread_mutex_init(&notes->lock, NULL);
}

static int compare_notes(const void *a, const void *b)
{
    const amkd_note *x = a, *y = b;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return strcmp(x->text, y->text);
}

void amkd_notes_sort(amkd_notes *notes)
{
    if (notes->nkept)
        qsort(notes->kept, notes->nkept, sizeof *notes->kept, compare_notes);
    while (notes->nkept > notes->most)
        free(notes->kept[--notes->nkept].text);
}

static int make_room(amkd_notes *notes)
{
    if (notes->nkept < notes->room)
        return 0;
    if (notes->nkept / 2 >= notes->most) {
        amkd_notes_sort(notes);
        return notes->most ? 0 : -1;
    }
    size_t room = notes->room ? 2 * notes->room : FIRST_ROOM;
    amkd_note *kept = amkd_realloc(notes->kept, room, sizeof *kept);
    if (!kept)
        return -1;
    notes->kept = kept;
    notes->room = room;
    return 0;
}

void amkd_notes_add(amkd_notes *notes, uint64_t order, const char *format, ...)
{
    char text[TEXT_NBYTES];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (n < 0)
        text[0] = 0;
    amkd_make_printable(text, "");
    char *copy = amkd_strdup(text);
    pthread_mutex_lock(&notes->lock);
    notes->n++;
    if (copy && !make_room(notes))
        notes->kept[notes->nkept++] = (amkd_note){order, copy};
    else
        free(copy);
    pthread_mutex_unlock(&notes->lock);
}

void amkd_notes_clear(amkd_notes *notes)
{
    for (size_t i = 0; i < notes->nkept; i++)
        free(notes->kept[i].text);
    free(notes->kept);
    notes->kept = NULL;
    notes->nkept = notes->room = 0;
    pthread_mutex_destroy(&notes->lock);
}
