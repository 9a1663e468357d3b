/* The networks of a run: its last student, and the assistant that taught it. */
#include "base/error.h"
#include "base/memory.h"
#include "net/model.h"
#include "report/run.h"
#include <stdio.h>
#include <stdlib.h>

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

/* The assistant of a round: its own run goes to the run's. */
static int read_assistant(amkd_run *run, size_t round)
{
    amkd_model *model;
    const int rc = read_network(run, &model, &run->assistant, round,
                                "assistant.safetensors", AMKD_ASSISTANT);
    if (rc == 1)
        amkd_model_free(model);
    return rc < 0 ? -1 : 0;
}

/* The views that a student saw are those that its assistant taught by. */
static int name_views(amkd_run *run)
{
    static const char option[] = "amkd-train --augment";
    json_t *views = json_object_get(run->parameters, option);
    if (views && json_object_set(run->parameters, AMKD_ASSISTANT " --augment", views))
        return amkd_fail("out of memory");
    json_object_del(run->parameters, option);
    return 0;
}

static void take_seed(amkd_run *run, const json_t *made)
{
    const char *seed = amkd_command_option(json_object_get(made, "command"), "seed");
    snprintf(run->seed, sizeof run->seed, "%s", seed ? seed : "");
}

/* Before there is a student. */
static int read_last_assistant(amkd_run *run)
{
    size_t r = run->nrounds;
    while (r > 0 && !run->rounds[r - 1].has_assistant)
        r--;
    if (!r)
        return amkd_run_note(run, "No student has been trained yet.");
    const int rc = read_assistant(run, r - 1);
    take_seed(run, run->assistant);
    return rc;
}

/* A run without assistants has none to show: an earlier run in the same place may have
 * left some. */
static void forget_assistants(amkd_run *run)
{
    for (size_t r = 0; r < run->nrounds; r++) {
        amkd_test_result_clear(&run->rounds[r].assistant);
        run->rounds[r].has_assistant = 0;
    }
}

/* A student says itself whether an assistant taught it. */
int amkd_run_read_student(amkd_run *run)
{
    size_t r = run->nrounds;
    amkd_model *model;
    while (r > 0 && !run->rounds[r - 1].has_student)
        r--;
    if (!r)
        return read_last_assistant(run);
    const int rc =
        read_network(run, &model, &run->training, r - 1, "student.safetensors", NULL);
    if (rc <= 0)
        return rc;
    const json_t *command = json_object_get(run->training, "command");
    const char *arch = amkd_command_option(command, "arch");
    run->nweights = model->graph.nparameters;
    run->arch = amkd_strdup(arch ? arch : model->graph.text);
    take_seed(run, run->training);
    const int copied = amkd_graph_copy(&run->network, &model->graph);
    amkd_model_free(model);
    if (!run->arch || copied)
        return -1;
    if (amkd_command_option(command, "assistant"))
        return name_views(run) || read_assistant(run, r - 1) ? -1 : 0;
    if (!amkd_run_settled(run, "ASSISTANT"))
        forget_assistants(run);
    return 0;
}
