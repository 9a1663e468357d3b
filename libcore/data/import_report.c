/* The report of an import: notes of several kinds, and files counted by their endings. */
#include "data/import_report.h"
#include "base/bytes.h"
#include "base/error.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_PRINTED = 6,
    EXAMPLE_NBYTES = 1024,
    ENDING_NBYTES = sizeof((amkd_endings *)0)->endings->text
};

void amkd_import_report_init(amkd_import_report *report, size_t most)
{
    *report = (amkd_import_report){0};
    amkd_notes_init(&report->bad, most);
    amkd_notes_init(&report->doubtful, most);
    amkd_notes_init(&report->passed, most);
    amkd_notes_init(&report->remarks, most);
    amkd_notes_init(&report->repeats.notes, most);
    amkd_notes_init(&report->apart.notes, most);
    amkd_reasons_init(&report->reasons);
}

void amkd_import_report_clear(amkd_import_report *report)
{
    amkd_notes_clear(&report->bad);
    amkd_notes_clear(&report->doubtful);
    amkd_notes_clear(&report->passed);
    amkd_notes_clear(&report->remarks);
    amkd_notes_clear(&report->repeats.notes);
    amkd_notes_clear(&report->apart.notes);
    amkd_reasons_clear(&report->reasons);
}

/* The end of a name in small letters; "" where it has none. */
static void find_ending(char ending[ENDING_NBYTES], const char *name)
{
    const char *dot = strrchr(name, '.');
    int plain = dot && strlen(dot) < ENDING_NBYTES;
    memset(ending, 0, ENDING_NBYTES);
    for (size_t i = 0; plain && dot[i]; i++) {
        plain = isgraph((unsigned char)dot[i]);
        ending[i] = (char)tolower((unsigned char)dot[i]);
    }
    if (!plain)
        ending[0] = 0;
}

static void add_ending(amkd_endings *endings, const char *ending)
{
    endings->n++;
    size_t k = 0;
    while (k < endings->nendings && strcmp(endings->endings[k].text, ending) != 0)
        k++;
    if (k == AMKD_MAX_ENDINGS)
        return;
    if (k == endings->nendings) {
        strcpy(endings->endings[k].text, ending);
        endings->nendings++;
    }
    endings->endings[k].n++;
}

void amkd_import_report_other(amkd_import_report *report, const char *path,
                              const char *name)
{
    char ending[ENDING_NBYTES], reason[64], example[EXAMPLE_NBYTES];
    find_ending(ending, name);
    add_ending(&report->others, ending);
    snprintf(reason, sizeof reason, "not named as a picture%s%s",
             ending[0] ? ", but " : "", ending);
    snprintf(example, sizeof example, "'%s'", path);
    amkd_reasons_add(&report->reasons, 0, reason, example);
}

void amkd_import_report_pass(amkd_import_report *report, const char *path,
                             const char *why)
{
    char example[EXAMPLE_NBYTES];
    amkd_notes_add(&report->passed, 0, "'%s': %s", path, why);
    snprintf(example, sizeof example, "'%s'", path);
    amkd_reasons_add(&report->reasons, 0, why, example);
}

/* The most frequent ending that is not taken yet, or -1. */
static int most_frequent(const amkd_endings *endings, const unsigned char *taken)
{
    int best = -1;
    for (size_t k = 0; k < endings->nendings; k++) {
        if (taken[k] || !endings->endings[k].text[0])
            continue;
        if (best < 0 || endings->endings[k].n > endings->endings[best].n ||
            (endings->endings[k].n == endings->endings[best].n &&
             strcmp(endings->endings[k].text, endings->endings[best].text) < 0))
            best = (int)k;
    }
    return best;
}

char *amkd_endings_print(const amkd_endings *endings)
{
    amkd_bytes text = {0};
    unsigned char taken[AMKD_MAX_ENDINGS] = {0};
    uint64_t left = endings->n;
    for (size_t i = 0; i < MAX_PRINTED; i++) {
        int k = most_frequent(endings, taken);
        if (k < 0)
            break;
        taken[k] = 1;
        left -= endings->endings[k].n;
        amkd_bytes_format(&text, "%s%llu %s", i ? ", " : "",
                          (unsigned long long)endings->endings[k].n,
                          endings->endings[k].text);
    }
    if (left)
        amkd_bytes_format(&text, "%s%llu other%s", text.n ? ", " : "",
                          (unsigned long long)left, left == 1 ? "" : "s");
    amkd_bytes_add(&text, "", 1);
    if (!text.failed)
        return text.data;
    amkd_bytes_clear(&text);
    return NULL;
}
