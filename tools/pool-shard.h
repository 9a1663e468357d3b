/* Which part of a pool a command is to write: as it says, or as its place in an array of
 * Slurm's jobs does. */
#ifndef AMKD_TOOLS_POOL_SHARD_H
#define AMKD_TOOLS_POOL_SHARD_H

#include <stdint.h>

/* Sets index and count, index < count, by text: "I/N"; "array", the place of this job in
 * its array and the number of that array's jobs; or "array/N", the job's number of N, so
 * that a few jobs of an array from 0 to N - 1 can be run again by themselves. Of the
 * environment it reads SLURM_ARRAY_TASK_ID, _COUNT, _MIN, _MAX and _STEP (sbatch(1)).
 * Fails when text is none of these, when this is no job of an array, and when the numbers
 * of the array's jobs do not tell its place. */
int pool_shard_parse(uint64_t *index, uint64_t *count, const char *text);

#endif
