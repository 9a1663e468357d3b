/* The command line: parses by the option table, records the command, prints what went
 * wrong. A parser of its own rather than getopt_long, which keeps its state in globals
 * and says messages in words of its own. */
#include "base/cli.h"
#include "base/choices.h"
#include "base/cli_help.h"
#include "base/cli_paths.h"
#include "base/cli_say.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct words {
    amkd_cli *cli;
    int argc;
    char **argv;
    int next;       /* the word of argv to read next */
    int only_words; /* "--" was seen */
} words;

enum { GO_ON = 0, DONE = 1, MISUSE = 2 };

static size_t count_options(const amkd_tool *tool)
{
    size_t n = 0;
    while (tool->options[n].long_name)
        n++;
    return n;
}

/* text is NULL where it would not have been UTF-8, which is all that JSON holds. option:
 * whose value it is, or NULL for the word read last. */
static int record(words *parser, const amkd_option *option, json_t *text)
{
    if (!json_array_append_new(parser->cli->command, text))
        return GO_ON;
    if (option)
        return amkd_cli_misuse(parser->cli, "option '--%s': not valid UTF-8",
                               option->long_name);
    return amkd_cli_misuse(parser->cli, "argument '%s' is not valid UTF-8",
                           parser->argv[parser->next - 1]);
}

static int record_option(words *parser, const amkd_option *option, const char *value)
{
    if (option->flags & AMKD_WHERE)
        return GO_ON;
    if (!value)
        return record(parser, option, json_sprintf("--%s", option->long_name));
    return record(parser, option, json_sprintf("--%s=%s", option->long_name, value));
}

static int parse_count(uint64_t *count, const char *text)
{
    if (*text < '0' || *text > '9')
        return -1;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    uint64_t unit = *end == 'k'   ? 1000
                    : *end == 'M' ? 1000000
                    : *end == 'G' ? 1000000000
                                  : 1;
    if (errno || end[unit > 1] || value > UINT64_MAX / unit)
        return -1;
    *count = value * unit;
    return 0;
}

static int parse_number(double *number, const char *text)
{
    char *end;
    *number = strtod(text, &end);
    return end == text || *end || !isfinite(*number) ? -1 : 0;
}

static int out_of_bounds(const amkd_option *option, double value)
{
    return (option->min != 0 || option->max != 0) &&
           (value < option->min || value > option->max);
}

static int set_text(words *parser, const amkd_option *option, const char *text)
{
    if (option->choices && !(option->flags & AMKD_OPEN) &&
        amkd_choices_place(option->choices, text) < 0)
        return amkd_cli_misuse(parser->cli, "option '--%s': '%s' is none of %s",
                               option->long_name, text, option->choices);
    if (option->type == AMKD_TEXT) {
        *(const char **)option->value = text;
        return GO_ON;
    }
    amkd_texts *texts = option->value;
    const char **grown = amkd_realloc(texts->text, texts->n + 1, sizeof *grown);
    if (!grown)
        return amkd_cli_misuse(parser->cli, "%s", amkd_error());
    texts->text = grown;
    texts->text[texts->n++] = text;
    return GO_ON;
}

static int set_option(words *parser, const amkd_option *option, const char *text)
{
    amkd_cli *cli = parser->cli;
    cli->given[option - cli->tool->options] = 1;
    double value = 0;
    if (option->type == AMKD_FLAG) {
        *(int *)option->value = 1;
    } else if (option->type == AMKD_COUNT) {
        if (parse_count(option->value, text))
            return amkd_cli_misuse(cli, "option '--%s': '%s' is not a whole number",
                                   option->long_name, text);
        value = (double)*(uint64_t *)option->value;
    } else if (option->type == AMKD_NUMBER) {
        if (parse_number(option->value, text))
            return amkd_cli_misuse(cli, "option '--%s': '%s' is not a number",
                                   option->long_name, text);
        value = *(double *)option->value;
    } else if (set_text(parser, option, text)) {
        return MISUSE;
    }
    if (option->type != AMKD_TEXT && option->type != AMKD_TEXTS &&
        option->type != AMKD_FLAG && out_of_bounds(option, value))
        return amkd_cli_misuse(cli, "option '--%s': %s is outside [%.15g, %.15g]",
                               option->long_name, text, option->min, option->max);
    return record_option(parser, option, option->type == AMKD_FLAG ? NULL : text);
}

/* The value of an option that takes one: what is attached, or else the next word. */
static int take_value(words *parser, const amkd_option *option, const char *attached)
{
    if (!attached) {
        if (parser->next == parser->argc)
            return amkd_cli_misuse(parser->cli, "option '--%s' needs an argument (%s)",
                                   option->long_name, option->argument);
        attached = parser->argv[parser->next++];
    }
    return set_option(parser, option, attached);
}

/* Finds the option whose long name is the n bytes of name, else the only one that begins
 * with them. */
static int find_long(const amkd_option **found, const words *parser, const char *name,
                     size_t n)
{
    const amkd_option *other = NULL;
    *found = NULL;
    for (const amkd_option *option = parser->cli->tool->options; option->long_name;
         option++) {
        if (strncmp(option->long_name, name, n))
            continue;
        if (!option->long_name[n]) {
            *found = option;
            return GO_ON;
        }
        if (!*found)
            *found = option;
        else if (!other)
            other = option;
    }
    if (other)
        return amkd_cli_misuse(parser->cli,
                               "option '--%.*s' is ambiguous: '--%s' or '--%s'", (int)n,
                               name, (*found)->long_name, other->long_name);
    if (!*found)
        return amkd_cli_misuse(parser->cli, "unknown option '--%.*s'", (int)n, name);
    return GO_ON;
}

static int parse_long(words *parser, const char *name)
{
    const char *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    const int whole = !parser->cli->text;
    if (whole && !strcmp(name, "help")) {
        amkd_cli_print_help(parser->cli->tool);
        return DONE;
    }
    if (whole && !strcmp(name, "version")) {
        amkd_cli_print_version(parser->cli->tool);
        return DONE;
    }
    if (whole && !strcmp(name, "options")) {
        amkd_cli_print_options(parser->cli->tool);
        return DONE;
    }
    const amkd_option *option;
    if (find_long(&option, parser, name, n))
        return MISUSE;
    if (option->type != AMKD_FLAG)
        return take_value(parser, option, equals ? equals + 1 : NULL);
    if (equals)
        return amkd_cli_misuse(parser->cli, "option '--%s' takes no argument",
                               option->long_name);
    return set_option(parser, option, NULL);
}

/* A word such as -qk1000: flags, and at most one option with a value, which ends it. */
static int parse_short(words *parser, const char *letters)
{
    for (; *letters; letters++) {
        const amkd_option *option = parser->cli->tool->options;
        while (option->long_name && option->short_name != *letters)
            option++;
        if (!option->long_name)
            return amkd_cli_misuse(parser->cli, "unknown option '-%c'", *letters);
        if (option->type != AMKD_FLAG)
            return take_value(parser, option, letters[1] ? letters + 1 : NULL);
        int rc = set_option(parser, option, NULL);
        if (rc)
            return rc;
    }
    return GO_ON;
}

static int add_argument(words *parser, const char *word)
{
    amkd_cli *cli = parser->cli;
    if (cli->narguments == cli->tool->max_arguments)
        return amkd_cli_misuse(cli, "unexpected argument '%s'", word);
    cli->arguments[cli->narguments++] = word;
    return record(parser, NULL, json_string(word));
}

static int parse_word(words *parser)
{
    const char *word = parser->argv[parser->next++];
    if (parser->only_words || word[0] != '-' || !word[1])
        return add_argument(parser, word);
    if (word[1] != '-')
        return parse_short(parser, word + 1);
    if (word[2])
        return parse_long(parser, word + 2);
    parser->only_words = 1;
    return record(parser, NULL, json_string("--"));
}

static int parse_all(amkd_cli *cli, int argc, char **argv)
{
    words parser = {cli, argc, argv, argc > 0, 0};
    cli->command = json_array();
    cli->arguments = amkd_alloc((size_t)argc + 1, sizeof *cli->arguments);
    cli->given = amkd_alloc(count_options(cli->tool) + 1, 1);
    if (!cli->command || !cli->arguments || !cli->given)
        return amkd_cli_misuse(cli, "out of memory");
    int rc = record(&parser, NULL, json_string(cli->tool->name));
    while (!rc && parser.next < argc)
        rc = parse_word(&parser);
    if (!rc && cli->narguments < cli->tool->min_arguments)
        rc = amkd_cli_misuse(cli, "an argument is missing: usage: %s %s", cli->tool->name,
                             cli->tool->usage);
    return rc ? rc : amkd_cli_check_paths(cli);
}

void amkd_cli_clear(amkd_cli *cli)
{
    for (const amkd_option *option = cli->tool->options; option->long_name; option++) {
        if (option->type == AMKD_TEXTS) {
            amkd_texts *texts = option->value;
            free(texts->text);
            *texts = (amkd_texts){0, NULL};
        }
    }
    free(cli->arguments);
    free(cli->given);
    free(cli->text);
    json_decref(cli->command);
    cli->arguments = NULL;
    cli->given = NULL;
    cli->text = NULL;
    cli->command = NULL;
    cli->narguments = 0;
}

/* What stdio still holds of stdout must arrive too: `amkd-eval > /dev/full` is a failure.
 */
static int flush_stdout(void)
{
    if (fflush(stdout) || ferror(stdout))
        return amkd_fail_errno("stdout");
    return 0;
}

/* What is closed (`>&-`) must not be the number of the next file opened: data would be
 * read from it, or messages written into it. Opened the wrong way round it fails as a
 * closed file does. */
static void fill_standard_files(void)
{
    static const int flags[] = {O_WRONLY, O_RDONLY, O_RDWR};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", flags[fd]); /* takes the lowest number free: fd */
}

int amkd_cli_open(amkd_cli *cli, const amkd_tool *tool, int argc, char **argv)
{
    *cli = (amkd_cli){.tool = tool};
    fill_standard_files();
    /* A reader that leaves (`| head`) is then an ordinary failed write, "Broken pipe";
     * and a file beyond the limit of its size "File too large". */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    int rc = parse_all(cli, argc, argv);
    cli->status = rc == MISUSE ? 2 : 0;
    if (rc == DONE && flush_stdout()) {
        amkd_cli_say(tool->name, "", amkd_error());
        cli->status = 1;
    }
    if (rc)
        amkd_cli_clear(cli);
    return rc;
}

int amkd_cli_parse(amkd_cli *cli, const amkd_tool *tool, const char *text)
{
    static const char blanks[] = " \t\n";
    *cli = (amkd_cli){.tool = tool, .text = amkd_format("%s", text)};
    char **argv = amkd_alloc(strlen(text) / 2 + 2, sizeof *argv);
    char name[64], *rest = NULL;
    int argc = 1, rc = cli->text && argv ? GO_ON : MISUSE;
    snprintf(name, sizeof name, "%s", tool->name);
    if (!rc) {
        argv[0] = name;
        for (char *word = strtok_r(cli->text, blanks, &rest); word;
             word = strtok_r(NULL, blanks, &rest))
            argv[argc++] = word;
        rc = parse_all(cli, argc, argv);
    }
    free(argv);
    if (rc)
        amkd_cli_clear(cli);
    return rc ? -1 : 0;
}

/* NULL: there is none of this name. */
static const amkd_option *option_of(const amkd_tool *tool, const char *long_name)
{
    for (const amkd_option *option = tool->options; option->long_name; option++)
        if (!strcmp(option->long_name, long_name))
            return option;
    return NULL;
}

int amkd_cli_given(const amkd_cli *cli, const char *long_name)
{
    const amkd_option *option = option_of(cli->tool, long_name);
    return option && cli->given[option - cli->tool->options];
}

int amkd_cli_choice(const amkd_cli *cli, const char *long_name)
{
    const amkd_option *option = option_of(cli->tool, long_name);
    const char *value = *(const char *const *)option->value;
    return value ? amkd_choices_place(option->choices, value) : -1;
}

int amkd_cli_misuse(const amkd_cli *cli, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (cli->text || amkd_cli_is_silent()) {
        char message[256];
        vsnprintf(message, sizeof message, format, arguments);
        (void)amkd_fail("%s", message);
    } else {
        fprintf(stderr, "%s: ", cli->tool->name);
        vfprintf(stderr, format, arguments);
        fprintf(stderr, "\nTry '%s --help'\n", cli->tool->name);
    }
    va_end(arguments);
    return MISUSE;
}

int amkd_cli_close(amkd_cli *cli, int result)
{
    if (!result)
        result = flush_stdout();
    if (result)
        amkd_cli_say(cli->tool->name, "", amkd_error());
    else if (amkd_remarked())
        amkd_cli_say(cli->tool->name, "warning: ", amkd_remarked());
    amkd_cli_clear(cli);
    return result ? 1 : 0;
}

void amkd_common_init(amkd_common *common)
{
    *common = (amkd_common){.nthreads = amkd_processors()};
}
