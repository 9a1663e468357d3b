/* Another program run to its end, with what it took. */
#ifndef AMKD_BENCH_PROCESS_H
#define AMKD_BENCH_PROCESS_H

typedef struct process_cost {
    double seconds;
    double cpu_seconds; /* of all its threads */
    double peak_mib;    /* the most memory it held at once */
} process_cost;

/* Runs DIRECTORY/argv[0] with argv, which ends with NULL, and waits; without a directory
 * argv[0] is looked up in PATH. What it prints goes to the file output (NULL: where ours
 * goes). Fails unless it exits with 0. The memory counted begins at what this process
 * holds. */
int process_run_to(process_cost *cost, const char *output, const char *directory,
                   const char *const *argv);

int process_run(process_cost *cost, const char *directory, const char *const *argv);

#endif
