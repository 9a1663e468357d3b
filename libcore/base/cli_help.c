/* The help text: options in a column as wide as the widest, help beside them; and the
 * same for programs. */
#include "base/cli_help.h"
#include "base/version.h"
#include <stdio.h>
#include <string.h>

enum { LABEL_MAX = 96, COLUMN_MAX = 28 };

static int print_label(char *label, const amkd_option *option)
{
    char letter[8] = "    ";
    if (option->short_name)
        snprintf(letter, sizeof letter, "-%c, ", option->short_name);
    return snprintf(label, LABEL_MAX, "  %s--%s%s%s", letter, option->long_name,
                    option->argument ? "=" : "",
                    option->argument ? option->argument : "");
}

static int column_width(const amkd_option *options)
{
    char label[LABEL_MAX];
    int width = (int)strlen("      --version");
    for (; options->long_name; options++) {
        int n = print_label(label, options);
        if (n > width && n <= COLUMN_MAX)
            width = n;
    }
    return width + 2;
}

/* A label wider than the column has its help on the next line. */
static void print_option(const amkd_option *option, int width)
{
    char label[LABEL_MAX];
    int n = print_label(label, option);
    if (option->heading)
        printf("\n%s\n", option->heading);
    if (n + 2 > width)
        printf("%s\n%*s", label, width, "");
    else
        printf("%-*s", width, label);
    for (const char *line = option->help, *end; line; line = end ? end + 1 : NULL) {
        end = strchr(line, '\n');
        printf("%.*s\n", end ? (int)(end - line) : (int)strlen(line), line);
        if (end)
            printf("%*s", width, "");
    }
}

static const amkd_option built_in[] = {
    {.long_name = "help", .help = "print this text and exit"},
    {.long_name = "version", .help = "print the version and exit"},
};
enum { NBUILT_IN = sizeof built_in / sizeof *built_in };

void amkd_cli_print_help(const amkd_tool *tool)
{
    printf("Usage: %s %s\n%s\n\n", tool->name, tool->usage, tool->summary);
    int width = column_width(tool->options);
    for (const amkd_option *option = tool->options; option->long_name; option++)
        print_option(option, width);
    for (size_t i = 0; i < NBUILT_IN; i++)
        print_option(&built_in[i], width);
    if (tool->notes)
        printf("\n%s%s", tool->notes,
               *tool->notes && tool->notes[strlen(tool->notes) - 1] == '\n' ? "" : "\n");
}

void amkd_cli_print_version(const amkd_tool *tool)
{
    printf("%s " AMKD_VERSION "\n", tool->name);
}

/* A field of the table, in one line; "-" where there is nothing. */
static void print_field(const char *text, char end)
{
    if (!text || !*text)
        text = "-";
    for (; *text; text++)
        putchar(*text == '\n' || *text == '\t' ? ' ' : *text);
    putchar(end);
}

static void print_row(const amkd_option *option)
{
    static const char *const types[] = {"flag", "count", "number", "text", "texts"};
    const char letter[] = {option->short_name, 0};
    print_field(letter, '\t');
    print_field(option->long_name, '\t');
    print_field(types[option->type], '\t');
    print_field(option->argument, '\t');
    print_field(option->choices, '\t');
    print_field(option->help, '\n');
}

void amkd_cli_print_options(const amkd_tool *tool)
{
    for (const amkd_option *option = tool->options; option->long_name; option++)
        print_row(option);
    for (size_t i = 0; i < NBUILT_IN; i++)
        print_row(&built_in[i]);
}
