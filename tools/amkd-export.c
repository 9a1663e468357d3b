/* amkd-export: a model as a file for other programs. */
#include "base/cli.h"
#include "base/error.h"
#include "export/export.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct arguments {
    amkd_common common;
    amkd_export_plan plan;
    const char *to;
} arguments;

static int is_c(const arguments *args)
{
    return !strcmp(args->to, "c");
}

static void say_written(const arguments *args, const amkd_export_counts *counts)
{
    if (is_c(args))
        fprintf(stderr,
                "amkd-export: %zu weights, %zu bytes of arrays, and %zu of scratch\n",
                counts->nweights, counts->nbytes, counts->nscratch * sizeof(float));
    else
        fprintf(stderr, "amkd-export: %zu weights, %zu bytes\n", counts->nweights,
                counts->nbytes);
}

static int run(const arguments *args)
{
    const amkd_export_plan *plan = &args->plan;
    amkd_model *model;
    amkd_export_counts counts = {0};
    if (amkd_export_load(&model, plan))
        return -1;
    char *remark = args->common.quiet ? NULL : amkd_model_remark(model);
    if (remark)
        fprintf(stderr, "amkd-export: '%s': %s\n", plan->model, remark);
    free(remark);
    const int rc =
        (is_c(args) ? amkd_export_c99 : amkd_export_onnx)(&counts, model, plan);
    if (!rc && args->common.verbose)
        say_written(args, &counts);
    amkd_model_free(model);
    return rc;
}

/* A name that C takes for a function: letters, digits and _, no digit in front. */
static int is_identifier(const char *text)
{
    const size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if (!(text[i] == '_' || isalpha((unsigned char)text[i]) ||
              (i && isdigit((unsigned char)text[i]))))
            return 0;
    return n >= 1 && n <= 40;
}

static int check(const amkd_cli *cli, const arguments *args)
{
    const amkd_export_plan *plan = &args->plan;
    if (!args->to)
        return amkd_cli_misuse(cli, "--to is missing: onnx or c?");
    if (plan->uint8 && is_c(args))
        return amkd_cli_misuse(cli,
                               "--uint8 is of --to onnx: C takes such pixels anyway");
    if (plan->int8 && !is_c(args))
        return amkd_cli_misuse(cli, "--int8 is of --to c");
    if (!is_identifier(plan->name))
        return amkd_cli_misuse(cli,
                               "option '--name': '%s' is no name in C: letters, digits "
                               "and _, 40 at most",
                               plan->name);
    return 0;
}

int main(int argc, char **argv)
{
    arguments args = {.plan = {.name = "amkd"}};
    amkd_export_plan *plan = &args.plan;
    amkd_common_init(&args.common);
    const amkd_option options[] = {
        {0, "to", AMKD_TEXT, &args.to, "FORMAT", "onnx, or c: a C99 source file", 0, 0, 0,
         .choices = "onnx, c"},
        {0, "logits", AMKD_FLAG, &plan->logits, NULL,
         "what the softmax would read, not the probabilities", 0, 0, 0},
        {0, "no-fold", AMKD_FLAG, &plan->keep_norms, NULL,
         "leave batch norms as they are, not in the weights in front", 0, 0, 0},
        {0, "name", AMKD_TEXT, &plan->name, "NAME",
         "of the graph; of the C function, NAME_predict (default: amkd)", 0, 0, 0},
        {0, "uint8", AMKD_FLAG, &plan->uint8, NULL,
         "onnx: images are bytes, 0 to 255, not floats, 0 to 1", 0, 0, 0},
        {0, "int8", AMKD_FLAG, &plan->int8, NULL,
         "c: weights of 8 bits, and a scale for each output channel", 0, 0, 0},
        AMKD_OPTION_OUTPUT(args.common),
        AMKD_OPTION_QUIET(args.common),
        AMKD_OPTION_VERBOSE(args.common),
        AMKD_OPTION_END,
    };
    const amkd_tool tool = {
        .name = "amkd-export",
        .summary = "write a model as a file for other programs",
        .usage = "--to FORMAT [OPTION]... MODEL",
        .notes = "Examples:\n"
                 "  amkd-export --to onnx -o student.onnx student.safetensors\n"
                 "  amkd-export --to c --int8 -o student.c student.safetensors\n"
                 "  cc -std=c99 -O3 -DAMKD_MAIN -o classify student.c -lm\n",
        .options = options,
        .min_arguments = 1,
        .max_arguments = 1,
    };
    amkd_cli cli;
    int rc = amkd_cli_open(&cli, &tool, argc, argv);
    if (rc)
        return cli.status;
    rc = check(&cli, &args);
    if (rc) {
        amkd_cli_close(&cli, 0);
        return rc;
    }
    plan->model = cli.arguments[0];
    plan->output = args.common.output;
    plan->command = cli.command;
    return amkd_cli_close(&cli, run(&args));
}
