/* What there is to say of an import beside its images: what was left out, and why. */
#ifndef AMKD_DATA_IMPORT_REPORT_H
#define AMKD_DATA_IMPORT_REPORT_H

#include "base/notes.h"
#include "base/reasons.h"
#include <stddef.h>
#include <stdint.h>

enum { AMKD_MAX_ENDINGS = 32 };

/* Files counted by the ends of their names, ".gif"; "" for those without one. */
typedef struct amkd_endings {
    uint64_t n; /* of all files, more endings than there is room for among them */
    size_t nendings;
    struct {
        char text[16];
        uint64_t n;
    } endings[AMKD_MAX_ENDINGS];
} amkd_endings;

/* Images that were left out because they repeat another. */
typedef struct amkd_repeats {
    amkd_notes notes;    /* which repeats which */
    uint64_t nexact;     /* with the same pixels; the others nearly */
    uint64_t nrelabeled; /* with another label than the image they repeat */
} amkd_repeats;

typedef struct amkd_import_report {
    uint64_t npictures;    /* that were to be read */
    amkd_notes bad;        /* pictures that could not be read, in their order */
    amkd_notes doubtful;   /* pictures that were read, though something is missing */
    amkd_notes passed;     /* links, special files and systems' folders passed over */
    amkd_notes remarks;    /* how a source was understood where that is not plain */
    amkd_repeats repeats;  /* of an earlier image of the import */
    amkd_repeats apart;    /* of an image of another set */
    uint64_t ntransparent; /* pictures that are not opaque all over */
    amkd_endings others;   /* files that are not named as pictures are */
    amkd_reasons reasons;  /* why of all these, bad, passed, repeats, apart and others,
                              each is not in the set */
} amkd_import_report;

/* Keeps the text of most notes of each kind. */
void amkd_import_report_init(amkd_import_report *report, size_t most);

void amkd_import_report_clear(amkd_import_report *report);

/* Notes a path that is passed over, and why. */
void amkd_import_report_pass(amkd_import_report *report, const char *path,
                             const char *why);

/* Counts a file among others. name: that of the path without folders. */
void amkd_import_report_other(amkd_import_report *report, const char *path,
                              const char *name);

/* "120 .gif, 3 .txt, 9 others" as a new string, the most frequent first. */
char *amkd_endings_print(const amkd_endings *endings);

#endif
