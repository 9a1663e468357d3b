/* Runs read and looked at. */
#include "report/report.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdlib.h>

int amkd_report_open(amkd_report *report, const char *const *dirs, size_t ndirs,
                     const amkd_report_options *options)
{
    *report = (amkd_report){.options = options};
    report->runs = amkd_alloc(ndirs, sizeof *report->runs);
    if (!report->runs)
        return -1;
    for (size_t d = 0; d < ndirs; d++) {
        report->nruns++;
        if (amkd_run_open(&report->runs[d], dirs[d], options->detail.nthreads))
            return -1;
    }
    return amkd_methods_find(&report->methods, report->runs, report->nruns);
}

int amkd_report_look(amkd_report *report)
{
    const size_t most = report->options->ndetailed;
    const size_t n = report->methods.n < most ? report->methods.n : most;
    report->details = amkd_alloc(n + 1, sizeof *report->details);
    if (!report->details)
        return -1;
    for (size_t m = 0; m < n; m++) {
        const size_t run = (size_t)(report->methods.methods[m].runs[0] - report->runs);
        report->ndetails++;
        if (amkd_detail_open(&report->details[m], &report->runs[run],
                             &report->options->detail))
            return -1;
    }
    return 0;
}

void amkd_report_close(amkd_report *report)
{
    for (size_t d = 0; d < report->ndetails; d++)
        amkd_detail_close(&report->details[d]);
    amkd_methods_clear(&report->methods);
    for (size_t r = 0; r < report->nruns; r++)
        amkd_run_close(&report->runs[r]);
    free(report->details);
    free(report->runs);
    *report = (amkd_report){0};
}

/* ------------------------------------------------------------------------- as text */

/* Tabs before n figures; "-" in place of those that are not known. */
static void put_figures(amkd_bytes *out, int known, const double *figures, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (known)
            amkd_bytes_format(out, "\t%.6g", figures[k]);
        else
            amkd_bytes_puts(out, "\t-");
}

static void put_round(amkd_bytes *out, const amkd_run *run, const char *method,
                      const amkd_round *round)
{
    const amkd_test_result *student = &round->student, *assistant = &round->assistant;
    const amkd_held_out *held_out = &round->held_out;
    const amkd_figures *teacher =
        student->known ? &student->teacher : &assistant->teacher;
    if (!student->known && !assistant->known && !held_out->n)
        return;
    amkd_bytes_format(out, "%s\t%s\t%s\t%zu\t%zu\t%zu", run->dir, method, run->seed,
                      run->nimages, round->number, round->total);
    put_figures(
        out, student->known,
        (double[]){student->success, student->agreement, student->network.accuracy}, 3);
    put_figures(out, student->known || assistant->known,
                (double[]){teacher->accuracy, teacher->mean_top}, 2);
    put_figures(out, assistant->known, &assistant->success, 1);
    put_figures(out, held_out->n > 0,
                (double[]){held_out->agreement, held_out->low, held_out->high}, 3);
    amkd_bytes_puts(out, "\n");
}

int amkd_report_tsv(char **text, const amkd_report *report)
{
    amkd_bytes out = {0};
    amkd_bytes_puts(&out,
                    "dir\tmethod\tseed\timages\tround\tanswers\tsuccess\tagreement\t"
                    "accuracy\tteacher_accuracy\tteacher_mean_top\tassistant_success\t"
                    "held_out\theld_out_low\theld_out_high\n");
    for (size_t n = 0; n < report->nruns; n++) {
        const amkd_run *run = &report->runs[n];
        const size_t method = amkd_methods_of(&report->methods, run);
        for (size_t r = 0; r < run->nrounds; r++)
            put_round(&out, run, report->methods.methods[method].name, &run->rounds[r]);
    }
    amkd_bytes_add(&out, "", 1);
    if (out.failed) {
        amkd_bytes_clear(&out);
        return amkd_fail("out of memory");
    }
    *text = out.data;
    return 0;
}
