/* What headers tell of a scoring: whether pairs, student and labels go together, and
 * whether there are as many candidates as picks. */
#include "base/error.h"
#include "net/known.h"
#include "steps/select/score.h"
#include <inttypes.h>

static int join(amkd_known *known, const char *path, const char *kinds)
{
    amkd_known input;
    if (amkd_known_read(&input, path, kinds) || amkd_known_join(known, &input, path))
        return -1;
    known->nrows = input.nrows;
    return 0;
}

int amkd_score_check(const amkd_score_options *options)
{
    amkd_known known = {0};
    amkd_model *student = NULL;
    if (options->nbought == 0 && join(&known, options->pairs, "pairs"))
        return -1;
    const uint64_t neach = options->by == AMKD_BY_C1 ? options->nlambdas : 1;
    if (known.nrows && options->k > known.nrows * neach)
        return amkd_fail("cannot pick %" PRIu64 ": the pool has %" PRIu64 " candidates",
                         options->k, known.nrows * neach);
    for (size_t b = 0; b < options->nbought; b++)
        if (join(&known, options->bought[b], "labels"))
            return -1;
    for (size_t e = 0; e < options->nexclude; e++)
        if (join(&known, options->exclude[e], "labels"))
            return -1;
    if (options->student && amkd_known_load(&student, options->student, &known))
        return -1;
    amkd_model_free(student);
    return 0;
}
