/* The processes that MPI's launcher started do a piece of work of team_work.h, or fail as
 * they are told: team WORK [RANK ROUND]. What a member hears in the end it says on
 * stderr, "1 heard: message". */
#include "team/start.h"
#include "team_work.h"
#include <stdio.h>

static int disagree(void *context, amkd_team *team)
{
    const leaving *plan = context;
    const int failed = amkd_team_rank(team) >= plan->rank;
    if (failed)
        amkd_fail("no room on %zu", amkd_team_rank(team));
    return amkd_team_agree(team, failed);
}

/* A member that dies while the others wait for it. */
static int die(void *context, amkd_team *team)
{
    const leaving *plan = context;
    if (amkd_team_rank(team) == plan->rank)
        abort();
    return amkd_team_agree(team, 0);
}

static int do_all(void *context, amkd_team *team)
{
    static const char *const same[LARGEST] = {"7", "7", "7", "7", "7"};
    return sum_however_dealt(context, team) || sum_nothing(context, team) ||
           share_bytes(context, team) || collect_items(context, team) ||
           compare_texts((void *)same, team);
}

static int do_work(const char *name, leaving *plan, amkd_team *team)
{
    static const char *const others[LARGEST] = {"7", "75", "7", "7", "7"};
    static const uint32_t refused = 3600;
    const struct {
        const char *name;
        int (*work)(void *context, amkd_team *team);
        const void *context;
    } works[] = {{"all", do_all, NULL},
                 {"refuse", collect_items, &refused},
                 {"others", compare_texts, others},
                 {"soon", leave_too_soon, NULL},
                 {"disagree", disagree, plan},
                 {"leave", leave_early, plan},
                 {"die", die, plan}};
    for (size_t w = 0; w < sizeof works / sizeof *works; w++)
        if (strcmp(works[w].name, name) == 0)
            return works[w].work((void *)works[w].context, team);
    return amkd_fail("there is no work '%s'", name);
}

int main(int argc, char **argv)
{
    leaving plan = {argc > 2 ? (size_t)atoi(argv[2]) : 0,
                    argc > 3 ? (size_t)atoi(argv[3]) : 0};
    amkd_team *team;
    make_copies();
    int rc = amkd_team_start(&team);
    if (!rc && argc > 1 && strcmp(argv[1], "size") == 0)
        printf("%zu of %zu, place %zu\n", amkd_team_rank(team), amkd_team_size(team),
               amkd_team_place(team));
    else if (!rc)
        rc = do_work(argc > 1 ? argv[1] : "", &plan, team);
    if (!rc)
        rc = amkd_team_leave(team, 0);
    if (rc)
        fprintf(stderr, "%zu heard: %s\n", amkd_team_rank(team), amkd_error());
    return amkd_team_end(team, rc ? 1 : 0);
}
