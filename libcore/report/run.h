/* A run of amkd-distill as its directory tells it: rounds, figures, times, and the
 * commands that made it. A run may be half done or damaged: what is there is taken, and
 * what is missing is noted. */
#ifndef AMKD_REPORT_RUN_H
#define AMKD_REPORT_RUN_H

#include <jansson.h>
#include <stddef.h>

/* The parameters that are sizes: "run images" and "run picks a round". */
#define AMKD_SIZES "run "

/* The tool of the parameters that are its assistant's. */
#define AMKD_ASSISTANT "assistant"

/* What amkd-eval --json says of one network. */
typedef struct amkd_figures {
    size_t n;
    double accuracy, mean_top, certain;
    size_t *confusion; /* [nclasses][nclasses]: true class, answered class */
} amkd_figures;

typedef struct amkd_tool_time {
    char tool[24];
    double seconds; /* of its targets when last made, overlaps counted once */
} amkd_tool_time;

typedef struct amkd_times {
    amkd_tool_time *tools; /* in the order of first use */
    size_t n;
} amkd_times;

typedef struct amkd_round {
    size_t number;
    size_t nanswers, total; /* bought in this round, and up to it */
    int has_student;        /* its weights are there */
    int measured;           /* the figures below are there */
    amkd_figures student, teacher;
    size_t *by_teacher; /* [nclasses][nclasses]: the teacher's class, the student's; or
                           NULL */
    double agreement, success;
    double held_out; /* agreement on answers held out of the training; NAN: not known */
    json_t *provenance; /* of the answers: an array, owned */
    amkd_times times;
} amkd_round;

typedef struct amkd_run {
    char *dir;
    size_t nimages; /* real images */
    size_t nclasses;
    char **class_names; /* [nclasses] */
    size_t nrounds;
    amkd_round *rounds; /* the rounds whose answers are there; of a run that ended none
                           beyond its last */
    amkd_times times;   /* of what is made once: views */
    amkd_times test_times;
    size_t ntest;       /* answers about test images, 0: none */
    char *teacher;      /* as amkd-query names it */
    char *arch;         /* as amkd-train was told; or NULL */
    size_t nweights;    /* of the last student; 0: none */
    json_t *training;   /* the last student's own run: {"tool", "command", "device",
                           "inputs"}; or NULL */
    json_t *assistant;  /* that of its assistant; or NULL */
    json_t *parameters; /* {"amkd-score --by": "c2"}: all that the answers and students
                           were made with, but for seeds and paths */
    char seed[24];      /* of the training; "" when not known */
    size_t nnotes;
    char **notes; /* what is missing or wrong, a sentence each */
} amkd_run;

/* Reads what is in dir. Fails when it is no directory of amkd-distill; everything else is
 * noted. */
int amkd_run_open(amkd_run *run, const char *dir, size_t nthreads);
void amkd_run_close(amkd_run *run); /* a zeroed run is fine */

/* "<dir>/round-<r>/<file>", freed with free(). */
char *amkd_run_path(const amkd_run *run, size_t round, const char *file);

/* Adds a note. */
int amkd_run_note(amkd_run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The last round that was measured, or NULL. */
const amkd_round *amkd_run_measured(const amkd_run *run);

/* Reads the last round's student, and its assistant if it has one: their parameters go to
 * the run's. */
int amkd_run_read_student(amkd_run *run);

/* Reads an evaluation into a round: figures, confusion, agreement and success. */
int amkd_round_read_eval(amkd_round *round, size_t nclasses, const char *path);

/* Reads what amkd-eval --json says of answers that were held out. */
int amkd_round_read_held_out(amkd_round *round, const char *path);

/* Reads times.tsv; a file that is not there is no time. */
int amkd_times_read(amkd_times *times, const char *path);

/* Adds every option of every command of a provenance array to parameters; of the tool
 * only unless that is NULL; under another tool's name unless as is NULL. */
int amkd_parameters_add(json_t *parameters, const json_t *provenance, const char *only,
                        const char *as);

/* The value of an option of a recorded command, "" for one without; NULL if it was not
 * given. */
const char *amkd_command_option(const json_t *command, const char *name);

#endif
