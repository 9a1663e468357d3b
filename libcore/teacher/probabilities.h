/* How a teacher's answers become class probabilities. */
#ifndef AMKD_TEACHER_PROBABILITIES_H
#define AMKD_TEACHER_PROBABILITIES_H

#include <jansson.h>
#include <stddef.h>

typedef enum amkd_answer_kind {
    AMKD_PROBS,  /* probabilities already */
    AMKD_LOGITS, /* p = softmax(values / temperature) */
    AMKD_TOPK,   /* probabilities of the best classes, NaN for the others: see fill */
    AMKD_TOP1,   /* the greatest value, NaN where there is none, names the class: p = 1
                    there */
    AMKD_SCORES, /* numbers not below 0 of any sum, NaN for 0: p = value / sum; uniform
                    where all are 0 */
} amkd_answer_kind;

/* What the classes that a list of the best leaves out get. */
typedef enum amkd_fill {
    AMKD_FILL_ZERO,    /* nothing: the others are scaled up to sum to one */
    AMKD_FILL_UNIFORM, /* equal parts of what is missing to one */
    AMKD_FILL_STUDENT, /* parts of it as a student's probabilities are */
} amkd_fill;

typedef struct amkd_answer_rule {
    amkd_answer_kind kind;
    int percent;        /* of probs and topk: 100 stands for 1 */
    double temperature; /* of logits, above 0 */
    size_t keep_top;    /* but for top1: only so many of the best classes, of equals the
                           first, as if the answer named no others; 0: all */
    unsigned digits;    /* but for top1: rounded to so many decimals; 0: as they are */
    amkd_fill fill;     /* of topk and keep_top */
    double smooth;      /* at last p = (1 - smooth) p + smooth / nclasses */
} amkd_answer_rule;

/* Kind and fill by their names: "probs", "logits", "topk", "top1", "scores"; "zero",
 * "uniform", "student". */
int amkd_answer_rule_parse(amkd_answer_rule *rule, const char *kind, const char *fill);

/* The rule for a labels header, under "answers"; freed with json_decref. NULL with the
 * error set when memory is short. */
json_t *amkd_answer_rule_json(const amkd_answer_rule *rule);

/* Fails, naming what is wrong, when values[nclasses] are no answer of the kind: finite;
 * probabilities not negative and summing to one (at most to that for topk) within 1e-3,
 * or within what rounding explains: where all of them are written with d decimals, half
 * of the last decimal for each class, but never more than a half in all. */
int amkd_answer_check(const amkd_answer_rule *rule, const float *values, size_t nclasses);

/* Fails when values[nclasses] are no answer of any kind: infinite, or NaN. With lists NaN
 * is a class left out. */
int amkd_answer_check_numbers(const float *values, size_t nclasses, int lists);

/* After a failed check: adds to the message which options would read the values, as far
 * as their looks tell. Returns -1. */
int amkd_answer_fail_misread(const amkd_answer_rule *rule, const float *values,
                             size_t nclasses);

/* Whether rounding alone explains the sum of a checked answer: it is not one within 1e-3,
 * and is scaled to it. */
int amkd_answer_is_rounded(const amkd_answer_rule *rule, const float *values,
                           size_t nclasses);

/* p[nclasses] of a checked answer: read as its kind and scaled to one where it was
 * rounded, then less is made of it (keep_top, digits), what is missing filled in or, with
 * no fill, the rest scaled to sum to one, and smoothed. One in which nothing is left is
 * uniform. student: its probabilities for the same image, for AMKD_FILL_STUDENT. Of probs
 * p may be values itself. */
void amkd_answer_probabilities(float *p, const amkd_answer_rule *rule,
                               const float *values, const float *student,
                               size_t nclasses);

#endif
