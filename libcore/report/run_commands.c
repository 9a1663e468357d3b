/* What a run was made with, from the commands that its files carry. */
#include "base/bytes.h"
#include "base/error.h"
#include "report/run.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *amkd_command_option(const json_t *command, const char *name)
{
    const size_t n = strlen(name);
    for (size_t k = 1; k < json_array_size(command); k++) {
        const char *word = json_string_value(json_array_get(command, k));
        if (word && !strncmp(word, "--", 2) && !strncmp(word + 2, name, n) &&
            (word[2 + n] == '=' || !word[2 + n]))
            return word + 2 + n + (word[2 + n] == '=');
    }
    return NULL;
}

/* Options that say which of several like runs it was: by chance, by size or by place. */
static int is_circumstance(const char *option)
{
    static const char *const names[] = {
        "--seed",   "--exclude", "--picks", "--budget",  "--images",
        "--resume", "--sample",  "--limit", "--journal", "--checkpoint"};
    const size_t n = strcspn(option, "=");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strlen(names[k]) == n && !strncmp(names[k], option, n))
            return 1;
    return 0;
}

static int put(json_t *parameters, const char *tool, const char *option,
               const char *value)
{
    char key[128];
    snprintf(key, sizeof key, "%s %s", tool, option);
    return json_object_set_new_nocheck(parameters, key, json_string_nocheck(value))
               ? amkd_fail("out of memory")
               : 0;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* "assistant" of the path of one, "student" of any other network's. */
static const char *scorer_of(const char *path)
{
    return strcmp(file_name(path), "assistant.safetensors") ? "student" : "assistant";
}

/* The images a run began with are named by their file, wherever that is. */
static int add_word(json_t *parameters, const char *tool, const char *word)
{
    char option[64];
    if (strncmp(word, "--", 2))
        return strcmp(tool, "amkd-import")
                   ? 0
                   : put(parameters, tool, "file", file_name(word));
    if (is_circumstance(word))
        return 0;
    const size_t n = strcspn(word, "=");
    snprintf(option, sizeof option, "%.*s", (int)n, word);
    /* Such files say no more than that there were some. */
    if (!strcmp(option, "--init") || !strcmp(option, "--bought") ||
        !strcmp(option, "--assistant"))
        return put(parameters, tool, option, "");
    /* Of the network that scores counts what it is, not where. */
    if (!strcmp(option, "--student"))
        return put(parameters, tool, "scorer", scorer_of(word + n + (word[n] == '=')));
    return put(parameters, tool, option, word[n] ? word + n + 1 : "");
}

int amkd_parameters_add(json_t *parameters, const json_t *provenance, const char *only,
                        const char *as)
{
    for (size_t k = 0; k < json_array_size(provenance); k++) {
        const json_t *made = json_array_get(provenance, k);
        const json_t *command = json_object_get(made, "command");
        const char *tool = json_string_value(json_object_get(made, "tool"));
        if (!tool || (only && strcmp(only, tool)))
            continue;
        for (size_t w = 1; w < json_array_size(command); w++) {
            const char *word = json_string_value(json_array_get(command, w));
            if (word && add_word(parameters, as ? as : tool, word))
                return -1;
        }
    }
    return 0;
}

/* The last command of a tool in the history of a round's answers; or NULL. */
static const json_t *command_of(const amkd_round *round, const char *tool)
{
    for (size_t k = json_array_size(round->provenance); k-- > 0;) {
        const json_t *made = json_array_get(round->provenance, k);
        const char *name = json_string_value(json_object_get(made, "tool"));
        if (name && !strcmp(name, tool))
            return json_object_get(made, "command");
    }
    return NULL;
}

const char *amkd_round_scorer(const amkd_round *round)
{
    const char *path = amkd_command_option(command_of(round, "amkd-score"), "student");
    return scorer_of(path ? path : "");
}

const char *amkd_round_asked(const amkd_round *round)
{
    const json_t *pool = command_of(round, "amkd-pool");
    const size_t n = json_array_size(pool);
    const char *set = n ? json_string_value(json_array_get(pool, n - 1)) : NULL;
    if (!set)
        return round->number ? NULL : "images";
    if (!amkd_command_option(pool, "single"))
        return "mixes";
    return strcmp(file_name(set), "views.amkd") ? "images" : "views";
}

/* -------------------------------------------------------------- those of a whole run */

/* Sizes are parameters, too, of a "tool" of their own. */
static int put_size(amkd_run *run, const char *name, size_t n)
{
    char key[64], text[24];
    snprintf(key, sizeof key, AMKD_SIZES "%s", name);
    snprintf(text, sizeof text, "%zu", n);
    return json_object_set_new(run->parameters, key, json_string(text))
               ? amkd_fail("out of memory")
               : 0;
}

/* Of answers about some of the images their number, of rounds that of the first. */
static int put_sizes(amkd_run *run)
{
    const size_t first = run->rounds[0].nanswers;
    return put_size(run, "images", run->nimages) ||
                   (first != run->nimages && put_size(run, "first answers", first)) ||
                   (run->nrounds > 1 &&
                    put_size(run, "picks a round", run->rounds[1].nanswers)) ||
                   (run->held_out.n && put_size(run, "held out", run->held_out.n))
               ? -1
               : 0;
}

/* What the rounds beyond the first asked about, each kind once where it goes on. */
static int put_asked(amkd_run *run)
{
    amkd_bytes words = {0};
    const char *before = "";
    for (size_t r = 1; r < run->nrounds; r++) {
        const char *asked = amkd_round_asked(&run->rounds[r]);
        if (asked && strcmp(asked, before))
            amkd_bytes_format(&words, "%s%s", *before ? ", " : "", asked);
        before = asked ? asked : before;
    }
    const int any = words.n > 0;
    amkd_bytes_add(&words, "", 1);
    const int rc =
        words.failed || (any && json_object_set_new(run->parameters, AMKD_ASKED,
                                                    json_string(words.data)));
    amkd_bytes_clear(&words);
    return rc ? amkd_fail("out of memory") : 0;
}

int amkd_run_read_commands(amkd_run *run)
{
    const amkd_round *last = &run->rounds[run->nrounds - 1];
    return amkd_parameters_add(run->parameters, last->provenance, NULL, NULL) ||
                   put_sizes(run) || put_asked(run)
               ? -1
               : 0;
}
