/* amkd-cat: shows any stream: as text, as NPY, its header, as a picture; checks it. */
#include "base/cli.h"
#include "base/error.h"
#include "steps/select/among.h"
#include "steps/show/cat.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SHEET_IMAGES = 100 }; /* drawn unless --head says how many */

typedef struct settings {
    amkd_common common;
    amkd_cat_options cat;
    amkd_texts fields, images;
    const char *png, *among;
    uint64_t columns, scale;
    int header, check;
} settings;

/* Which options go with which way of showing; rows: none of the others, of which --among
 * has no option but those of all. */
static const struct {
    const char *option;
    int rows, header, check, png;
} belongs[] = {
    {"format", 1, 0, 0, 0}, {"field", 1, 0, 0, 0},  {"no-names", 1, 0, 0, 0},
    {"head", 1, 0, 0, 1},   {"images", 0, 0, 0, 1}, {"columns", 0, 0, 0, 1},
    {"scale", 0, 0, 0, 1},  {"output", 1, 1, 0, 0},
};

static int check_options(const amkd_cli *cli, settings *s)
{
    const char *way = s->header  ? "--header"
                      : s->check ? "--check"
                      : s->png   ? "--png"
                                 : "--among";
    if (s->header + s->check + !!s->png + !!s->among > 1)
        return amkd_cli_misuse(
            cli, "--among, --header, --check and --png exclude one another");
    int rows = !s->header && !s->check && !s->png && !s->among;
    for (size_t i = 0; i < sizeof belongs / sizeof *belongs; i++) {
        int fits = (rows && belongs[i].rows) || (s->header && belongs[i].header) ||
                   (s->check && belongs[i].check) || (s->png && belongs[i].png);
        if (!fits && amkd_cli_given(cli, belongs[i].option))
            return amkd_cli_misuse(cli, "--%s does not go %s%s", belongs[i].option,
                                   rows ? "without --png" : "with ", rows ? "" : way);
    }
    if (s->cat.no_names && strcmp(s->cat.format, "tsv"))
        return amkd_cli_misuse(cli, "--no-names is for --format tsv");
    if (cli->narguments > 1 && !s->check)
        return amkd_cli_misuse(cli, "only --check takes several files");
    if (s->among && !strcmp(s->among, "-") &&
        (!cli->narguments || !strcmp(cli->arguments[0], "-")))
        return amkd_cli_misuse(cli, "standard input cannot be both image sets");
    return 0;
}

static void print_found(const settings *s, const char *path, const amkd_cat_found *found)
{
    printf("%s: %s, %llu rows, ", strcmp(path, "-") ? path : "stdin", found->kind,
           (unsigned long long)found->nrows);
    if (s->common.verbose)
        printf("%llu bytes each, ", (unsigned long long)found->row_nbytes);
    if (found->nlost)
        printf("%llu bytes behind them that a crash left, ",
               (unsigned long long)found->nlost);
    else if (found->open)
        printf("open, ");
    printf("ok\n");
}

static int check_journal(const settings *s, const char *directory)
{
    amkd_cat_journal journal;
    if (amkd_cat_check_journal(&journal, directory))
        return -1;
    if (!s->common.quiet) {
        print_found(s, journal.sent_path, &journal.sent);
        if (journal.has_answers)
            print_found(s, journal.answers_path, &journal.answers);
        printf("%s: journal of %s, %llu asked, %llu spent, %llu answered, ok\n",
               directory, journal.teacher, (unsigned long long)journal.nasked,
               (unsigned long long)journal.nspent,
               (unsigned long long)journal.answers.nrows);
    }
    amkd_cat_journal_clear(&journal);
    return 0;
}

static int check_file(const settings *s, const char *path)
{
    struct stat status;
    amkd_cat_found found;
    if (strcmp(path, "-") != 0 && !stat(path, &status) && S_ISDIR(status.st_mode))
        return check_journal(s, path);
    if (amkd_cat_check(&found, path, s->common.nthreads))
        return -1;
    if (!s->common.quiet)
        print_found(s, path, &found);
    return 0;
}

/* All files are looked at, also behind a bad one. */
static int check_files(const settings *s, const amkd_cli *cli)
{
    size_t nbad = 0;
    if (cli->narguments < 2)
        return check_file(s, cli->narguments ? cli->arguments[0] : "-");
    for (size_t i = 0; i < cli->narguments; i++) {
        if (!check_file(s, cli->arguments[i]))
            continue;
        fprintf(stderr, "%s: %s\n", cli->tool->name, amkd_error());
        nbad++;
    }
    return nbad ? amkd_fail("%zu of %zu files are bad", nbad, cli->narguments) : 0;
}

/* How many of the images are among others. */
static int print_among(const settings *s)
{
    amkd_among among;
    if (amkd_among_count(&among, s->cat.path, s->among, s->common.nthreads))
        return -1;
    printf("%llu of %llu images are among those of %s\n",
           (unsigned long long)among.nfound, (unsigned long long)among.n,
           strcmp(s->among, "-") ? s->among : "stdin");
    if (among.ndistinct < among.n)
        printf("%llu of %llu are different\n", (unsigned long long)among.ndistinct,
               (unsigned long long)among.n);
    return 0;
}

static int run(settings *s, const amkd_cli *cli)
{
    s->cat.path = cli->narguments ? cli->arguments[0] : NULL;
    s->cat.output = s->png ? s->png : s->common.output;
    s->cat.nthreads = s->common.nthreads;
    s->cat.fields = s->fields.text;
    s->cat.nfields = s->fields.n;
    s->cat.images = s->images.text;
    s->cat.nimages = s->images.n;
    s->cat.columns = s->columns;
    s->cat.scale = s->scale;
    if (s->check)
        return check_files(s, cli);
    if (s->among)
        return print_among(s);
    if (s->header)
        return amkd_cat_header(&s->cat);
    if (!s->png)
        return amkd_cat_rows(&s->cat);
    if (!amkd_cli_given(cli, "head"))
        s->cat.head = SHEET_IMAGES;
    return amkd_cat_sheet(&s->cat);
}

int main(int argc, char **argv)
{
    settings s = {.cat = {.format = "tsv", .head = UINT64_MAX}};
    amkd_common_init(&s.common);
    const amkd_option options[] = {
        {'f', "format", AMKD_TEXT, &s.cat.format, "NAME",
         "tsv (default), json (an object a line) or npy", 0, 0, 0,
         .choices = "tsv, json, npy"},
        {0, "field", AMKD_TEXTS, &s.fields, "NAME",
         "only this field; several in the order given", 0, 0, 0},
        {'N', "no-names", AMKD_FLAG, &s.cat.no_names, NULL,
         "TSV without the line of column names", 0, 0, 0},
        {'n', "head", AMKD_COUNT, &s.cat.head, "N", "the first N rows only", 0, 1,
         0x1p62},
        {0, "header", AMKD_FLAG, &s.header, NULL, "show only the header, as JSON", 0, 0,
         0},
        {0, "check", AMKD_FLAG, &s.check, NULL,
         "verify whole files, or journals, and all values in them", 0, 0, 0},
        {0, "among", AMKD_TEXT, &s.among, "FILE",
         "count the images whose very pixels are in that image set, too", 0, 0, 0},
        {0, "png", AMKD_TEXT, &s.png, "FILE",
         "draw the images, or those that picks and labels mix (default: 100)",
         AMKD_WRITES, 0, 0},
        {'i', "images", AMKD_TEXTS, &s.images, "FILE",
         "with --png: the image set, instead of the one the stream names;\n"
         "once for each set",
         0, 0, 0},
        {0, "columns", AMKD_COUNT, &s.columns, "N", "with --png: images a row", 0, 1,
         4096},
        {0, "scale", AMKD_COUNT, &s.scale, "N", "with --png: enlarge N times", 0, 1, 256},
        AMKD_OPTION_OUTPUT(s.common),
        AMKD_OPTION_THREADS(s.common),
        AMKD_OPTION_QUIET(s.common),
        AMKD_OPTION_VERBOSE(s.common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {
        .name = "amkd-cat",
        .summary = "show, convert or check a stream of images, pairs, picks or labels",
        .usage = "[OPTION]... [FILE]...",
        .notes = "Examples:\n"
                 "  amkd-cat picks.amkd | head\n"
                 "  amkd-cat --check *.amkd paid\n"
                 "  amkd-cat --among real.amkd test.amkd\n"
                 "  amkd-cat --format npy --field pixels -o x.npy images.amkd\n"
                 "  amkd-cat --png picks.png --head 64 picks.amkd",
        .options = options,
        .max_arguments = SIZE_MAX};
    amkd_cli cli;
    int status = amkd_cli_open(&cli, &tool, argc, argv);
    if (status)
        return cli.status;
    /* In "amkd-cat FILE | head" the end of head is no failure worth a message. */
    signal(SIGPIPE, SIG_DFL);
    status = check_options(&cli, &s);
    if (!status)
        status = amkd_cli_close(&cli, run(&s, &cli));
    else
        amkd_cli_close(&cli, 0);
    return status;
}
