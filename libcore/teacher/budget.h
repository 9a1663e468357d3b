/* A budget: how many images a teacher may be asked about, and how many it was. Who asks
 * takes from it, who reports reads it; nobody else counts. */
#ifndef AMKD_TEACHER_BUDGET_H
#define AMKD_TEACHER_BUDGET_H

#include "teacher/journal.h"

typedef struct amkd_budget {
    uint64_t limit;              /* images that may be spent in all; 0: any number */
    uint64_t before;             /* spent already without the journal knowing */
    const amkd_journal *journal; /* knows of all others; borrowed; NULL: there are none */
    uint64_t nleft;              /* images not asked about because it was spent */
} amkd_budget;

/* Images spent: bought, which is answered, or promised. */
uint64_t amkd_budget_spent(const amkd_budget *budget);

/* Images promised: sent, and neither answered nor returned. Once nothing is under way
 * these are doubtful. */
uint64_t amkd_budget_promised(const amkd_budget *budget);

/* Images that may still be spent; UINT64_MAX without a limit. */
uint64_t amkd_budget_room(const amkd_budget *budget);

/* How many of n images may be asked about now; the others count as left. */
size_t amkd_budget_fit(amkd_budget *budget, size_t n);

#endif
