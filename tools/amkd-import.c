/* amkd-import: makes an image set of IDX, CIFAR, NPY files or folders of pictures. */
#include "base/cli.h"
#include "base/error.h"
#include "data/class_names.h"
#include "data/distinct.h"
#include "data/images.h"
#include "data/images_header.h"
#include "data/images_writer.h"
#include "data/import.h"
#include "data/source.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct settings {
    amkd_common common;
    amkd_import_options import;
    const char *class_names, *size, *alpha;
    amkd_texts apart;
    uint64_t near;
    int gray, rgb;
} settings;

/* Notes of each kind, and reasons, unless -v shows all. */
enum { NOTES_SHOWN = 20, REASONS_SHOWN = 12 };

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
    if (s->alpha)
        o->decode.alpha = (amkd_alpha)amkd_cli_choice(cli, "alpha");
    o->distinct = amkd_cli_given(cli, "distinct");
    if (s->apart.n && !o->distinct)
        return amkd_cli_misuse(cli,
                               "--apart-from needs --distinct, whose BITS it goes by");
    o->near = (unsigned)s->near;
    o->apart = s->apart.text;
    o->napart = s->apart.n;
    o->channels = s->gray ? 1 : s->rgb ? 3 : 0;
    o->sources = cli->arguments;
    o->nsources = cli->narguments;
    o->nthreads = s->common.nthreads;
    o->quiet = s->common.quiet;
    return 0;
}

/* Where the images go as they come. */
typedef struct saving {
    const settings *settings;
    const amkd_cli *cli;
    amkd_images_writer *writer;
    uint64_t nimages;
    size_t height, width, channels, nclasses;
} saving;

static int open_output(void *context, const amkd_images *set, uint64_t nimages)
{
    saving *out = context;
    const amkd_common *common = &out->settings->common;
    amkd_header header;
    if (out->settings->class_names && !set->labels)
        return amkd_fail("class names, but the images have no labels");
    if (amkd_images_header(&header, set->height, set->width, set->channels, set->nclasses,
                           set->class_names))
        return -1;
    const int failed =
        amkd_header_add_provenance(&header, out->cli->tool->name, out->cli->command,
                                   NULL) ||
        (nimages &&
         amkd_header_put(&header, "rows", json_integer((json_int_t)nimages))) ||
        amkd_images_writer_open(&out->writer, common->output, &header, common->nthreads);
    amkd_header_clear(&header);
    out->height = set->height;
    out->width = set->width;
    out->channels = set->channels;
    out->nclasses = set->nclasses;
    return failed ? -1 : 0;
}

static int take_images(void *context, const amkd_images *set)
{
    saving *out = context;
    out->nimages += set->n;
    return amkd_images_writer_write(out->writer, set);
}

/* A heading for the notes, if there are any, and those that are kept. */
static void show(amkd_notes *notes, const char *heading)
{
    amkd_notes_sort(notes);
    if (notes->n)
        fprintf(stderr, "amkd-import: %s:\n", heading);
    for (size_t i = 0; i < notes->nkept; i++)
        fprintf(stderr, "  %s\n", notes->kept[i].text);
    if (notes->n > notes->nkept)
        fprintf(stderr, "  and %llu more (-v shows all)\n",
                (unsigned long long)(notes->n - notes->nkept));
}

/* "left out as repeats of an earlier image: 7 with the same pixels, 5 near": */
static void tell_repeats(amkd_repeats *repeats, const char *of)
{
    char heading[224], relabeled[64] = "";
    if (repeats->nrelabeled)
        snprintf(relabeled, sizeof relabeled, "; %llu of them with another label",
                 (unsigned long long)repeats->nrelabeled);
    snprintf(heading, sizeof heading,
             "left out as repeats of %s: %llu with the same pixels, %llu near%s", of,
             (unsigned long long)repeats->nexact,
             (unsigned long long)(repeats->notes.n - repeats->nexact), relabeled);
    show(&repeats->notes, heading);
}

/* The summary: how many are not in the set for each reason, with an example. */
static void tell_reasons(amkd_reasons *reasons, int all)
{
    uint64_t left = reasons->n;
    amkd_reasons_sort(reasons);
    if (reasons->n)
        fprintf(stderr, "amkd-import: left out in all: %llu\n",
                (unsigned long long)reasons->n);
    for (size_t r = 0; r < reasons->nreasons && (all || r < REASONS_SHOWN); r++) {
        const amkd_reason *reason = &reasons->reasons[r];
        fprintf(stderr, "%8llu  %s, as %s\n", (unsigned long long)reason->n, reason->text,
                reason->example);
        left -= reason->n;
    }
    if (left)
        fprintf(stderr, "%8llu  for other reasons%s\n", (unsigned long long)left,
                all ? "" : " (-v shows all)");
}

/* Says what was passed over, read with doubts and not read at all. */
static void tell(amkd_import_report *r, int dropped_alpha, int failed, int all)
{
    char heading[128];
    amkd_notes_sort(&r->remarks);
    for (size_t i = 0; i < r->remarks.nkept; i++)
        fprintf(stderr, "amkd-import: %s\n", r->remarks.kept[i].text);
    show(&r->passed, "passed over");
    if (r->ntransparent && dropped_alpha)
        fprintf(stderr,
                "amkd-import: dropped transparency in pictures: %llu (--alpha white or "
                "black lays them onto that)\n",
                (unsigned long long)r->ntransparent);
    show(&r->doubtful, "read, but to be looked at");
    snprintf(heading, sizeof heading, "%llu of %llu pictures cannot be read%s",
             (unsigned long long)r->bad.n, (unsigned long long)r->npictures,
             failed ? "" : " and are left out");
    show(&r->bad, heading);
    tell_repeats(&r->apart, "an image to be apart from");
    tell_repeats(&r->repeats, "an earlier image");
    tell_reasons(&r->reasons, all);
}

static int import(saving *out, settings *s)
{
    const amkd_import_sink sink = {out, open_output, take_images};
    amkd_import_report report;
    amkd_import_report_init(&report, s->common.verbose ? SIZE_MAX : NOTES_SHOWN);
    s->import.report = &report;
    int failed = amkd_import_into(&sink, &s->import);
    if (!s->common.quiet)
        tell(&report, s->import.decode.alpha == AMKD_ALPHA_DROP, failed,
             s->common.verbose);
    amkd_import_report_clear(&report);
    if (!failed)
        return amkd_images_writer_close(out->writer);
    amkd_images_writer_discard(out->writer);
    return -1;
}

/* Names that are listed; those of a file are looked at when it is read. */
static int check_names(const amkd_cli *cli, const settings *s)
{
    json_t *names = NULL;
    if (!s->class_names || !amkd_class_names_are_listed(s->class_names))
        return 0;
    const int rc = amkd_class_names_read(&names, s->class_names)
                       ? amkd_cli_misuse(cli, "--class-names: %s", amkd_error())
                       : 0;
    json_decref(names);
    return rc;
}

static int run(settings *s, const amkd_cli *cli)
{
    saving out = {.settings = s, .cli = cli};
    if (s->class_names && amkd_class_names_read(&s->import.class_names, s->class_names))
        return -1;
    const int failed = import(&out, s);
    json_decref(s->import.class_names);
    if (!failed && s->common.verbose)
        fprintf(stderr,
                "amkd-import: %" PRIu64 " images of %zux%zu, %zu channels, %zu classes\n",
                out.nimages, out.width, out.height, out.channels, out.nclasses);
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
         "idx, cifar10, cifar100, folder or npy (default: as the source shows)",
         .choices = "idx, cifar10, cifar100, folder, npy"},
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
        {0, "layout", AMKD_TEXT, &o->layout, "NAME",
         "where NPY arrays have their channels: nhwc or nchw\n(default: as the shape "
         "shows)",
         .choices = "nhwc, nchw"},
        {0, "alpha", AMKD_TEXT, &s.alpha, "HOW",
         "transparent pictures: drop (default: the colours as stored), or laid onto\n"
         "white or black",
         .choices = "drop, white, black"},
        {0, "ignore-exif", AMKD_FLAG, &o->decode.ignore_exif, NULL,
         "do not turn pictures as their EXIF data say"},
        {0, "skip-bad", AMKD_NUMBER, &o->skip_bad, "SHARE",
         "leave out pictures that cannot be read and name them; fail when they\n"
         "are more than SHARE of all: 0.01 is one in a hundred\n"
         "(default: fail at the first)",
         0, 0, 1},
        {0, "distinct", AMKD_COUNT, &s.near, "BITS",
         "leave out images that repeat an earlier one: 0 for the same pixels alone,\n"
         "or near it, within BITS of the 256 of a perceptual hash: 31 for photos,\n"
         "16 for small gray drawings",
         0, 0, AMKD_DISTINCT_MAX_BITS},
        {0, "apart-from", AMKD_TEXTS, &s.apart, "FILE",
         "with --distinct: leave out, too, what repeats an image of FILE, an images\n"
         "stream, as the test set; may be given several times"},
        AMKD_OPTION_THREADS(s.common),
        AMKD_OPTION_QUIET(s.common),
        AMKD_OPTION_VERBOSE(s.common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {
        "amkd-import",
        "make an image set of IDX, CIFAR, NPY files or folders of pictures",
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
    if (!status)
        status = check_names(&cli, &s);
    if (status) {
        amkd_cli_close(&cli, 0);
        return status;
    }
    return amkd_cli_close(&cli, run(&s, &cli));
}
