/* The page's sections, one file each, and what they are put together of. A section writes
 * nothing when there is nothing to show. Failures are remembered in page->failed. */
#ifndef AMKD_REPORT_SECTION_H
#define AMKD_REPORT_SECTION_H

#include "report/html.h"
#include "report/report.h"
#include "report/svg.h"

extern const char amkd_report_style[]; /* CSS */

/* All runs together. */
void amkd_section_summary(amkd_bytes *page, const amkd_report *report);
void amkd_section_notes(amkd_bytes *page, const amkd_report *report);
void amkd_section_leaks(amkd_bytes *page, const amkd_report *report);
void amkd_section_curve(amkd_bytes *page, const amkd_report *report);
void amkd_section_heat(amkd_bytes *page, const amkd_report *report);
void amkd_section_time(amkd_bytes *page, const amkd_report *report);
void amkd_section_origin(amkd_bytes *page, const amkd_report *report);

/* Within the summary. */
void amkd_section_differences(amkd_bytes *page, const amkd_report *report);

/* Within the section of the curve. */
void amkd_section_paired(amkd_bytes *page, const amkd_report *report);

/* The run of details[d]. */
void amkd_section_network(amkd_bytes *page, const amkd_report *report, size_t d);
void amkd_section_confusion(amkd_bytes *page, const amkd_report *report, size_t d);
void amkd_section_disputed(amkd_bytes *page, const amkd_report *report, size_t d);
void amkd_section_picks(amkd_bytes *page, const amkd_report *report, size_t d);
void amkd_section_histograms(amkd_bytes *page, const amkd_report *report, size_t d);
void amkd_section_uses(amkd_bytes *page, const amkd_report *report, size_t d);

/* A figure's numbers, folded up: a table with a caption and the names of its columns. */
void amkd_table_open(amkd_bytes *page, const char *id, const char *caption,
                     const char *const *columns, size_t ncolumns);
void amkd_table_close(amkd_bytes *page);

/* <td>92.65 %</td>, and how far around it when several were averaged. */
void amkd_table_percent(amkd_bytes *page, double share);
void amkd_table_mean(amkd_bytes *page, const amkd_mean *mean);

/* The teacher's accuracy and mean top probability, in two cells. */
void amkd_table_teacher(amkd_bytes *page, const amkd_level *level);

/* A card with a picture of an image or mix, and the likeliest classes as the teacher and
 * the network, "student" say, see it; within a list <ul class="cards">. line and second
 * (may be NULL): what more is said of it. */
void amkd_card(amkd_bytes *page, const amkd_run *run, const amkd_images *images,
               const amkd_shown *shown, const char *network, const char *line,
               const char *second);

/* The picture alone. */
void amkd_card_picture(amkd_bytes *page, const amkd_images *images, const amkd_pick *pick,
                       const char *alt);

/* The name of a run among those of its report: the method's, and the seed. */
void amkd_run_name(amkd_bytes *page, const amkd_report *report, const amkd_run *run);

/* What a score is called: "C2" of "c2". */
const char *amkd_score_name(const char *by);

#endif
