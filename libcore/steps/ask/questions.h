/* What a teacher is to be asked: the mixed images of a picks stream, or the images of an
 * image set as they are. */
#ifndef AMKD_STEPS_ASK_QUESTIONS_H
#define AMKD_STEPS_ASK_QUESTIONS_H

#include "data/images.h"
#include "stream/rows.h"
#include <stddef.h>

typedef struct amkd_questions {
    amkd_header header; /* of the stream they came from, with references to the images */
    amkd_images *images;
    int mixed; /* whether the keys mix images; else i = j in every one */
    size_t n;
    amkd_label_key *keys; /* [n] */
} amkd_questions;

/* Reads all of a picks or images stream and the images, so that every fault is found
 * before the first question costs anything. override: paths of the images of picks.
 * *questions is to be cleared on failure too. */
int amkd_questions_read(amkd_questions *questions, const char *path,
                        const char *const *override, size_t noverride, size_t nthreads);

/* Takes out the questions that are already among the asked[nasked], and those that come
 * a second time. */
int amkd_questions_skip(amkd_questions *questions, const amkd_label_key *asked,
                        size_t nasked);

void amkd_questions_clear(amkd_questions *questions);

#endif
