/* What a run was made with, from the commands that its files carry. */
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
        "--seed",   "--student", "--exclude", "--picks",   "--budget",    "--images",
        "--resume", "--sample",  "--limit",   "--journal", "--checkpoint"};
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

/* The images a run began with are named by their file, wherever that is. */
static int add_word(json_t *parameters, const char *tool, const char *word)
{
    char option[64];
    if (strncmp(word, "--", 2)) {
        const char *slash = strrchr(word, '/');
        return strcmp(tool, "amkd-import")
                   ? 0
                   : put(parameters, tool, "file", slash ? slash + 1 : word);
    }
    if (is_circumstance(word))
        return 0;
    const size_t n = strcspn(word, "=");
    snprintf(option, sizeof option, "%.*s", (int)n, word);
    /* Such files say no more than that there were some. */
    if (!strcmp(option, "--init") || !strcmp(option, "--bought"))
        return put(parameters, tool, option, "");
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
