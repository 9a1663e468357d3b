/* What is known of an input before any of its rows is read: what its header says. For
 * --check, which looks at a command before its time: a file that is not there yet is
 * passed over. */
#ifndef AMKD_NET_KNOWN_H
#define AMKD_NET_KNOWN_H

#include "graph/graph.h"
#include "net/model.h"
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_known {
    char kind[16];    /* "" where the file is not there, or is standard input */
    amkd_shape shape; /* of the images it holds or speaks of; zeros: not known */
    size_t nclasses;  /* 0: not known */
    uint64_t nrows;   /* 0: not known */
    uint64_t nimages; /* that it holds or speaks of; 0: not known */
    int is_views;     /* images that were made of others */
} amkd_known;

/* Whether there is such a file, or one that cannot be looked at. What can be read but
 * once, as a pipe, counts as not there yet. */
int amkd_is_there(const char *path);

/* Reads the header of an amkd stream. kinds: those expected, as "images labels". Fails on
 * a file that is no such stream. */
int amkd_known_read(amkd_known *known, const char *path, const char *kinds);

/* Adds what another input says: fails where both know a shape or a number of classes and
 * these differ. name is that of the other, for the message. */
int amkd_known_join(amkd_known *known, const amkd_known *other, const char *name);

/* Loads a model, where there is one: *model stays NULL otherwise. Fails unless it takes
 * what is known. */
int amkd_known_load(amkd_model **model, const char *path, const amkd_known *known);

#endif
