/* The networks of a run: its last student, and the assistant that taught it. */
#include "base/error.h"
#include "base/memory.h"
#include "net/model.h"
#include "report/run.h"
#include "stream/stream.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The own run of a network and its options; its model is to be freed. Returns 1, 0 if it
 * cannot be read, which is noted, -1 without memory. */
static int read_network(amkd_run *run, amkd_model **model, json_t **made, size_t round,
                        const char *file, const char *as)
{
    char *path = amkd_run_path(run, round, file);
    if (!path)
        return -1;
    int rc = amkd_model_load(model, path) ? 0 : 1;
    free(path);
    if (!rc)
        return amkd_run_note(run, "'%s' of round %zu cannot be read: %s.", file, round,
                             amkd_error());
    const json_t *all = (*model)->provenance;
    *made = json_incref(json_array_get(all, json_array_size(all) - 1));
    json_t *own = *made ? json_pack("[O]", *made) : json_array();
    if (!own || amkd_parameters_add(run->parameters, own, NULL, as)) {
        amkd_model_free(*model);
        rc = own ? -1 : amkd_fail("out of memory");
    }
    json_decref(own);
    return rc;
}

/* What the student learned from instead, and how the views differ that it was about. */
static int read_assistant(amkd_run *run, size_t round)
{
    amkd_model *model;
    amkd_reader *reader;
    char *network = amkd_run_path(run, round, "assistant.safetensors");
    char *lessons = amkd_run_path(run, round, "lessons.amkd");
    int rc = !network || !lessons ? -1 : !access(network, F_OK) && !access(lessons, F_OK);
    free(network);
    if (rc == 1)
        rc = read_network(run, &model, &run->assistant, round, "assistant.safetensors",
                          AMKD_ASSISTANT);
    if (rc == 1) {
        amkd_model_free(model);
        if (amkd_reader_open(&reader, lessons, "labels", 0)) {
            rc = amkd_run_note(run,
                               "The assistant's answers of round %zu cannot be read: "
                               "%s.",
                               round, amkd_error());
        } else {
            const json_t *more = amkd_reader_header(reader)->more;
            rc = amkd_parameters_add(run->parameters, json_object_get(more, "provenance"),
                                     "amkd-augment", AMKD_ASSISTANT);
            amkd_reader_close(reader);
        }
    }
    free(lessons);
    return rc < 0 ? -1 : 0;
}

int amkd_run_read_student(amkd_run *run)
{
    size_t r = run->nrounds;
    amkd_model *model;
    while (r > 0 && !run->rounds[r - 1].has_student)
        r--;
    if (!r)
        return amkd_run_note(run, "No student has been trained yet.");
    const int rc =
        read_network(run, &model, &run->training, r - 1, "student.safetensors", NULL);
    if (rc <= 0)
        return rc;
    const json_t *command = json_object_get(run->training, "command");
    const char *arch = amkd_command_option(command, "arch");
    const char *seed = amkd_command_option(command, "seed");
    run->nweights = model->arch.nparameters;
    run->arch = amkd_strdup(arch ? arch : model->arch.text);
    snprintf(run->seed, sizeof run->seed, "%s", seed ? seed : "");
    amkd_model_free(model);
    return run->arch ? read_assistant(run, r - 1) : -1;
}
