/* The command line of every tool: one option table gives the parser, --help, the shells'
 * completions (--options) and the command recorded as provenance. Only this file and
 * progress.c print in libcore. */
#ifndef AMKD_BASE_CLI_H
#define AMKD_BASE_CLI_H

#include <stddef.h>
#include <stdint.h>

typedef enum amkd_option_type {
    AMKD_FLAG,   /* int: set to 1 */
    AMKD_COUNT,  /* uint64_t, decimal; "k", "M" and "G" suffixes are powers of 1000 */
    AMKD_NUMBER, /* double, finite */
    AMKD_TEXT,   /* const char *, points into argv */
    AMKD_TEXTS,  /* amkd_texts: may be given several times */
} amkd_option_type;

typedef struct amkd_texts {
    size_t n;
    const char **text; /* grown by the parser, freed by amkd_cli_close */
} amkd_texts;

/* Option flags. */
enum {
    AMKD_WHERE = 1,   /* says where or how the work runs, never what comes out (--threads,
                         -o, -q): left out of the recorded command, so that the bytes are
                         the same however the work was run */
    AMKD_OPEN = 2,    /* takes other words than its choices, too */
    AMKD_WRITES = 4,  /* of TEXT: a path that is written, and no other of the command */
    AMKD_GOES_ON = 8, /* a path that is read, and may be what is written, too */
    AMKD_ADDS = 16,   /* a flag with which nothing is written over: files are added to */
};

typedef struct amkd_option {
    char short_name;       /* 0 for none */
    const char *long_name; /* without dashes */
    amkd_option_type type;
    void *value;          /* holds the default before parsing */
    const char *argument; /* placeholder in the help, "N"; NULL for flags. FILE, MODEL,
                             LABELS, IMAGES and DIR are paths, which shells complete */
    const char *help;     /* one line or more, separated by \n */
    unsigned flags;
    double min, max;     /* bounds of COUNT and NUMBER, both 0 for none */
    const char *heading; /* stands above it in the help, where a group begins */
    const char *choices; /* of TEXT: the words that it takes, "sgd, adam, adamw"; any
                            other is refused unless AMKD_OPEN. NULL: any text */
} amkd_option;

typedef struct amkd_tool {
    const char *name;           /* "amkd-pool" */
    const char *summary;        /* one line: what it does */
    const char *usage;          /* the arguments: "[OPTION]... [IMAGES]..." */
    const char *notes;          /* free text after the options: examples; may be NULL */
    const amkd_option *options; /* ends with {0} */
    size_t min_arguments, max_arguments;
} amkd_tool;

typedef struct amkd_cli {
    const amkd_tool *tool;
    size_t narguments;
    const char **arguments; /* positional, "-" left as it is; owned by the cli */
    struct json_t *command; /* the command as recorded: a JSON array of strings, without
                               AMKD_WHERE options; owned by the cli */
    unsigned char *given;   /* one flag an option: was it on the command line? */
    char *text;             /* the words, where they came as one text; else NULL */
    int status;             /* what to exit with, unless amkd_cli_open says to go on */
} amkd_cli;

/* Parses as GNU getopt_long does (options and arguments in any order, "--" ends options,
 * --name=value, unambiguous prefixes). --help, --version and --options are built in,
 * written out. Returns 0 to go on; else the tool is to exit with cli->status: 0 when one
 * of them was printed to stdout, 1 when it could not be, 2 when misused, with a message
 * on stderr that names the option. */
int amkd_cli_open(amkd_cli *cli, const amkd_tool *tool, int argc, char **argv);

/* Whether the option with this long name was given on the command line. */
int amkd_cli_given(const amkd_cli *cli, const char *long_name);

/* The place, from 0, of an option's value among its choices. The option is there, has
 * choices and is not AMKD_OPEN; -1 where its value is NULL, as it is when not given. */
int amkd_cli_choice(const amkd_cli *cli, const char *long_name);

/* Says "name: <message>" plus "Try 'name --help'" on stderr and returns 2: for misuse
 * that the table cannot express. */
int amkd_cli_misuse(const amkd_cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Parses a text of options and words between blanks, the value of an option that is
 * options itself, by a table of its own. Nothing is printed: misuse is an error
 * (amkd_error), and there is no --help, --version or --options. tool->name stands for the
 * command's first word. Ended with amkd_cli_clear, up to which values of type AMKD_TEXT
 * live. */
int amkd_cli_parse(amkd_cli *cli, const amkd_tool *tool, const char *text);
void amkd_cli_clear(amkd_cli *cli);

/* Frees the cli. Given the tool's result (0, or -1 with amkd_error set) it prints the
 * error as "name: <message>", else what was remarked, and returns the exit status, 0
 * or 1. */
int amkd_cli_close(amkd_cli *cli, int result);

/* The options that mean the same in every tool. */
typedef struct amkd_common {
    const char *output; /* -o; NULL or "-" for stdout */
    uint64_t nthreads;  /* --threads; default: the processors this process may use */
    int quiet, verbose;
    int check; /* of tools that have it: look, and do nothing */
} amkd_common;

void amkd_common_init(amkd_common *common);

#define AMKD_OPTION_OUTPUT(common)                                                       \
    {                                                                                    \
        'o', "output", AMKD_TEXT, &(common).output, "FILE",                              \
            "write to FILE, which appears only when whole (default: stdout)",            \
            AMKD_WHERE | AMKD_WRITES, 0, 0                                               \
    }
#define AMKD_OPTION_THREADS(common)                                                      \
    {                                                                                    \
        0, "threads", AMKD_COUNT, &(common).nthreads, "N",                               \
            "threads for host work (default: all processors)", AMKD_WHERE, 1, 1024       \
    }
#define AMKD_OPTION_QUIET(common)                                                        \
    {                                                                                    \
        'q', "quiet", AMKD_FLAG, &(common).quiet, NULL, "no progress, errors only",      \
            AMKD_WHERE, 0, 0                                                             \
    }
#define AMKD_OPTION_VERBOSE(common)                                                      \
    {                                                                                    \
        'v', "verbose", AMKD_FLAG, &(common).verbose, NULL, "say more on stderr",        \
            AMKD_WHERE, 0, 0                                                             \
    }
#define AMKD_OPTION_CHECK(common)                                                        \
    {                                                                                    \
        0, "check", AMKD_FLAG, &(common).check, NULL,                                    \
            "look at the options and at the headers of the inputs\n"                     \
            "that are there, and do nothing",                                            \
            AMKD_WHERE, 0, 0                                                             \
    }
#define AMKD_OPTION_SEED(seed)                                                           \
    {                                                                                    \
        0, "seed", AMKD_COUNT, &(seed), "S", "seed of everything drawn by chance", 0, 0, \
            0                                                                            \
    }
#define AMKD_OPTION_END                                                                  \
    {                                                                                    \
        0                                                                                \
    }

#endif
