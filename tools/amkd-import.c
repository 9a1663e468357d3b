/* amkd-import: makes an image set of IDX, CIFAR, NPY files or folders of PNG and JPEG. */
#include "base/cli.h"
#include "base/error.h"
#include "data/class_names.h"
#include "data/import.h"
#include "data/source.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    amkd_common common;
    amkd_import_options import;
    const char *class_names, *size;
    int gray, rgb;
} settings;

/* "28x20" is a width and a height. */
static int parse_size(size_t *width, size_t *height, const char *text)
{
    int end = 0;
    unsigned w, h;
    if (strspn(text, "0123456789x") != strlen(text) ||
        sscanf(text, "%5ux%5u%n", &w, &h, &end) != 2 || text[end] || !w || !h ||
        w > AMKD_PICTURE_MAX_SIDE || h > AMKD_PICTURE_MAX_SIDE)
        return -1;
    *width = w;
    *height = h;
    return 0;
}

static int check(const amkd_cli *cli, settings *s)
{
    amkd_import_options *o = &s->import;
    if (s->gray && s->rgb)
        return amkd_cli_misuse(cli, "--gray and --rgb exclude one another");
    if (o->unlabeled && (o->labels || s->class_names))
        return amkd_cli_misuse(cli, "--unlabeled leaves nothing to %s",
                               o->labels ? "--labels" : "--class-names");
    if (amkd_cli_given(cli, "seed") && !o->sample)
        return amkd_cli_misuse(cli, "--seed is for --sample");
    if (s->size && parse_size(&o->width, &o->height, s->size))
        return amkd_cli_misuse(cli, "--resize '%s': expected WIDTHxHEIGHT, as 28x28",
                               s->size);
    if (o->format && strcmp(o->format, "idx") && strcmp(o->format, "cifar10") &&
        strcmp(o->format, "cifar100") && strcmp(o->format, "folder") &&
        strcmp(o->format, "npy"))
        return amkd_cli_misuse(
            cli, "--format '%s': expected idx, cifar10, cifar100, folder or npy",
            o->format);
    o->channels = s->gray ? 1 : s->rgb ? 3 : 0;
    o->sources = cli->arguments;
    o->nsources = cli->narguments;
    o->nthreads = s->common.nthreads;
    o->quiet = s->common.quiet;
    return 0;
}

static int save(const settings *s, const amkd_images *images, const amkd_cli *cli)
{
    amkd_header header;
    if (amkd_images_header(&header, images->height, images->width, images->channels,
                           images->nclasses, images->class_names))
        return -1;
    int failed =
        amkd_header_add_provenance(&header, cli->tool->name, cli->command, NULL) ||
        amkd_images_save(images, s->common.output, &header, s->common.nthreads);
    amkd_header_clear(&header);
    return failed ? -1 : 0;
}

static int run(settings *s, const amkd_cli *cli)
{
    amkd_images *images;
    if (s->class_names && amkd_class_names_read(&s->import.class_names, s->class_names))
        return -1;
    int failed = amkd_import(&images, &s->import);
    json_decref(s->import.class_names);
    if (failed)
        return -1;
    if (s->class_names && !images->labels)
        failed = amkd_fail("class names, but the images have no labels");
    if (!failed)
        failed = save(s, images, cli);
    if (!failed && s->common.verbose)
        fprintf(stderr, "amkd-import: %zu images of %zux%zu, %zu channels, %zu classes\n",
                images->n, images->width, images->height, images->channels,
                images->nclasses);
    amkd_images_free(images);
    return failed;
}

int main(int argc, char **argv)
{
    settings s = {0};
    amkd_import_options *o = &s.import;
    amkd_common_init(&s.common);
    const amkd_option options[] = {
        AMKD_OPTION_OUTPUT(s.common),
        {0, "format", AMKD_TEXT, &o->format, "NAME",
         "idx, cifar10, cifar100, folder or npy (default: as the source shows)"},
        {0, "labels", AMKD_TEXT, &o->labels, "FILE",
         "labels of all sources in turn, IDX or NPY (default: the sources' own)"},
        {0, "unlabeled", AMKD_FLAG, &o->unlabeled, NULL, "leave labels out"},
        {0, "class-names", AMKD_TEXT, &s.class_names, "FILE|LIST",
         "names of the classes: a file, one a line, or a list with commas;\n"
         "for folders also their order"},
        {0, "limit", AMKD_COUNT, &o->limit, "N", "the first N images only", 0, 1, 4e9},
        {0, "sample", AMKD_COUNT, &o->sample, "N",
         "N images drawn without replacement, in their order", 0, 1, 4e9},
        AMKD_OPTION_SEED(o->seed),
        {0, "resize", AMKD_TEXT, &s.size, "WxH", "resize all to W wide and H high"},
        {0, "gray", AMKD_FLAG, &s.gray, NULL, "convert to one channel"},
        {0, "rgb", AMKD_FLAG, &s.rgb, NULL, "convert to three channels"},
        AMKD_OPTION_THREADS(s.common),
        AMKD_OPTION_QUIET(s.common),
        AMKD_OPTION_VERBOSE(s.common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {
        "amkd-import",
        "make an image set of IDX, CIFAR, NPY files or folders of PNG and JPEG",
        "[OPTION]... SOURCE...",
        "Examples:\n"
        "  amkd-import -o test.amkd t10k-images-idx3-ubyte.gz\n"
        "  amkd-import --unlabeled --resize 32x32 --rgb -o real.amkd photos/",
        options,
        1,
        SIZE_MAX,
    };
    amkd_cli cli;
    int status = amkd_cli_open(&cli, &tool, argc, argv);
    if (status)
        return cli.status;
    status = check(&cli, &s);
    if (status) {
        amkd_cli_close(&cli, 0);
        return status;
    }
    return amkd_cli_close(&cli, run(&s, &cli));
}
