/* What there is to say of an import beside its images: what was left out, and why. */
#ifndef AMKD_DATA_IMPORT_REPORT_H
#define AMKD_DATA_IMPORT_REPORT_H

#include "base/notes.h"
#include <stddef.h>
#include <stdint.h>

enum { AMKD_MAX_ENDINGS = 32 };

/* Files counted by the ends of their names, ".webp"; "" for those without one. */
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
} amkd_import_report;

/* Keeps the text of most notes of each kind. */
void amkd_import_report_init(amkd_import_report *report, size_t most);

void amkd_import_report_clear(amkd_import_report *report);

/* Counts a file of this name, which has no folders. */
void amkd_endings_add(amkd_endings *endings, const char *name);

/* "120 .webp, 3 .txt, 9 others" as a new string, the most frequent first. */
char *amkd_endings_print(const amkd_endings *endings);

#endif
