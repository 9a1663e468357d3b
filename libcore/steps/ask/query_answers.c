/* A journal's answers on their way to the labels: checked, made probabilities of, written
 * in the order of the questions. */
#include "base/error.h"
#include "base/memory.h"
#include "steps/ask/query_internal.h"

int amkd_query_check_kept(query *q)
{
    const amkd_answer_rule *rule = &q->options->rule;
    const size_t nclasses = amkd_journal_nvalues(q->journal);
    for (size_t r = 0; r < q->questions.n; r++) {
        const float *values = amkd_journal_find(q->journal, q->asked[r]);
        if (!values || !amkd_answer_check(rule, values, nclasses))
            continue;
        if (q->options->ask_again) {
            amkd_journal_forget(q->journal, q->asked[r]);
            continue;
        }
        amkd_answer_fail_misread(rule, values, nclasses);
        return amkd_fail("question %zu: its answer, kept in '%s': %s, --ask-again buys "
                         "another",
                         r, q->options->journal, amkd_error());
    }
    return 0;
}

/* What a student says of the images of the next n answers. */
static int ask_student(query *q, size_t n, size_t nclasses)
{
    if (!q->student)
        return 0;
    if (!q->student_probs)
        q->student_probs = amkd_alloc(CHUNK, nclasses * sizeof *q->student_probs);
    const uint8_t *pixels = amkd_query_pixels(q, &q->again, q->nwritten, n);
    return !q->student_probs || !pixels
               ? -1
               : amkd_predictors_run(q->student, q->student_probs, pixels, n);
}

/* The answers to the next n questions, those without a good one passed over. */
static int write_chunk(query *q, size_t n)
{
    const amkd_label_key *keys = q->questions.keys + q->nwritten;
    const size_t nclasses = amkd_journal_nvalues(q->journal);
    if (!q->probs)
        q->probs = amkd_alloc(nclasses, sizeof *q->probs);
    if (!q->probs || ask_student(q, n, nclasses))
        return -1;
    for (size_t r = 0; r < n; r++) {
        const float *values = amkd_journal_find(q->journal, q->asked[q->nwritten + r]);
        if (!values)
            continue;
        const float *student = q->student_probs ? q->student_probs + r * nclasses : NULL;
        if (amkd_answer_check(&q->options->rule, values, nclasses))
            continue;
        q->counts->scaled += amkd_answer_is_rounded(&q->options->rule, values, nclasses);
        amkd_answer_probabilities(q->probs, &q->options->rule, values, student, nclasses);
        if (amkd_query_output_write(&q->output, q->teacher, &keys[r], q->probs, nclasses))
            return -1;
    }
    q->nwritten += n;
    return 0;
}

int amkd_query_write_answers(query *q, int at_end)
{
    while (q->nwritten < q->nasked) {
        const size_t waiting = q->nasked - q->nwritten;
        const size_t most = waiting < CHUNK ? waiting : CHUNK;
        size_t n = 0;
        while (n < most &&
               (at_end || amkd_journal_find(q->journal, q->asked[q->nwritten + n])))
            n++;
        if (!n)
            break;
        q->unwritable = write_chunk(q, n);
        if (q->unwritable)
            return -1;
    }
    q->unwritable = amkd_query_output_flush(&q->output);
    return q->unwritable;
}
