/* amkd-query: a teacher's answers about picks or images. */
#include "base/cli.h"
#include "compute/device.h"
#include "steps/query.h"
#include "teacher/url.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char notes[] =
    "TEACHER is\n"
    "  model:FILE   a model of amkd-train\n"
    "  exec:CMD     a program kept open: NPY arrays of images to its stdin, NPY arrays\n"
    "               of probabilities from its stdout\n"
    "  http://HOST/v2/models/NAME[/versions/V]   a server of the Open Inference "
    "Protocol\n"
    "  http://HOST/v1/models/NAME[/versions/V]   TensorFlow Serving\n"
    "  http://...   any JSON API, by --request and --response; all by https:// too\n\n"
    "Examples:\n"
    "  amkd-query -t exec:./teacher.py -o labels.amkd real.amkd\n"
    "  amkd-query -t exec:./teacher.py --budget 5k --append -o labels.amkd picks.amkd\n"
    "  amkd-query -t https://models.example/v2/models/digits -o labels.amkd picks.amkd\n";

typedef struct arguments {
    amkd_query_options query;
    amkd_common common;
    amkd_texts images;
    uint64_t batch, concurrency;
} arguments;

/* Options of one kind of teacher, given for another: they would do nothing. */
static int check_http(const amkd_cli *cli, const arguments *a)
{
    static const char *const http_only[] = {
        "concurrency", "connect-timeout", "header-file", "cacert",
        "insecure",    "layout",          "answer",      "no-binary",
        "columns",     "request",         "response",    "classes"};
    static const char *const not_by_template[] = {"input", "layout", "answer",
                                                  "no-binary", "columns"};
    const amkd_http_options *http = &a->query.http;
    int is_http = amkd_url_is(a->query.teacher);
    for (size_t i = 0; !is_http && i < sizeof http_only / sizeof *http_only; i++)
        if (amkd_cli_given(cli, http_only[i]))
            return amkd_cli_misuse(cli, "--%s is for teachers at a URL", http_only[i]);
    if (!http->request != !http->response)
        return amkd_cli_misuse(cli, "--request and --response go together");
    if (http->classes && !http->request)
        return amkd_cli_misuse(cli, "--classes is for answers to a --request");
    for (size_t i = 0; http->request && i < sizeof not_by_template / sizeof(char *); i++)
        if (amkd_cli_given(cli, not_by_template[i]))
            return amkd_cli_misuse(cli, "--%s is not for a --request",
                                   not_by_template[i]);
    return 0;
}

/* Misuse that the option table cannot tell: 0 when there is none. */
static int check(const amkd_cli *cli, const arguments *a)
{
    const char *dtype = a->query.dtype, *layout = a->query.http.layout;
    if (!a->query.teacher)
        return amkd_cli_misuse(cli, "--teacher is needed");
    if (dtype && strcmp(dtype, "uint8") != 0 && strcmp(dtype, "float32") != 0)
        return amkd_cli_misuse(cli, "--input: '%s' is neither uint8 nor float32", dtype);
    if (layout && strcmp(layout, "nchw") != 0 && strcmp(layout, "nhwc") != 0)
        return amkd_cli_misuse(cli, "--layout: '%s' is neither nchw nor nhwc", layout);
    int rc = check_http(cli, a);
    if (rc)
        return rc;
    if (a->query.append && (!a->common.output || strcmp(a->common.output, "-") == 0))
        return amkd_cli_misuse(cli, "--append needs the file to add to: --output FILE");
    return 0;
}

static int run(const arguments *a)
{
    amkd_query_counts counts;
    int rc = amkd_query_write(&counts, &a->query);
    if (rc == 0 && counts.left && !a->common.quiet)
        fprintf(stderr,
                "amkd-query: the budget of %" PRIu64 " answers is reached, %" PRIu64
                " rows were not asked\n",
                a->query.budget, counts.left);
    if (a->common.verbose)
        fprintf(stderr, "amkd-query: %" PRIu64 " asked, %" PRIu64 " skipped\n",
                counts.asked, counts.known);
    return rc;
}

int main(int argc, char **argv)
{
    arguments a = {.query = {.timeout = 300}, .batch = 256, .concurrency = 4};
    amkd_http_options *http = &a.query.http;
    amkd_common_init(&a.common);
    const amkd_option options[] = {
        {'t', "teacher", AMKD_TEXT, &a.query.teacher, "TEACHER", "whom to ask", 0, 0, 0},
        {0, "budget", AMKD_COUNT, &a.query.budget, "N",
         "have N answers at most, those there before --append included\n"
         "(default: no limit)",
         0, 1, 0x1p62},
        {0, "append", AMKD_FLAG, &a.query.append, NULL,
         "add to the output what is not in it yet; each batch of answers is\n"
         "on disk before the next is asked",
         AMKD_WHERE, 0, 0},
        {0, "batch", AMKD_COUNT, &a.batch, "N", "images a request (default: 256)",
         AMKD_WHERE, 1, 1 << 20},
        {0, "input", AMKD_TEXT, &a.query.dtype, "TYPE",
         "what teachers get: uint8, or float32 from 0 to 1 (default: uint8 for\n"
         "programs, what the model says of itself for servers)",
         0, 0, 0},
        {0, "timeout", AMKD_NUMBER, &a.query.timeout, "S",
         "give up a program or request that takes longer than S seconds\n"
         "(default: 300; 0: never)",
         AMKD_WHERE, 0, 1e9},
        {0, "concurrency", AMKD_COUNT, &a.concurrency, "N",
         "requests under way at once (default: 4)", AMKD_WHERE, 1, 1024,
         "Teachers at a URL:"},
        {0, "connect-timeout", AMKD_NUMBER, &http->connect_timeout, "S",
         "give up connecting after S seconds (default: 30)", AMKD_WHERE, 0.001, 1e9},
        {0, "header-file", AMKD_TEXT, &http->header_file, "FILE",
         "headers to send, 'Name: value' a line: the place for credentials,\n"
         "beside AMKD_API_KEY and ~/.netrc",
         AMKD_WHERE, 0, 0},
        {0, "cacert", AMKD_TEXT, &http->cacert, "FILE",
         "trust these certificates instead of the system's", AMKD_WHERE, 0, 0},
        {0, "insecure", AMKD_FLAG, &http->insecure, NULL, "take any certificate",
         AMKD_WHERE, 0, 0},
        {0, "layout", AMKD_TEXT, &http->layout, "ORDER",
         "nchw or nhwc, where the model leaves it open", 0, 0, 0},
        {0, "answer", AMKD_TEXT, &http->answer, "NAME",
         "the output that holds the answers, where there are several", 0, 0, 0},
        {0, "no-binary", AMKD_FLAG, &http->no_binary, NULL,
         "/v2/: JSON also where the server takes binary tensors", AMKD_WHERE, 0, 0},
        {0, "columns", AMKD_FLAG, &http->columns, NULL, "/v1/: the column form",
         AMKD_WHERE, 0, 0},
        {0, "request", AMKD_TEXT, &http->request, "FILE",
         "JSON to send, with {{png}} where the image goes", 0, 0, 0},
        {0, "response", AMKD_TEXT, &http->response, "PATH",
         "where in the answer the labels are: $.scores[*]", 0, 0, 0},
        {0, "classes", AMKD_TEXT, &http->classes, "FILE",
         "the classes' names in their order, a line each, for answers by name", 0, 0, 0},
        {'i', "images", AMKD_TEXTS, &a.images, "FILE",
         "the images that the picks speak of, instead of the path in their\n"
         "header; once for each image set",
         AMKD_WHERE, 0, 0, "Files and devices:"},
        AMKD_DEVICE_OPTION(a.query.device),
        AMKD_OPTION_OUTPUT(a.common),
        AMKD_OPTION_THREADS(a.common),
        AMKD_OPTION_QUIET(a.common),
        AMKD_OPTION_VERBOSE(a.common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {.name = "amkd-query",
                            .summary = "ask a teacher about picks or images",
                            .usage = "-t TEACHER [OPTION]... [PICKS|IMAGES]",
                            .notes = notes,
                            .options = options,
                            .max_arguments = 1};
    amkd_cli cli;
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    if (rc)
        return cli.status;
    rc = check(&cli, &a);
    if (rc) {
        amkd_cli_close(&cli, 0);
        return rc;
    }
    a.query.input = cli.narguments ? cli.arguments[0] : "-";
    a.query.images = a.images.text;
    a.query.nimages = a.images.n;
    a.query.output = a.common.output;
    a.query.batch = (size_t)a.batch;
    http->concurrency = (size_t)a.concurrency;
    a.query.nthreads = (size_t)a.common.nthreads;
    a.query.quiet = a.common.quiet;
    a.query.command = cli.command;
    return amkd_cli_close(&cli, run(&a));
}
