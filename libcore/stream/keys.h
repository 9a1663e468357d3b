/* What headers say beside their fields, by the kind of stream. A key has its name and its
 * type here and nowhere else; but those of image sets are in data/images_header.h,
 * data/images_index.h and data/images_refs.h, and how picks are ranked is in
 * steps/select/noise.h. What is read is borrowed from the header, what is put is copied.
 */
#ifndef AMKD_STREAM_KEYS_H
#define AMKD_STREAM_KEYS_H

#include "stream/header.h"

/* ---------------------------------------------------------------------- any stream -- */

/* The row count that the header promises, or UINT64_MAX when it does not. */
uint64_t amkd_header_rows(const amkd_header *header);
int amkd_header_put_rows(amkd_header *header, uint64_t nrows);

/* The runs that the stream came of, an array as amkd_header_add_provenance makes it; NULL
 * for none. */
json_t *amkd_header_provenance(const amkd_header *header);
int amkd_header_put_provenance(amkd_header *header, const json_t *runs);

/* --------------------------------------------------- images, labels and journals -- */

/* The classes' names, an array of strings; NULL where they are not known. */
json_t *amkd_header_class_names(const amkd_header *header);
int amkd_header_put_class_names(amkd_header *header, const json_t *names);

/* ------------------------------------------------------------- labels and journals -- */

/* Whose answers these are; NULL where it does not say. */
const char *amkd_header_teacher(const amkd_header *header);
int amkd_header_put_teacher(amkd_header *header, const char *teacher);

/* By what rule they were made probabilities (teacher/probabilities.h), and whose they are
 * if the teacher only hands them on; NULL for nothing. */
json_t *amkd_labels_rule(const amkd_header *header);
int amkd_labels_put_rule(amkd_header *header, const json_t *rule);
json_t *amkd_labels_origin(const amkd_header *header);
int amkd_labels_put_origin(amkd_header *header, const json_t *origin);

/* ----------------------------------------------------------------- pairs and picks -- */

/* The rows of the whole pool; 0 where it does not say. */
uint64_t amkd_header_pool(const amkd_header *header);

/* Whether each row is a single image. */
int amkd_header_is_single(const amkd_header *header);
int amkd_header_put_pool(amkd_header *header, uint64_t npool, int single);

/* Whether this is part of the pool, and which: number index, from 0, of count, 0 where it
 * is the whole pool. Fails where the key is malformed. */
int amkd_header_is_shard(const amkd_header *header);
int amkd_header_shard(uint64_t *index, uint64_t *count, const amkd_header *header);
int amkd_header_put_shard(amkd_header *header, uint64_t index, uint64_t count);

/* Says of the pool what source says. */
int amkd_header_copy_pool(amkd_header *header, const amkd_header *source);

/* Makes the header of a shard that of the whole, whose rows are not counted yet. */
void amkd_header_join_shards(amkd_header *header);

/* --------------------------------------------------------------------------- picks -- */

/* What was picked by, "c2", "c1", "random", "margin" or "entropy"; NULL: not said. */
const char *amkd_picks_by(const amkd_header *header);
int amkd_picks_put_by(amkd_header *header, const char *by);

/* The lambdas that were tried; and those tried first where it was refined, for so many
 * times the picks. */
int amkd_picks_put_lambdas(amkd_header *header, const double *lambdas, size_t n);
int amkd_picks_put_refine(amkd_header *header, double candidates, const double *coarse,
                          size_t ncoarse);

/* Says of the refining, which is put before, how many of its picks are in a sample that
 * was scored at all lambdas in any case, and how many of these it had found. */
int amkd_picks_put_recall(amkd_header *header, uint64_t nsampled, uint64_t nfound);

/* Of how many times the picks these are the diverse ones. */
int amkd_picks_are_diverse(const amkd_header *header);
int amkd_picks_put_diverse(amkd_header *header, double candidates);

/* How many there were to be at most, and of one image; 0: any number. Reading fails where
 * a key is no count. */
typedef struct amkd_picks_limits {
    uint64_t k, max_per_image;
} amkd_picks_limits;

int amkd_picks_limits_read(amkd_picks_limits *limits, const amkd_header *header);
int amkd_picks_put_limits(amkd_header *header, const amkd_picks_limits *limits);

/* --------------------------------------------------------------------- checkpoints -- */

/* Of a scoring: what it depends on, and how far it had come; objects, NULL where there is
 * none. The second is taken over. */
json_t *amkd_scoring_of(const amkd_header *header);
int amkd_scoring_put(amkd_header *header, const json_t *scoring);
json_t *amkd_scoring_state(const amkd_header *header);
int amkd_scoring_put_state(amkd_header *header, json_t *state);

#endif
