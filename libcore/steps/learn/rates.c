/* Rates by the names of parameters. */
#include "steps/learn/rates.h"
#include "base/error.h"
#include <fnmatch.h>
#include <stdio.h>

static int matches(const amkd_rate_rule *rule, const amkd_layer *layer,
                   const amkd_parameter *parameter)
{
    char name[AMKD_MODULE_NBYTES + 32];
    snprintf(name, sizeof name, "%s.%s", layer->module, parameter->name);
    return !fnmatch(rule->pattern, layer->module, 0) || !fnmatch(rule->pattern, name, 0);
}

/* Of a parameter that is trained. */
static double factor_of(const amkd_layer *layer, const amkd_parameter *parameter,
                        const amkd_rate_rule *rules, size_t nrules)
{
    for (size_t r = nrules; r-- > 0;)
        if (matches(&rules[r], layer, parameter))
            return rules[r].factor;
    return 1;
}

static int check_used(const amkd_graph *graph, const amkd_rate_rule *rule)
{
    for (size_t l = 0; l < graph->nlayers; l++)
        for (size_t p = 0; p < graph->layers[l].nparameters; p++)
            if (graph->layers[l].parameters[p].role == AMKD_TRAINED &&
                matches(rule, &graph->layers[l], &graph->layers[l].parameters[p]))
                return 0;
    return amkd_fail("%s '%s': no module and no parameter that is trained is called so",
                     rule->factor > 0 ? "--lr-scale" : "--freeze", rule->pattern);
}

int amkd_rates_make(float *factors, const amkd_graph *graph, const amkd_rate_rule *rules,
                    size_t nrules)
{
    int learns = 0;
    for (size_t r = 0; r < nrules; r++)
        if (check_used(graph, &rules[r]))
            return -1;
    for (size_t l = 0; l < graph->nlayers; l++)
        for (size_t p = 0; p < graph->layers[l].nparameters; p++) {
            const amkd_parameter *parameter = &graph->layers[l].parameters[p];
            if (parameter->role != AMKD_TRAINED)
                continue;
            const double factor = factor_of(&graph->layers[l], parameter, rules, nrules);
            learns |= factor > 0;
            for (size_t i = 0; factors && i < parameter->n; i++)
                factors[parameter->offset + i] = (float)factor;
        }
    return learns ? 0 : amkd_fail("all parameters are frozen: nothing is left to learn");
}

int amkd_rates_check_head(const amkd_graph *graph, const amkd_rate_rule *rules,
                          size_t nrules)
{
    const amkd_layer *head = &graph->layers[graph->nlayers - 1];
    return factor_of(head, &head->parameters[0], rules, nrules) > 0
               ? 0
               : amkd_fail("--freeze: '%s' is for other classes and starts afresh, so it "
                           "has to learn",
                           head->module);
}
