/* What all exports begin with. */
#include "export/export.h"
#include "base/error.h"
#include "base/version.h"
#include "export/export_internal.h"
#include "net/fold.h"
#include "net/published.h"
#include <math.h>

int amkd_export_load(amkd_model **out, const amkd_export_plan *plan)
{
    if (amkd_published_spare(plan->model, plan->output, "--output") ||
        amkd_model_load(out, plan->model))
        return -1;
    amkd_model *model = *out;
    json_t *run = json_pack("{s:s, s:s, s:O}", "tool", "amkd-export", "version",
                            AMKD_VERSION, "command", plan->command);
    if (!model->provenance)
        model->provenance = json_array();
    if (!json_array_append_new(model->provenance, run))
        return 0;
    amkd_model_free(model);
    *out = NULL;
    return amkd_fail("out of memory");
}

int amkd_export_fold(amkd_model **folded, const amkd_model **shown,
                     const amkd_model *model, const amkd_export_plan *plan)
{
    *folded = NULL;
    *shown = model;
    if (plan->keep_norms)
        return 0;
    if (amkd_model_fold(folded, model))
        return -1;
    const amkd_graph *graph = &(*folded)->graph;
    for (size_t p = 0; p < graph->nparameters; p++)
        if (!isfinite((*folded)->parameters[p])) {
            amkd_model_free(*folded);
            *folded = NULL;
            return amkd_fail("with its batch norms folded in, a weight of the model is "
                             "beyond float32 (--no-fold keeps them)");
        }
    *shown = *folded;
    return 0;
}
