/* Scoring: a stream of candidate pairs becomes picks, by how unsure the student is of
 * their mixes. */
#ifndef AMKD_STEPS_SELECT_SCORE_H
#define AMKD_STEPS_SELECT_SCORE_H

#include "steps/select/recall.h"
#include "sweep/sweep.h"
#include "team/team.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

typedef enum amkd_score_by {
    AMKD_BY_C2,      /* each pair's lowest C1 over lambda, at that lambda (Eq. 2) */
    AMKD_BY_C1,      /* every mix by itself: vanilla active learning */
    AMKD_BY_RANDOM,  /* a uniform number by (seed, i, j), at a lambda drawn likewise */
    AMKD_BY_MARGIN,  /* as C2, of the margin of the two largest probabilities */
    AMKD_BY_ENTROPY, /* as C2, of the negative entropy */
} amkd_score_by;

/* The name of the command line and of the header's "by"; NULL behind the last. */
const char *amkd_score_by_name(amkd_score_by by);

typedef struct amkd_score_options {
    const char *pairs;         /* a pairs stream; NULL or "-" for stdin */
    const char *const *bought; /* [nbought] labels streams, in place of pairs */
    size_t nbought;
    const char *student; /* a model; by AMKD_BY_RANDOM read for diverse alone */
    amkd_score_by by;
    const double *lambdas; /* [nlambdas] in [0, 1], each once */
    size_t nlambdas;
    int default_lambdas;    /* nobody asked for these: single images may be scored at 1 */
    uint64_t k;             /* how many picks; 0: all, in the order of the pairs */
    uint64_t max_per_image; /* 0: no limit; needs k */
    double refine; /* 0, or 1 and more: only so many times k, the lowest at ncoarse of the
                      lambdas, are scored at all of them. Needs k; not by C1 or random */
    size_t ncoarse;      /* 1 to nlambdas; used with refine */
    size_t sample_least; /* with refine: what it finds is measured on a sample of the */
    size_t sample_most;  /* candidates, of at least and at most so many
                            (steps/select/recall.h), which are scored at all lambdas and
                            may be picked, too. 0 and 0: it is not measured */
    const char *const *exclude; /* [nexclude] labels streams: pairs asked before */
    size_t nexclude;
    double noise; /* temperature (steps/select/noise.h); 0: none. Needs k; not by random
                     or margin */
    double random_share; /* of the picks, 0 to 1, at random, on average; 0: none. Needs k
                            and "pool" in the pairs' header; not by random */
    uint64_t seed;       /* of all that is drawn */
    double diverse; /* 0, or above 1: so many times k of the lowest are kept first, of
                       which those that cover them best are picked
                       (steps/select/diverse.h). Needs k and student */
    const char *checkpoint; /* file to keep the state in while scoring, or NULL. Needs k;
                               not of bought ones */
    double checkpoint_seconds; /* how often */
    const char *resume;        /* checkpoint to go on from, or NULL; as checkpoint */
    const char *const *images; /* [nimages] in place of the paths in the pairs' header */
    size_t nimages;
    const char *device; /* one or several, as amkd_devices_open takes them; in a team one,
                           as amkd_device_open_own takes it */
    amkd_team *team;    /* whose members do this scoring together; NULL: alone */
    struct amkd_profile *profile; /* that times kernels (device/profile.h); NULL: none */
    amkd_engine engine;
    const char *output; /* NULL or "-" for stdout */
    size_t nthreads;
    int quiet;
    const json_t *command; /* for the provenance, borrowed */
} amkd_score_options;

/* What a device did. */
typedef struct amkd_score_share {
    size_t index;       /* of the device, as amkd_devices_list numbers them */
    char device[256];   /* its name */
    const char *engine; /* "fused" or "layered" */
    char reason[256];   /* why not fused, which was tried; "" */
    uint64_t nmixes;    /* scored */
} amkd_score_share;

typedef struct amkd_score_counts {
    uint64_t pairs;   /* read */
    uint64_t asked;   /* of these left out as asked before */
    uint64_t thinned; /* by all of a team not scored: their noise left them no chance */
    uint64_t picks;   /* written */
    amkd_recall_figures recall; /* where refining was measured: of the picks, or of what
                                   diverse ones are chosen of */
    size_t ndevices;
    amkd_score_share shares[AMKD_MAX_DEVICES]; /* [ndevices] */
} amkd_score_counts;

/* Scores the pairs and writes a picks stream. With k the picks are distinct and sorted by
 * (score, i, j, lambda), with noise by (key, score, i, j, lambda); without it every row
 * of the pairs has its row or, by C1, a row for each lambda, so that a pair that comes
 * twice does so in the picks. A pairs stream with "shard" in its header may yield fewer
 * than k picks, or with max_per_image more: amkd_merge_write makes the k of all shards of
 * them. A shard cannot be refined: the coarse pass would keep others than over the whole
 * pool; nor are its picks diverse, for the same reason. Single images ("single" in the
 * pairs' header) have lambda 1 and no other, so that C2 is C1, and are not refined.
 *
 * Bought labels stand in for pairs: each of their rows is a candidate at the lambda it
 * has, real images too; all are of the same image sets. By C2 as by C1, of the pixels as
 * the teacher saw them. pairs, lambdas and refine are not read then.
 *
 * In a team each member scores its share of the pairs, which all read, so that they come
 * from a file and are no bought ones; rank 0 alone writes picks and checkpoints. It fails
 * where members have other inputs, options, devices or engines.
 *
 * A checkpoint resumes the scoring that it is of, and no other: the picks are those of an
 * undisturbed run, by a team of any size. What devices did is counted from there on. */
int amkd_score(amkd_score_counts *counts, const amkd_score_options *options);

/* Fails where the headers of the inputs that are there tell that this would. */
int amkd_score_check(const amkd_score_options *options);

#endif
