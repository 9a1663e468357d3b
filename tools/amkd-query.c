/* amkd-query: a teacher's answers about picks or images. */
#include "base/cli.h"
#include "base/cli_paths.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "device/device.h"
#include "query-counts.h"
#include "steps/ask/query.h"
#include "steps/show/profile.h"
#include "teacher/input_tensor.h"
#include "teacher/json_path.h"
#include "teacher/url.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char notes[] =
    "TEACHER is\n"
    "  model:FILE   a model of amkd-train\n"
    "  exec:CMD     a program kept open: NPY arrays of images to its stdin, NPY arrays\n"
    "               of probabilities from its stdout\n"
    "  replay:FILE[,FILE]...   answers bought before: labels, journals, or patterns of\n"
    "               them; pixels that none of them is about are an error\n"
    "  http://HOST/v2/models/NAME[/versions/V]   a server of the Open Inference "
    "Protocol\n"
    "  http://HOST/v1/models/NAME[/versions/V]   TensorFlow Serving\n"
    "  http://...   any JSON API, by --request and --response; all by https:// too\n\n"
    "Examples:\n"
    "  amkd-query -t exec:./teacher.py -o labels.amkd real.amkd\n"
    "  amkd-query -t exec:./teacher.py --budget 5k --journal paid -o labels.amkd "
    "picks.amkd\n"
    "  amkd-query -t https://models.example/v2/models/digits -o labels.amkd picks.amkd\n";

typedef struct arguments {
    amkd_query_options query;
    amkd_common common;
    amkd_texts images;
    uint64_t batch, concurrency, workers, keep_top, digits;
    const char *labels, *fill, *retry_codes, *profile;
    int no_journal;
} arguments;

/* Options of one kind of teacher, given for another: they would do nothing. */
static int check_http(const amkd_cli *cli, const arguments *a)
{
    static const char *const http_only[] = {
        "concurrency", "connect-timeout", "header-file", "cacert", "insecure",
        "layout",      "input-name",      "input-shape", "answer", "no-binary",
        "columns",     "request",         "response",    "classes"};
    static const char *const not_by_template[] = {
        "input", "layout", "input-name", "input-shape", "answer", "no-binary", "columns"};
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
    if (http->input_name && amkd_url_protocol(a->query.teacher) != AMKD_OIP)
        return amkd_cli_misuse(cli, "--input-name is for servers at /v2/");
    int64_t dims[AMKD_INPUT_TENSOR_DIMS];
    size_t ndim;
    if (http->input_shape && amkd_input_tensor_parse_dims(dims, &ndim, http->input_shape))
        return amkd_cli_misuse(cli, "--input-shape: %s", amkd_error());
    amkd_json_path *path = NULL;
    if (http->response && amkd_json_path_parse(&path, http->response))
        return amkd_cli_misuse(cli, "--response: %s", amkd_error());
    amkd_json_path_free(path);
    return 0;
}

/* How answers are read: options of one kind of answer would do nothing for another. */
static int check_labels(const amkd_cli *cli, arguments *a)
{
    amkd_answer_rule *rule = &a->query.rule;
    if (amkd_answer_rule_parse(rule, a->labels, a->fill))
        return amkd_cli_misuse(cli, "--labels, --fill: %s", amkd_error());
    if (rule->kind != AMKD_LOGITS && amkd_cli_given(cli, "temperature"))
        return amkd_cli_misuse(cli, "--temperature is for --labels=logits");
    if (rule->kind != AMKD_PROBS && rule->kind != AMKD_TOPK && rule->percent)
        return amkd_cli_misuse(cli, "--percent is for --labels=probs and topk");
    if (rule->kind == AMKD_TOP1 && (a->keep_top || a->digits))
        return amkd_cli_misuse(cli, "--labels=top1 leaves nothing for --keep-top and "
                                    "--digits to do");
    if (rule->kind != AMKD_TOPK && !a->keep_top && amkd_cli_given(cli, "fill"))
        return amkd_cli_misuse(cli, "--fill is for --labels=topk and --keep-top");
    rule->keep_top = (size_t)a->keep_top;
    rule->digits = (unsigned)a->digits;
    if ((rule->fill == AMKD_FILL_STUDENT) != (a->query.student != NULL))
        return amkd_cli_misuse(cli, "--fill=student and --student go together");
    return 0;
}

static int is_for_programs(const char *dtype)
{
    return strcmp(dtype, "uint8") == 0 || strcmp(dtype, "float32") == 0;
}

/* Misuse that the option table cannot tell: 0 when there is none. */
static int check(const amkd_cli *cli, arguments *a)
{
    if (a->retry_codes && amkd_retry_parse_codes(&a->query.retry, a->retry_codes))
        return amkd_cli_misuse(cli, "--retry-codes: %s", amkd_error());
    const char *dtype = a->query.dtype;
    if (!a->query.teacher)
        return amkd_cli_misuse(cli, "--teacher is needed");
    const int is_url = amkd_url_is(a->query.teacher);
    if (dtype && !is_url && !is_for_programs(dtype))
        return amkd_cli_misuse(cli, "--input: '%s' is not one of uint8, float32", dtype);
    if (a->workers > 1 && strncmp(a->query.teacher, "exec:", 5) != 0)
        return amkd_cli_misuse(cli, "--workers is for exec: teachers");
    int rc = check_http(cli, a);
    if (!rc && amkd_teacher_spec_check(a->query.teacher, a->query.http.request != NULL))
        rc = amkd_cli_misuse(cli, "%s", amkd_error());
    if (!rc)
        rc = check_labels(cli, a);
    if (rc)
        return rc;
    if (a->query.ask_again && !a->query.journal && (!is_url || a->no_journal))
        return amkd_cli_misuse(cli, "--ask-again is for answers in a --journal");
    if (a->query.append && (!a->common.output || strcmp(a->common.output, "-") == 0))
        return amkd_cli_misuse(cli, "--append needs the file to add to: --output FILE");
    return 0;
}

static int run(arguments *a)
{
    amkd_query_counts counts;
    if (amkd_profile_open(&a->query.profile, a->profile))
        return -1;
    const int rc = amkd_query_write(&counts, &a->query);
    if (!rc && a->query.dry_run)
        query_print_plan(&a->query, &counts);
    else
        query_say_counts(&a->query, &counts, a->common.verbose);
    return amkd_profile_close(a->query.profile, a->profile, rc);
}

/* --check: says what is known of the classes. A device is looked for that is named and
 * needed. */
static int look(const amkd_cli *cli, const arguments *a)
{
    size_t nclasses;
    if (amkd_cli_probe_paths(cli) || amkd_query_check(&nclasses, &a->query) ||
        (amkd_cli_given(cli, "device") && amkd_query_needs_device(&a->query) &&
         amkd_devices_check(a->query.device)))
        return -1;
    if (nclasses)
        printf("%zu classes\n", nclasses);
    return 0;
}

/* The options, in the groups of the help. Each returns how many it put into options. */
static size_t teacher_options(amkd_option *options, arguments *a)
{
    const amkd_option group[] = {
        {'t', "teacher", AMKD_TEXT, &a->query.teacher, "TEACHER", "whom to ask", 0, 0, 0},
        {0, "batch", AMKD_COUNT, &a->batch, "N", "images a request (default: 256)",
         AMKD_WHERE, 1, 1 << 20},
        {0, "input", AMKD_TEXT, &a->query.dtype, "TYPE",
         "what teachers get: uint8, or float32 from 0 to 1, of servers float16 and\n"
         "float64 too (default: uint8 for programs, what the model says of itself\n"
         "for servers)",
         0, 0, 0, .choices = "uint8, float16, float32, float64"},
        {0, "workers", AMKD_COUNT, &a->workers, "N",
         "exec: run N of the program side by side (default: 1)", AMKD_WHERE, 1, 256},
        {0, "timeout", AMKD_NUMBER, &a->query.timeout, "S",
         "give up a program or request that takes longer than S seconds\n"
         "(default: 300; 0: never)",
         AMKD_WHERE, 0, 1e9},
    };
    memcpy(options, group, sizeof group);
    return sizeof group / sizeof *group;
}

static size_t cost_options(amkd_option *options, arguments *a)
{
    const amkd_option group[] = {
        {0, "budget", AMKD_COUNT, &a->query.budget, "N",
         "spend N images at most, over all runs that share the journal, doubtful\n"
         "ones counted; without a journal, have N answers at most, those there\n"
         "before --append included (default: no limit)",
         0, 1, 0x1p62, "What it may cost:"},
        {0, "journal", AMKD_TEXT, &a->query.journal, "DIR",
         "keep what was sent and answered in DIR, made when needed: nothing\n"
         "there is asked again, by any run, and a stopped run goes on",
         AMKD_WHERE, 0, 0},
        {0, "no-journal", AMKD_FLAG, &a->no_journal, NULL,
         "keep none; for teachers at a URL it is OUTPUT.journal otherwise", AMKD_WHERE, 0,
         0},
        {0, "ask-again", AMKD_FLAG, &a->query.ask_again, NULL,
         "ask once more where the journal's answer is not what --labels says", 0, 0, 0},
        {0, "append", AMKD_FLAG, &a->query.append, NULL,
         "add to the output what is not in it yet; each batch of answers is\n"
         "on disk before the next is asked",
         AMKD_WHERE | AMKD_ADDS, 0, 0},
        {'n', "dry-run", AMKD_FLAG, &a->query.dry_run, NULL,
         "ask nothing: say how many would be asked, the price and the time", 0, 0, 0},
        {0, "price", AMKD_NUMBER, &a->query.price, "P",
         "price of an image, for the figures shown", AMKD_WHERE, 0, 1e9},
        {0, "rate", AMKD_NUMBER, &a->query.rate, "N",
         "send N images a second at most (default: no limit)", AMKD_WHERE, 0, 1e9},
    };
    memcpy(options, group, sizeof group);
    return sizeof group / sizeof *group;
}

static size_t label_options(amkd_option *options, arguments *a)
{
    const amkd_option group[] = {
        {0, "labels", AMKD_TEXT, &a->labels, "KIND",
         "what answers are: probs (default), logits, topk (the best classes\n"
         "only), top1 (the best alone) or scores (numbers of any sum, as of\n"
         "several labels an image: divided by their sum)",
         0, 0, 0, "What answers are:", "probs, logits, topk, top1, scores"},
        {0, "percent", AMKD_FLAG, &a->query.rule.percent, NULL,
         "probs, topk: of 0 to 100 instead of 0 to 1", 0, 0, 0},
        {0, "temperature", AMKD_NUMBER, &a->query.rule.temperature, "T",
         "logits: p = softmax(z / T) (default: 1)", 0, 1e-6, 1e6},
        {0, "keep-top", AMKD_COUNT, &a->keep_top, "K",
         "make less of answers: keep their K best classes alone", 0, 1, 1 << 20},
        {0, "digits", AMKD_COUNT, &a->digits, "D",
         "make less of answers: round probabilities to D decimals", 0, 1, 9},
        {0, "fill", AMKD_TEXT, &a->fill, "HOW",
         "topk, --keep-top: what classes left out get: zero (default), uniform or\n"
         "student",
         0, 0, 0, .choices = "zero, uniform, student"},
        {'s', "student", AMKD_TEXT, &a->query.student, "MODEL",
         "the model for --fill=student", 0, 0, 0},
        {0, "smooth", AMKD_NUMBER, &a->query.rule.smooth, "E",
         "mix E of the uniform distribution into every answer (default: 0)", 0, 0, 1},
    };
    memcpy(options, group, sizeof group);
    return sizeof group / sizeof *group;
}

static size_t retry_options(amkd_option *options, arguments *a)
{
    const amkd_option group[] = {
        {0, "retry", AMKD_COUNT, &a->query.retry.max_retries, "N",
         "make a failed request N more times at most (default: 10)", AMKD_WHERE, 0,
         1000000, "Requests that fail:"},
        {0, "retry-paid", AMKD_COUNT, &a->query.retry.max_paid, "N",
         "of these, N at most after attempts that may have been paid for: timed\n"
         "out, lost after sending, 500, 502, 504 (default: 1)",
         AMKD_WHERE, 0, 1000000},
        {0, "retry-delay", AMKD_NUMBER, &a->query.retry.delay, "S",
         "seconds before the first, doubled for each further one up to 60\n"
         "(default: 1)",
         AMKD_WHERE, 0, 3600},
        {0, "retry-max-time", AMKD_NUMBER, &a->query.retry.max_time, "S",
         "none later than S seconds after the first attempt (default: 600; 0:\n"
         "any)",
         AMKD_WHERE, 0, 1e9},
        {0, "retry-codes", AMKD_TEXT, &a->retry_codes, "LIST",
         "of which failures (default: connection,408,429,500,502,503,504); an\n"
         "answer that cannot be read was paid for: only where its 200 is named",
         AMKD_WHERE, 0, 0},
    };
    memcpy(options, group, sizeof group);
    return sizeof group / sizeof *group;
}

static size_t url_options(amkd_option *options, arguments *a)
{
    const amkd_option group[] = {
        {0, "concurrency", AMKD_COUNT, &a->concurrency, "N",
         "requests under way at once (default: 4)", AMKD_WHERE, 1, 1024,
         "Teachers at a URL:"},
        {0, "connect-timeout", AMKD_NUMBER, &a->query.http.connect_timeout, "S",
         "give up connecting after S seconds (default: 30)", AMKD_WHERE, 0.001, 1e9},
        {0, "header-file", AMKD_TEXT, &a->query.http.header_file, "FILE",
         "headers to send, 'Name: value' a line: the place for credentials,\n"
         "beside AMKD_API_KEY and ~/.netrc",
         AMKD_WHERE, 0, 0},
        {0, "cacert", AMKD_TEXT, &a->query.http.cacert, "FILE",
         "trust these certificates instead of the system's", AMKD_WHERE, 0, 0},
        {0, "insecure", AMKD_FLAG, &a->query.http.insecure, NULL, "take any certificate",
         AMKD_WHERE, 0, 0},
        {0, "layout", AMKD_TEXT, &a->query.http.layout, "ORDER",
         "nchw or nhwc, where the model leaves it open", 0, 0, 0,
         .choices = "nchw, nhwc"},
        {0, "input-name", AMKD_TEXT, &a->query.http.input_name, "NAME",
         "/v2/: the input that takes the images, where the model names none", 0, 0, 0},
        {0, "input-shape", AMKD_TEXT, &a->query.http.input_shape, "SHAPE",
         "its shape, such as n,28,28,1, where the model tells none or leaves it\nopen", 0,
         0, 0},
        {0, "answer", AMKD_TEXT, &a->query.http.answer, "NAME",
         "the output that holds the answers, where there are several", 0, 0, 0},
        {0, "no-binary", AMKD_FLAG, &a->query.http.no_binary, NULL,
         "/v2/: JSON also where the server takes binary tensors", AMKD_WHERE, 0, 0},
        {0, "columns", AMKD_FLAG, &a->query.http.columns, NULL, "/v1/: the column form",
         AMKD_WHERE, 0, 0},
        {0, "request", AMKD_TEXT, &a->query.http.request, "FILE",
         "JSON to send, with {{png}} where the image goes", 0, 0, 0},
        {0, "response", AMKD_TEXT, &a->query.http.response, "PATH",
         "where in the answer the labels are: $.scores[*]", 0, 0, 0},
        {0, "classes", AMKD_TEXT, &a->query.http.classes, "FILE",
         "the classes' names in their order, a line each, for answers by name", 0, 0, 0},
    };
    memcpy(options, group, sizeof group);
    return sizeof group / sizeof *group;
}

static size_t file_options(amkd_option *options, arguments *a)
{
    const amkd_option group[] = {
        {'i', "images", AMKD_TEXTS, &a->images, "FILE",
         "the images that the picks speak of, instead of the path in their\n"
         "header; once for each image set",
         AMKD_WHERE, 0, 0, "Files and devices:"},
        AMKD_DEVICES_OPTION(a->query.device),
        AMKD_PROFILE_OPTION(a->profile),
        AMKD_OPTION_CHECK(a->common),
        AMKD_OPTION_OUTPUT(a->common),
        AMKD_OPTION_THREADS(a->common),
        AMKD_OPTION_QUIET(a->common),
        AMKD_OPTION_VERBOSE(a->common),
    };
    memcpy(options, group, sizeof group);
    return sizeof group / sizeof *group;
}

enum { MAX_OPTIONS = 64 };

/* Ended by a zeroed option. */
static void list_options(amkd_option *options, arguments *a)
{
    size_t n = 0;
    n += teacher_options(options + n, a);
    n += cost_options(options + n, a);
    n += label_options(options + n, a);
    n += retry_options(options + n, a);
    n += url_options(options + n, a);
    n += file_options(options + n, a);
    options[n] = (amkd_option){0};
}

/* Answers that are paid for are always kept: beside the output where nothing else is
 * said. *journal is freed by the caller. */
static int choose_journal(const amkd_cli *cli, arguments *a, char **journal)
{
    const char *output = a->common.output;
    *journal = NULL;
    if (a->query.journal && a->no_journal)
        return amkd_cli_misuse(cli, "--journal and --no-journal contradict each other");
    if (a->query.journal || a->no_journal || !amkd_url_is(a->query.teacher))
        return 0;
    if (!output || !strcmp(output, "-"))
        return amkd_cli_misuse(cli,
                               "answers from a URL are kept: name a --journal, or an "
                               "--output, beside which it will be");
    *journal = amkd_format("%s.journal", output);
    a->query.journal = *journal;
    return *journal ? 0 : 2;
}

int main(int argc, char **argv)
{
    arguments a = {.query = {.timeout = 300,
                             .retry = amkd_retry_default,
                             .rule = {.temperature = 1}},
                   .batch = 256,
                   .concurrency = 4,
                   .workers = 1,
                   .labels = "probs",
                   .fill = "zero"};
    amkd_common_init(&a.common);
    amkd_option options[MAX_OPTIONS];
    list_options(options, &a);
    const amkd_tool tool = {.name = "amkd-query",
                            .summary = "ask a teacher about picks or images",
                            .usage = "-t TEACHER [OPTION]... [PICKS|IMAGES]",
                            .notes = notes,
                            .options = options,
                            .max_arguments = 1};
    amkd_cli cli;
    char *journal = NULL;
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    if (rc)
        return cli.status;
    rc = check(&cli, &a);
    if (!rc)
        rc = choose_journal(&cli, &a, &journal);
    if (rc) {
        amkd_cli_close(&cli, 0);
        return rc;
    }
    a.query.input = cli.narguments ? cli.arguments[0] : "-";
    a.query.images = a.images.text;
    a.query.nimages = a.images.n;
    a.query.output = a.common.output;
    a.query.batch = (size_t)a.batch;
    a.query.nworkers = (size_t)a.workers;
    a.query.http.concurrency = (size_t)a.concurrency;
    a.query.nthreads = (size_t)a.common.nthreads;
    a.query.quiet = a.common.quiet;
    a.query.command = cli.command;
    rc = amkd_cli_close(&cli, a.common.check ? look(&cli, &a) : run(&a));
    free(journal);
    amkd_interrupt_end();
    return rc;
}
