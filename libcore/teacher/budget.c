/* A budget over a journal. */
#include "teacher/budget.h"

uint64_t amkd_budget_spent(const amkd_budget *budget)
{
    return budget->before + (budget->journal ? amkd_journal_spent(budget->journal) : 0);
}

uint64_t amkd_budget_promised(const amkd_budget *budget)
{
    if (!budget->journal)
        return 0;
    const uint64_t sent = amkd_journal_spent(budget->journal),
                   answered = amkd_journal_nanswers(budget->journal);
    return sent > answered ? sent - answered : 0;
}

uint64_t amkd_budget_room(const amkd_budget *budget)
{
    const uint64_t spent = amkd_budget_spent(budget);
    return !budget->limit          ? UINT64_MAX
           : budget->limit > spent ? budget->limit - spent
                                   : 0;
}

size_t amkd_budget_fit(amkd_budget *budget, size_t n)
{
    const uint64_t room = amkd_budget_room(budget);
    if (n <= room)
        return n;
    budget->nleft += n - room;
    return (size_t)room;
}
