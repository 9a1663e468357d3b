/* What becomes of a request by the reply to it: which answers are kept, what is tried
 * again, what ends the asking. */
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "teacher/asker_internal.h"
#include <math.h>
#include <stdio.h>

static const uint64_t jitter_stream = 0x72657472; /* "retr" */

/* Whether the answers have as many values as those before; if not, the reply becomes one
 * that cannot be read. */
static void check_length(const amkd_asker *asker, amkd_reply *reply)
{
    const size_t known = amkd_journal_nvalues(asker->journal);
    if (!known || reply->nvalues == known)
        return;
    snprintf(reply->message, sizeof reply->message,
             "answered with %zu classes, expected %zu", reply->nvalues, known);
    reply->outcome = AMKD_UNREADABLE;
}

static void try_again(amkd_asker *asker, request *q, const amkd_reply *reply)
{
    const double now = amkd_now();
    const double chance = amkd_random_uniform((uint64_t)(q - asker->requests),
                                              jitter_stream, asker->counts.retries);
    const int unreadable = reply->outcome == AMKD_UNREADABLE;
    const int paid = unreadable || reply->outcome == AMKD_DOUBTFUL;
    /* An answer that broke off is a connection that was lost. */
    const int status = reply->status < 400 && !unreadable ? 0 : reply->status;
    q->npaid += (uint64_t)paid;
    const amkd_attempts attempts = {.n = q->nattempts,
                                    .npaid = q->npaid,
                                    .paid = paid,
                                    .status = status,
                                    .elapsed = now - q->first,
                                    .retry_after = reply->retry_after};
    const int final = !status && (unreadable || reply->outcome == AMKD_REFUSED);
    double delay;
    amkd_fail("%s", reply->message);
    if (final || !amkd_retry_next(&delay, &asker->options.retry, &attempts, chance)) {
        if (!final)
            amkd_retry_fail(&asker->options.retry, &attempts);
        if (q->nattempts > 1)
            amkd_fail_in("attempt %llu", (unsigned long long)q->nattempts);
        amkd_teacher_fail_in(asker->teacher);
        amkd_asker_give_up(asker);
        q->state = FREE;
        return;
    }
    q->state = WAITING;
    q->due = now + delay;
    if (reply->retry_after >= 0)
        asker->paused = fmax(asker->paused, q->due);
}

/* The answers of a reply, each for itself: a bad one spoils none beside it. One of
 * another kind than the rule's is kept: it was bought all the same, and serves a run with
 * the right rule. One that is no numbers is of no kind: it is spent and not kept, so that
 * a further run asks again. After either nothing more is bought. NaN is a class left out,
 * but not by a program of no list. */
static int take_answers(amkd_asker *asker, request *q, const amkd_reply *reply)
{
    const amkd_answer_rule *rule = &asker->options.rule;
    const size_t nvalues = reply->nvalues;
    const int lists = reply->status || rule->kind == AMKD_TOPK || rule->kind == AMKD_TOP1;
    for (size_t s = 0; s < reply->n; s++) {
        const float *values = reply->values + s * nvalues;
        int bad = amkd_answer_check_numbers(values, nvalues, lists);
        if (!bad &&
            amkd_journal_answer(asker->journal, &q->questions[s], values, 1, nvalues))
            return -1;
        if (!bad && amkd_answer_check(rule, values, nvalues))
            bad = amkd_answer_fail_misread(rule, values, nvalues);
        asker->counts.answered += !bad;
        if (!bad || asker->failure)
            continue;
        amkd_fail_in("answer %zu of %zu", s, reply->n);
        amkd_teacher_fail_in(asker->teacher);
        amkd_asker_give_up(asker);
    }
    q->state = FREE;
    return 0;
}

int amkd_asker_take_reply(amkd_asker *asker, amkd_reply *reply)
{
    request *q = &asker->requests[reply->ticket];
    if (reply->outcome == AMKD_ANSWERED)
        check_length(asker, reply);
    if (reply->outcome == AMKD_ANSWERED)
        return take_answers(asker, q, reply);
    if ((reply->outcome == AMKD_UNSENT || reply->outcome == AMKD_REFUSED) &&
        amkd_journal_return(asker->journal, q->questions, q->n))
        return -1;
    try_again(asker, q, reply);
    return 0;
}
