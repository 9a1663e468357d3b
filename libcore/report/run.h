/* A run of amkd-distill as its directory tells it: rounds, figures, times, and the
 * commands that made it. A run may be half done or damaged: what is there is taken, and
 * what is missing is noted. */
#ifndef AMKD_REPORT_RUN_H
#define AMKD_REPORT_RUN_H

#include "graph/graph.h"
#include <jansson.h>
#include <stddef.h>

/* The parameters that are sizes: "run images" and "run picks a round". */
#define AMKD_SIZES "run "

/* The tool of the parameters that are its assistant's. */
#define AMKD_ASSISTANT "assistant"

/* The parameter that says what the rounds ask about, as "images" or "images, mixes". */
#define AMKD_ASKED "amkd-distill asked"

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

/* What an evaluation says of a network and its teacher on the test images. */
typedef struct amkd_test_result {
    int known; /* the figures below are there */
    amkd_figures network, teacher;
    size_t *by_teacher; /* [nclasses][nclasses]: the teacher's class, the network's; or
                           NULL */
    double agreement, success;
} amkd_test_result;

/* What it says of a student on answers that no network learns from. */
typedef struct amkd_held_out {
    size_t n;                    /* 0: nothing */
    double agreement, low, high; /* with its interval of 95 % */
} amkd_held_out;

typedef struct amkd_round {
    size_t number;
    size_t nanswers;                /* bought in this round */
    size_t total;                   /* bought up to it, those held out included */
    int has_student, has_assistant; /* its weights are there */
    amkd_test_result student, assistant;
    amkd_held_out held_out;
    json_t *provenance; /* of the answers: an array, owned */
    amkd_times times;
} amkd_round;

/* Answers that no network learns from: bought, and kept apart from all rounds. */
typedef struct amkd_apart {
    size_t n;
    json_t *provenance; /* an array, owned; or NULL */
    amkd_times times;
} amkd_apart;

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
    size_t ntest;        /* answers about test images, 0: none */
    amkd_apart held_out; /* answers that measure agreement */
    json_t *settled; /* {"STUDENTS": "last"}: the parameters of amkd-distill; or NULL */
    char *teacher;   /* as amkd-query names it */
    char *arch;      /* as amkd-train was told; or NULL */
    size_t nweights; /* of the last student; 0: none */
    amkd_graph network; /* its layers; without one: none */
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

/* The last round whose student was measured on the test images, or NULL; the last whose
 * assistant was; the last whose student was measured on answers held out. */
const amkd_round *amkd_run_measured(const amkd_run *run);
const amkd_round *amkd_run_assisted(const amkd_run *run);
const amkd_round *amkd_run_held_out(const amkd_run *run);

/* The teacher's figures, from the last round that has them, be they of its student or its
 * assistant; or NULL. */
const amkd_figures *amkd_run_teacher(const amkd_run *run);

/* Takes the parameters of a run with rounds: those that the commands of its last round
 * say, its sizes, and what its rounds asked about. */
int amkd_run_read_commands(amkd_run *run);

/* Reads the last round's student, and its assistant if it has one: their parameters go to
 * the run's. Where no student has been trained yet, the last assistant is read. */
int amkd_run_read_student(amkd_run *run);

/* Reads the parameters that amkd-distill settled, of a run that has a list of them. */
int amkd_run_read_settled(amkd_run *run);

/* The value of one of these; NULL if it is not known. */
const char *amkd_run_settled(const amkd_run *run, const char *name);

/* Whether the run has assistants, or holds answers out: unless its parameters deny it,
 * what lies in its directory is its own. */
int amkd_run_has_assistants(const amkd_run *run);
int amkd_run_holds_out(const amkd_run *run);

/* *nrounds: how many rounds may be of the run. A run that ended has none beyond its last;
 * an earlier run in the same place may have left such. */
int amkd_run_find_end(size_t *nrounds, amkd_run *run);

/* Notes what is missing. most: the rounds that there may be. */
int amkd_run_note_missing(amkd_run *run, size_t most);

/* Reads an evaluation: figures, confusion, agreement and success. */
int amkd_test_result_read(amkd_test_result *result, size_t nclasses, const char *path);
void amkd_test_result_clear(amkd_test_result *result); /* a zeroed one is fine */

/* Reads what amkd-eval --json says of answers that were held out. */
int amkd_held_out_read(amkd_held_out *held_out, const char *path);

/* Reads times.tsv; a file that is not there is no time. */
int amkd_times_read(amkd_times *times, const char *path);

/* Adds every option of every command of a provenance array to parameters; of the tool
 * only unless that is NULL; under another tool's name unless as is NULL. */
int amkd_parameters_add(json_t *parameters, const json_t *provenance, const char *only,
                        const char *as);

/* Whose doubt chose what a round asked about: "student" or "assistant". */
const char *amkd_round_scorer(const amkd_round *round);

/* What a round asked about: "images", "views" or "mixes"; NULL if that is not known. */
const char *amkd_round_asked(const amkd_round *round);

/* The value of an option of a recorded command, "" for one without; NULL if it was not
 * given. */
const char *amkd_command_option(const json_t *command, const char *name);

#endif
