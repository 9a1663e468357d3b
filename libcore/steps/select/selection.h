/* Where scored candidates go: the k lowest are kept and written sorted at the end, or all
 * are written as they come. */
#ifndef AMKD_STEPS_SELECT_SELECTION_H
#define AMKD_STEPS_SELECT_SELECTION_H

#include "steps/select/diverse.h"
#include "steps/select/lowest.h"
#include "steps/select/noise.h"
#include "steps/select/recall.h"
#include "stream/header.h"
#include "stream/rows.h"
#include <stddef.h>
#include <stdint.h>

typedef struct amkd_selection amkd_selection;

typedef struct amkd_selection_options {
    uint64_t k;             /* 0: all, in the order they are added */
    uint64_t max_per_image; /* 0: no limit; needs k */
    uint64_t nimages;
    const uint32_t *sources; /* [nimages] below nsources, or NULL: max_per_image is of
                                these (amkd_lowest_sources); borrowed until closed */
    uint64_t nsources;
    const amkd_diverse *diverse; /* not NULL: of the nlowest, k or more, or as many as
                                    there are, it chooses k; needs k; borrowed */
    uint64_t nlowest;            /* used with diverse */
    uint64_t ncoarse;    /* not 0: a coarse pass first, of which so many are kept, and the
                            limit is as many whole times larger */
    amkd_recall *recall; /* with ncoarse, or NULL: its sample goes through the fine pass,
                            too, and what is counted of it is put into the header;
                            borrowed */
    int shard; /* of a pool: fewer than k are no error, and what a merge may still pick
                  is kept (amkd_lowest_finish_shard) */
    int held;  /* nothing is written: without k they are kept until taken */
    const char *output; /* NULL or "-" for stdout */
    size_t nthreads;
} amkd_selection_options;

/* header, of kind "picks", is copied; with k the result's gets "k", "max_per_image" if
 * limited, and "rows"; and by the header's "noise" the candidates are ranked (which needs
 * k). */
int amkd_selection_open(amkd_selection **out, const amkd_header *header,
                        const amkd_selection_options *options);

/* Adds candidates. With k, the same candidate added twice counts once. */
int amkd_selection_add(amkd_selection *selection, const amkd_pick *picks, size_t n);

/* Candidates with a score above this need not be added: INFINITY while all must. */
float amkd_selection_threshold(const amkd_selection *selection);

/* The noise that candidates are ranked by, of temperature 0 without, and what no key may
 * be above: INFINITY while any may enter. */
const amkd_noise *amkd_selection_noise(const amkd_selection *selection);
double amkd_selection_cutoff(const amkd_selection *selection);

/* Ends the coarse pass: *pairs are those of its lowest, ncoarse of them or as many as
 * there are, and with a limit per image k more that keep to it, which are chosen from
 * where the others leave fewer than k; and the sample of recall, all of which may be
 * picked. Freed with free(). Nothing is selected yet: what is added from here on is. */
int amkd_selection_refine(amkd_selection *selection, amkd_pair **pairs, size_t *n);

/* With held and without k: what was added since it was dropped last, in order. Borrowed
 * until then. */
amkd_kept amkd_selection_held(const amkd_selection *selection);
void amkd_selection_drop_held(amkd_selection *selection);

/* What is kept so far of a selection with k, for a checkpoint, in place of what they held
 * before; restored in a fresh one that is in the same pass, and the rest added, it gives
 * the same picks. certain is empty without a limit per image. */
int amkd_selection_save(amkd_selection *selection, amkd_kept *lowest, amkd_kept *certain);
int amkd_selection_restore(amkd_selection *selection, const amkd_kept *lowest,
                           const amkd_kept *certain);

/* Not held: writes what is left, commits the output and frees; *npicks is what was
 * written. Fails when there are fewer than k, saying how many there are, and how many
 * pairs had been left out as asked before. */
int amkd_selection_close(amkd_selection *selection, uint64_t *npicks, uint64_t nasked);

/* Drops the output and frees. NULL is fine. */
void amkd_selection_discard(amkd_selection *selection);

#endif
