/* Another program run to its end, with what it took. */
#ifndef AMKD_BENCH_PROCESS_H
#define AMKD_BENCH_PROCESS_H

typedef struct process_cost {
    double seconds;
    double cpu_seconds; /* of all its threads */
    double peak_mib;    /* the most memory it held at once */
} process_cost;

/* Runs DIRECTORY/argv[0] with argv, which ends with NULL, and waits. Fails unless it
 * exits with 0. The memory counted begins at what this process holds. */
int process_run(process_cost *cost, const char *directory, const char *const *argv);

#endif
