#include "base/cli_paths.h"
#include "base/error.h"
#include "base/file.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The directory that path is in, and its name there. Returns whether there is one. */
static int split(struct stat *folder, const char **name, const char *path)
{
    const char *slash = strrchr(path, '/');
    char text[PATH_MAX];
    *name = slash ? slash + 1 : path;
    const int length = snprintf(text, sizeof text, "%.*s",
                                slash ? (int)(slash + 1 - path) : 1, slash ? path : ".");
    return length > 0 && (size_t)length < sizeof text && !stat(text, folder);
}

/* Whether two files that are not there yet will be one. */
static int will_be_one(const char *a, const char *b)
{
    struct stat of_a, of_b;
    const char *name_a, *name_b;
    return split(&of_a, &name_a, a) && split(&of_b, &name_b, b) &&
           of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino &&
           !strcmp(name_a, name_b);
}

/* Whether both are one regular file, or will be. */
static int are_one(const char *a, const char *b)
{
    struct stat of_a, of_b;
    const int has_a = !stat(a, &of_a), has_b = !stat(b, &of_b);
    if (!has_a && !has_b)
        return will_be_one(a, b);
    return has_a && has_b && S_ISREG(of_a.st_mode) && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}

static const char *path_of(const amkd_option *option)
{
    const char *path = *(const char *const *)option->value;
    return path && strcmp(path, "-") != 0 ? path : NULL;
}

static int is_read(const amkd_option *option)
{
    static const char *const placeholders[] = {"FILE", "MODEL", "LABELS", "IMAGES"};
    const int text = option->type == AMKD_TEXT || option->type == AMKD_TEXTS;
    if (!text || option->flags & (AMKD_WRITES | AMKD_GOES_ON))
        return 0;
    for (size_t p = 0; p < sizeof placeholders / sizeof *placeholders; p++)
        if (!strcmp(option->argument, placeholders[p]))
            return 1;
    return 0;
}

static int refuse(const amkd_cli *cli, const amkd_option *written, const char *other)
{
    return amkd_cli_misuse(cli,
                           "option '--%s': '%s' is what %s names, too: it would be "
                           "written over",
                           written->long_name, path_of(written), other);
}

/* Beside one of the other options. */
static int check_option(const amkd_cli *cli, const amkd_option *written,
                        const amkd_option *other)
{
    const char *path = path_of(written);
    char name[64] = "--";
    strncat(name, other->long_name, sizeof name - 3);
    if (other->type == AMKD_TEXTS && is_read(other)) {
        const amkd_texts *texts = other->value;
        for (size_t t = 0; t < texts->n; t++)
            if (are_one(path, texts->text[t]))
                return refuse(cli, written, name);
        return 0;
    }
    if (!is_read(other) && !(other->flags & AMKD_WRITES && other > written))
        return 0;
    return path_of(other) && are_one(path, path_of(other)) ? refuse(cli, written, name)
                                                           : 0;
}

int amkd_cli_check_paths(const amkd_cli *cli)
{
    const amkd_option *options = cli->tool->options;
    int rc = 0;
    for (const amkd_option *o = options; o->long_name; o++)
        if (o->flags & AMKD_ADDS && cli->given[o - options])
            return 0;
    for (const amkd_option *w = options; !rc && w->long_name; w++) {
        if (!(w->flags & AMKD_WRITES) || !path_of(w))
            continue;
        for (size_t a = 0; !rc && a < cli->narguments; a++)
            if (are_one(path_of(w), cli->arguments[a]))
                rc = refuse(cli, w, "an argument");
        for (const amkd_option *o = options; !rc && o->long_name; o++)
            rc = check_option(cli, w, o);
    }
    return rc;
}

int amkd_cli_probe_paths(const amkd_cli *cli)
{
    for (const amkd_option *w = cli->tool->options; w->long_name; w++)
        if (w->flags & AMKD_WRITES && path_of(w) && amkd_output_probe(path_of(w), NULL))
            return amkd_fail_in("option '--%s'", w->long_name);
    return 0;
}
