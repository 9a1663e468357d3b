/* Reasons are few, so they are looked up one by one. */
#include "base/reasons.h"
#include "base/memory.h"
#include "base/printable.h"
#include <stdlib.h>
#include <string.h>

void amkd_reasons_init(amkd_reasons *reasons)
{
    *reasons = (amkd_reasons){0};
    pthread_mutex_init(&reasons->lock, NULL);
}

static char *printable(const char *text)
{
    char *copy = amkd_strdup(text);
    if (copy)
        amkd_make_printable(copy, "");
    return copy;
}

/* The reason of this text, a new one where there is none; NULL without room. */
static amkd_reason *find(amkd_reasons *reasons, const char *text)
{
    for (size_t r = 0; r < reasons->nreasons; r++)
        if (!strcmp(reasons->reasons[r].text, text))
            return &reasons->reasons[r];
    if (reasons->nreasons == AMKD_MAX_REASONS)
        return NULL;
    amkd_reason *added = &reasons->reasons[reasons->nreasons];
    *added = (amkd_reason){.text = amkd_strdup(text)};
    if (!added->text)
        return NULL;
    reasons->nreasons++;
    return added;
}

/* Counts it; the example is taken. */
static void count(amkd_reason *reason, uint64_t order, char *example)
{
    const int better = !reason->example || order < reason->order ||
                       (order == reason->order && strcmp(example, reason->example) < 0);
    reason->n++;
    if (better) {
        reason->order = order;
        free(reason->example);
        reason->example = example;
    } else {
        free(example);
    }
}

void amkd_reasons_add(amkd_reasons *reasons, uint64_t order, const char *text,
                      const char *example)
{
    char *reason = printable(text), *shown = printable(example);
    pthread_mutex_lock(&reasons->lock);
    reasons->n++;
    amkd_reason *found = reason && shown ? find(reasons, reason) : NULL;
    if (found)
        count(found, order, shown);
    else
        free(shown);
    pthread_mutex_unlock(&reasons->lock);
    free(reason);
}

static int compare_reasons(const void *a, const void *b)
{
    const amkd_reason *x = a, *y = b;
    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return strcmp(x->text, y->text);
}

void amkd_reasons_sort(amkd_reasons *reasons)
{
    qsort(reasons->reasons, reasons->nreasons, sizeof *reasons->reasons, compare_reasons);
}

void amkd_reasons_clear(amkd_reasons *reasons)
{
    for (size_t r = 0; r < reasons->nreasons; r++) {
        free(reasons->reasons[r].text);
        free(reasons->reasons[r].example);
    }
    pthread_mutex_destroy(&reasons->lock);
    reasons->nreasons = 0;
}
