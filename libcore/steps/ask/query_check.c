/* What can be known of a query before its first question. */
#include "base/error.h"
#include "net/known.h"
#include "steps/ask/query.h"
#include "teacher/check.h"

int amkd_query_needs_device(const amkd_query_options *options)
{
    return options->student || amkd_teacher_needs_device(options->teacher);
}

int amkd_query_check(size_t *nclasses, const amkd_query_options *options)
{
    amkd_known known;
    amkd_model *student = NULL;
    if (amkd_known_read(&known, options->input, "images picks"))
        return -1;
    const amkd_teacher_options teacher = {
        .shape = known.shape,
        .dtype = options->dtype,
        .kind = options->rule.kind,
        .timeout = options->timeout,
        .nworkers = options->nworkers,
        .http = options->http,
    };
    if (amkd_teacher_check(nclasses, options->teacher, &teacher))
        return -1;
    known.nclasses = *nclasses;
    if (options->student && amkd_known_load(&student, options->student, &known))
        return -1;
    amkd_model_free(student);
    return 0;
}
