/* A scoring while it runs, whose parts lie in several files: what it is made of
 * (scoring_open.c), what a pass is scored by (scoring_pass.c), how it goes on from a
 * checkpoint (scoring_resume.c), how a team shares it (scoring_team.c), and the passes
 * (score.c). */
#ifndef AMKD_STEPS_SELECT_SCORING_INTERNAL_H
#define AMKD_STEPS_SELECT_SCORING_INTERNAL_H

#include "steps/select/candidates.h"
#include "steps/select/diverse.h"
#include "steps/select/recall.h"
#include "steps/select/score.h"
#include "steps/select/score_checkpoint.h"
#include "steps/select/scorer.h"
#include "steps/select/selection.h"

typedef struct amkd_scoring {
    const amkd_score_options *options; /* own */
    amkd_score_options own;            /* single images have their lambda */
    amkd_score_counts *counts;
    amkd_candidates candidates;
    double *coarse;      /* [options->ncoarse]; NULL without refine */
    amkd_model *model;   /* NULL for random, and once no scorer will be opened any more */
    amkd_images *images; /* NULL for random, and once nobody needs them any more */
    uint32_t
        *sources; /* of the images, for max_per_image; NULL where they are no views */
    size_t nsources;
    amkd_diverse *diverse; /* NULL without */
    amkd_device *devices[AMKD_MAX_DEVICES];
    size_t ndevices;
    amkd_recall *recall;    /* NULL where it is not measured */
    amkd_score_state state; /* of the last checkpoint */
    json_t *described; /* what a checkpoint must be of, and of a team each member's; NULL
                          without */
    uint64_t nthinned; /* by all of a team, once gathered */
    amkd_selection *selection;
    float *lambdas; /* of the pass, [nlambdas] */
    size_t nlambdas;
    amkd_scorer scorers[AMKD_MAX_DEVICES];
    size_t nscorers;
    amkd_progress *progress;
} amkd_scoring;

/* Whether no student scores. */
int amkd_scoring_by_chance(const amkd_scoring *s);

/* Opens all that the options name, and the first pass that is left to do; close in any
 * case. */
int amkd_scoring_open(amkd_scoring *s);
void amkd_scoring_close(amkd_scoring *s);

/* Once no scorer is opened any more. What diverse picks or a scorer still need stays. */
void amkd_scoring_close_student(amkd_scoring *s);

/* The grid of a pass, and its scorers. */
int amkd_scoring_open_pass(amkd_scoring *s, const double *lambdas, size_t nlambdas);
void amkd_scoring_close_pass(amkd_scoring *s);

/* Takes down in the state how far the pass has come, while nothing is under way; and
 * saves it as the checkpoint. */
int amkd_scoring_note(amkd_scoring *s);
int amkd_scoring_save(amkd_scoring *s);

/* Loads the state from the checkpoint to go on from, and brings selection and candidates
 * to where it was in the first pass, or at its end; and in the fine pass, which has its
 * candidates from the first. */
int amkd_scoring_resume(amkd_scoring *s);
int amkd_scoring_resume_fine(amkd_scoring *s);

/* Of a team, once all is open: fails where members have other work, or other devices; and
 * at the begin of a pass, where they have other engines; they run
 * layers as rank 0 chose. */
int amkd_scoring_same_work(amkd_scoring *s);
int amkd_scoring_same_engine(amkd_scoring *s);

/* A pass of a team, up to the end of the candidates. */
int amkd_scoring_run_team(amkd_scoring *s, const amkd_scorer_job *job);

/* With k: rank 0's selection has what all have kept, or that of every member. */
int amkd_scoring_gather(amkd_scoring *s);
int amkd_scoring_gather_for_all(amkd_scoring *s);

#endif
