/* Runs of amkd-distill as one page to look at: HTML with everything in it, and no script.
 */
#ifndef AMKD_REPORT_REPORT_H
#define AMKD_REPORT_REPORT_H

#include "report/detail.h"
#include "report/methods.h"
#include "report/run.h"

typedef struct amkd_report_options {
    const char *title; /* NULL: what was distilled */
    size_t ndetailed;  /* runs shown in detail, the first ones of so many methods */
    double price;      /* of an answer, 0: not known */
    amkd_detail_options detail;
} amkd_report_options;

typedef struct amkd_report {
    const amkd_report_options *options; /* borrowed */
    amkd_run *runs;
    size_t nruns;
    amkd_methods methods;
    amkd_detail *details;
    size_t ndetails;
} amkd_report;

/* Reads the runs. Fails when a directory is none of amkd-distill. */
int amkd_report_open(amkd_report *report, const char *const *dirs, size_t ndirs,
                     const amkd_report_options *options);
void amkd_report_close(amkd_report *report); /* a zeroed report is fine */

/* Looks closer at the runs that are shown in detail: needed before amkd_report_html. */
int amkd_report_look(amkd_report *report);

/* *text, freed with free(): the page. */
int amkd_report_html(char **text, const amkd_report *report);

/* *text, freed with free(): a line for each measured round of each run, with names first
 * and "-" where a figure is not known. */
int amkd_report_tsv(char **text, const amkd_report *report);

#endif
