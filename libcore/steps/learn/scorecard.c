/* A student's figures as a table for people, and as JSON and TSV for programs. */
#include "steps/learn/scorecard.h"
#include "base/error.h"
#include "base/memory.h"
#include "steps/learn/evaluate.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct scorecard {
    const amkd_images *images;
    amkd_evaluation student, teacher; /* teacher.n = 0: none */
    size_t
        *answers; /* [nclasses][nclasses]: the teacher's class, the student's; or NULL */
    size_t nagreed;   /* images on which both say the same */
    size_t nboth;     /* on which both are right */
    double success;   /* 0 where the teacher is never right */
    int has_interval; /* whether there is one of the success */
    amkd_interval success_interval;
} scorecard;

static double agreement(const scorecard *card)
{
    return (double)card->nagreed / (double)card->images->n;
}

static amkd_interval agreement_interval(const scorecard *card)
{
    return amkd_interval_share(card->nagreed, card->images->n);
}

static int fill(scorecard *card, const float *student, const float *teacher,
                const amkd_images *images)
{
    const size_t n = images->n, nclasses = images->nclasses;
    *card = (scorecard){.images = images};
    if (amkd_evaluation_new(&card->student, student, images->labels, n, nclasses) ||
        (teacher &&
         amkd_evaluation_new(&card->teacher, teacher, images->labels, n, nclasses)))
        return -1;
    if (teacher) {
        card->answers = amkd_alloc(nclasses * nclasses, sizeof *card->answers);
        if (!card->answers)
            return -1;
    }
    for (size_t r = 0; teacher && r < n; r++) {
        const size_t is = amkd_top_class(teacher + r * nclasses, nclasses);
        const size_t said = amkd_top_class(student + r * nclasses, nclasses);
        card->answers[is * nclasses + said]++;
        card->nagreed += is == said;
        card->nboth += is == said && is == (size_t)images->labels[r];
    }
    if (card->teacher.ncorrect)
        card->success = (double)card->student.ncorrect / (double)card->teacher.ncorrect;
    card->has_interval = amkd_interval_ratio(&card->success_interval, card->nboth,
                                             card->student.ncorrect - card->nboth,
                                             card->teacher.ncorrect - card->nboth);
    return 0;
}

static void clear(scorecard *card)
{
    amkd_evaluation_clear(&card->student);
    amkd_evaluation_clear(&card->teacher);
    free(card->answers);
}

int amkd_scorecard_json(char **text, const float *student, const float *teacher,
                        const amkd_images *images)
{
    scorecard card;
    int rc = fill(&card, student, teacher, images);
    if (!rc) {
        json_t *all = json_pack("{s:o}", "student",
                                amkd_evaluation_json(&card.student, images->class_names));
        if (teacher) {
            json_object_set_new(all, "teacher",
                                amkd_evaluation_json(&card.teacher, images->class_names));
            json_object_set_new(
                all, "teacher_student",
                amkd_counts_json(card.answers, images->nclasses, images->nclasses));
            json_object_set_new(all, "agreement", json_real(agreement(&card)));
            json_object_set_new(all, "agreement_interval",
                                amkd_interval_json(agreement_interval(&card)));
            json_object_set_new(all, "success_rate", json_real(card.success));
            json_object_set_new(all, "success_rate_interval",
                                card.has_interval
                                    ? amkd_interval_json(card.success_interval)
                                    : json_null());
        }
        char *line = json_dumps(all, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        json_decref(all);
        *text = line ? amkd_format("%s\n", line) : NULL;
        rc = *text ? 0 : amkd_fail("out of memory");
        free(line);
    }
    clear(&card);
    return rc;
}

static const char *class_name(const json_t *names, size_t c, char buffer[24])
{
    const char *name = json_string_value(json_array_get(names, c));
    if (name)
        return name;
    snprintf(buffer, 24, "%zu", c);
    return buffer;
}

/* A figure and its interval, NULL for none. */
static void print_figure(FILE *out, const char *name, double figure,
                         const amkd_interval *interval)
{
    char text[32] = "-";
    if (interval)
        snprintf(text, sizeof text, "%.4f-%.4f", interval->low, interval->high);
    fprintf(out, "%-10s %9.4f %15s", name, figure, text);
}

static void print_summary(FILE *out, const scorecard *card)
{
    const amkd_evaluation *rows[] = {&card->student, &card->teacher};
    fprintf(out, "%-10s %9s %15s %9s %10s\n", "", "accuracy", "95 % interval", "mean top",
            "top = 1");
    for (size_t r = 0; r < 2; r++) {
        if (!rows[r]->n)
            continue;
        const amkd_interval interval = amkd_interval_share(rows[r]->ncorrect, rows[r]->n);
        print_figure(out, r ? "teacher" : "student", amkd_evaluation_accuracy(rows[r]),
                     &interval);
        fprintf(out, " %9.4f %9.2f%%\n", rows[r]->mean_top,
                100.0 * (double)rows[r]->ncertain / (double)rows[r]->n);
    }
    if (!card->teacher.n)
        return;
    const amkd_interval agreed = agreement_interval(card);
    print_figure(out, "success", card->success,
                 card->has_interval ? &card->success_interval : NULL);
    fputc('\n', out);
    print_figure(out, "agreement", agreement(card), &agreed);
    fputc('\n', out);
}

/* How far the probabilities can be believed; the reliability is the student's. */
static void print_calibration(FILE *out, const scorecard *card)
{
    const amkd_evaluation *rows[] = {&card->student, &card->teacher};
    fprintf(out, "\n%-10s %9s %9s %18s\n", "", "log loss", "Brier", "calibration error");
    for (size_t r = 0; r < 2; r++) {
        const amkd_calibration *calibration = &rows[r]->calibration;
        if (rows[r]->n)
            fprintf(out, "%-10s %9.4f %9.4f %18.4f\n", r ? "teacher" : "student",
                    amkd_calibration_log_loss(calibration),
                    amkd_calibration_brier(calibration),
                    amkd_calibration_error(calibration));
    }
    fprintf(out, "\nreliability: the student's answers by their top probability\n");
    amkd_reliability_print(out, &card->student.calibration);
}

/* "0.9871", or "-" of no number. */
static const char *share_text(char text[24], double share)
{
    if (isnan(share))
        return "-";
    snprintf(text, 24, "%.4f", share);
    return text;
}

static void print_classes(FILE *out, const scorecard *card)
{
    fprintf(out, "\n%-14s %6s %8s %10s %8s\n", "class", "n", "recall", "precision", "F1");
    for (size_t c = 0; c < card->student.nclasses; c++) {
        const amkd_class_figures figures = amkd_evaluation_class(&card->student, c);
        char buffer[24], recall[24], precision[24], f1[24];
        fprintf(out, "%-14s %6zu %8s %10s %8s\n",
                class_name(card->images->class_names, c, buffer), figures.n,
                share_text(recall, figures.recall),
                share_text(precision, figures.precision), share_text(f1, figures.f1));
    }
}

static void print_confusion(FILE *out, const scorecard *card)
{
    const amkd_evaluation *student = &card->student;
    const size_t nclasses = student->nclasses;
    fprintf(out, "\nconfusion: a row is the true class, a column the student's\n%14s",
            "");
    for (size_t c = 0; c < nclasses; c++)
        fprintf(out, " %5zu", c);
    fputc('\n', out);
    for (size_t c = 0; c < nclasses; c++) {
        char buffer[24];
        fprintf(out, "%-11.11s %2zu", class_name(card->images->class_names, c, buffer),
                c);
        for (size_t o = 0; o < nclasses; o++)
            fprintf(out, " %5zu", student->confusion[c * nclasses + o]);
        fputc('\n', out);
    }
}

/* A name may hold what would end a field or a line. */
static void print_name(FILE *out, const char *name)
{
    for (; *name; name++)
        fputc(iscntrl((unsigned char)*name) ? ' ' : *name, out);
}

/* A tab, and the figure if it is one. */
static void print_share(FILE *out, double share)
{
    fputc('\t', out);
    if (!isnan(share))
        fprintf(out, "%.6f", share);
}

static void print_tsv_head(FILE *out)
{
    fprintf(out, "model\tclass\tname\tn\tpredicted\tcorrect\tprecision\trecall\tf1\n");
}

static void print_tsv_rows(FILE *out, const char *model,
                           const amkd_evaluation *evaluation, const json_t *class_names)
{
    for (size_t c = 0; c < evaluation->nclasses; c++) {
        const amkd_class_figures figures = amkd_evaluation_class(evaluation, c);
        char buffer[24];
        fprintf(out, "%s\t%zu\t", model, c);
        print_name(out, class_name(class_names, c, buffer));
        fprintf(out, "\t%zu\t%zu\t%zu", figures.n, figures.npredicted, figures.ncorrect);
        print_share(out, figures.precision);
        print_share(out, figures.recall);
        print_share(out, figures.f1);
        fputc('\n', out);
    }
}

static void print_tsv(FILE *out, const scorecard *card)
{
    const json_t *names = card->images->class_names;
    print_tsv_head(out);
    print_tsv_rows(out, "student", &card->student, names);
    if (card->teacher.n)
        print_tsv_rows(out, "teacher", &card->teacher, names);
}

static void print_text(FILE *out, const scorecard *card)
{
    print_summary(out, card);
    print_calibration(out, card);
    print_classes(out, card);
    print_confusion(out, card);
}

static int print(char **text, void (*print_card)(FILE *out, const scorecard *card),
                 const float *student, const float *teacher, const amkd_images *images)
{
    scorecard card;
    size_t nbytes;
    int rc = fill(&card, student, teacher, images);
    FILE *out = rc ? NULL : open_memstream(text, &nbytes);
    if (out) {
        print_card(out, &card);
        const int failed = ferror(out);
        rc = fclose(out) || failed ? amkd_fail("out of memory") : 0;
    } else if (!rc) {
        rc = amkd_fail_errno("memory for a scorecard");
    }
    clear(&card);
    return rc;
}

int amkd_scorecard_text(char **text, const float *student, const float *teacher,
                        const amkd_images *images)
{
    return print(text, print_text, student, teacher, images);
}

int amkd_scorecard_tsv(char **text, const float *student, const float *teacher,
                       const amkd_images *images)
{
    return print(text, print_tsv, student, teacher, images);
}

int amkd_classes_tsv(char **text, const amkd_evaluation *student,
                     const json_t *class_names)
{
    size_t nbytes;
    FILE *out = open_memstream(text, &nbytes);
    if (!out)
        return amkd_fail_errno("memory for the figures");
    print_tsv_head(out);
    print_tsv_rows(out, "student", student, class_names);
    const int failed = ferror(out);
    return fclose(out) || failed ? amkd_fail("out of memory") : 0;
}
