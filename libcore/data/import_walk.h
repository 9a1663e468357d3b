/* The picture files below a folder. */
#ifndef AMKD_DATA_IMPORT_WALK_H
#define AMKD_DATA_IMPORT_WALK_H

#include "data/import_report.h"
#include <stddef.h>

typedef struct amkd_found {
    size_t n, room;
    char **path;   /* [n], each owned */
    size_t nempty; /* subfolders of the first level without pictures */
    char *empty;   /* the first of them by name, or NULL */
} amkd_found;

/* Finds all files named .png, .jpg, .jpeg, .webp or .bmp below the folder, sorted by
 * name, folder by folder. Links are followed. What else is there stands in the report:
 * files of other names by number; links that lead nowhere or back, pipes and the like,
 * and folders that systems make for themselves ("__MACOSX") one by one. Hidden files are
 * passed over. On failure found is to be cleared as well. */
int amkd_walk(amkd_found *found, const char *folder, amkd_import_report *report);

/* Adds a path, which is taken, also on failure; NULL is one. */
int amkd_found_add(amkd_found *found, char *path);

void amkd_found_clear(amkd_found *found);

#endif
