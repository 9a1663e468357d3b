/* A profile as a table or as JSON: the kernels of a pass of a layer together. */
#include "steps/show/profile.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A pass of a layer, or a kernel outside of layers. */
typedef struct line {
    amkd_work work;
    char kernels[128]; /* those of the pass, with commas */
    size_t nruns;
    double seconds;
} line;

typedef struct listing {
    line *lines;
    size_t nlines;
    double seconds; /* of all */
    amkd_peak peak;
} listing;

static int is_of(const line *l, const amkd_profile_row *row)
{
    return *row->work.what && !strcmp(l->work.what, row->work.what) &&
           !strcmp(l->work.pass, row->work.pass);
}

static void add_row(listing *list, const amkd_profile_row *row)
{
    size_t n = 0;
    while (n < list->nlines && !is_of(&list->lines[n], row))
        n++;
    line *l = &list->lines[n];
    list->seconds += row->seconds;
    if (n == list->nlines) {
        list->nlines++;
        *l = (line){.work = row->work, .nruns = row->ncalls, .seconds = row->seconds};
        snprintf(l->kernels, sizeof l->kernels, "%s", row->kernel);
        return;
    }
    const size_t length = strlen(l->kernels);
    snprintf(l->kernels + length, sizeof l->kernels - length, ", %s", row->kernel);
    l->work.flops += row->work.flops;
    l->work.nbytes += row->work.nbytes;
    l->nruns = row->ncalls > l->nruns ? row->ncalls : l->nruns;
    l->seconds += row->seconds;
}

static int by_seconds(const void *a, const void *b)
{
    const line *x = a, *y = b;
    return x->seconds < y->seconds ? 1 : x->seconds > y->seconds ? -1 : 0;
}

static int collect(listing *list, const amkd_profile *profile)
{
    size_t n;
    const amkd_profile_row *rows = amkd_profile_rows(profile, &n);
    *list = (listing){.lines = amkd_alloc(n + 1, sizeof *list->lines),
                      .peak = amkd_profile_peak(profile)};
    if (!list->lines)
        return -1;
    for (size_t r = 0; r < n; r++)
        add_row(list, &rows[r]);
    qsort(list->lines, list->nlines, sizeof *list->lines, by_seconds);
    return 0;
}

static double rate(double amount, const line *l)
{
    return l->seconds > 0 ? amount / l->seconds : 0;
}

/* "  210.3   57 %", or nothing where nobody counts. */
static void print_rate(FILE *out, double per_second, double peak)
{
    if (per_second > 0)
        fprintf(out, "  %8.1f  %4.0f %%", per_second * 1e-9, 100 * per_second / peak);
    else
        fprintf(out, "  %8s  %6s", "", "");
}

static void print_table(FILE *out, const listing *list)
{
    int what = (int)strlen("layer"), kernels = (int)strlen("kernels");
    for (size_t n = 0; n < list->nlines; n++) {
        const int w = (int)strlen(list->lines[n].work.what);
        const int k = (int)strlen(list->lines[n].kernels);
        what = w > what ? w : what;
        kernels = k > kernels ? k : kernels;
    }
    fprintf(out, "%-*s  %-16s  %-*s  %7s  %12s  %7s  %8s  %6s  %8s  %6s\n", what, "layer",
            "pass", kernels, "kernels", "runs", "ms", "share", "GFLOP/s", "peak", "GB/s",
            "copy");
    for (size_t n = 0; n < list->nlines; n++) {
        const line *l = &list->lines[n];
        fprintf(out, "%-*s  %-16s  %-*s  %7zu  %12.3f  %5.1f %%", what, l->work.what,
                l->work.pass, kernels, l->kernels, l->nruns, 1e3 * l->seconds,
                list->seconds > 0 ? 100 * l->seconds / list->seconds : 0);
        print_rate(out, rate(l->work.flops, l), list->peak.flops);
        print_rate(out, rate(l->work.nbytes, l), list->peak.copy_nbytes);
        fputc('\n', out);
    }
    fprintf(out,
            "\nall kernels %.3f s; peak %.1f GFLOP/s, copy %.1f GB/s, measured before\n",
            list->seconds, list->peak.flops * 1e-9, list->peak.copy_nbytes * 1e-9);
}

static json_t *line_json(const line *l)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:f, s:f, s:f}", "layer", l->work.what, "pass",
                     l->work.pass, "kernels", l->kernels, "runs", (json_int_t)l->nruns,
                     "seconds", l->seconds, "gflops", rate(l->work.flops, l) * 1e-9,
                     "gbs", rate(l->work.nbytes, l) * 1e-9);
}

static json_t *listing_json(const listing *list)
{
    json_t *lines = json_array();
    for (size_t n = 0; lines && n < list->nlines; n++)
        json_array_append_new(lines, line_json(&list->lines[n]));
    return json_pack("{s:f, s:f, s:f, s:o}", "peak_gflops", list->peak.flops * 1e-9,
                     "copy_gbs", list->peak.copy_nbytes * 1e-9, "seconds", list->seconds,
                     "rows", lines);
}

/* NULL where memory is short. */
static json_t *profile_json(const amkd_profile *profile)
{
    listing list;
    if (collect(&list, profile))
        return NULL;
    json_t *json = listing_json(&list);
    free(list.lines);
    return json;
}

/* {"devices": [...]} of several devices, each as one alone with its index and name; NULL
 * where memory is short. */
static json_t *devices_json(const amkd_profile *profile)
{
    json_t *devices = json_array();
    for (; profile; profile = amkd_profile_next(profile)) {
        json_t *json = profile_json(profile);
        const json_int_t index = (json_int_t)amkd_profile_index(profile);
        if (!json) {
            json_decref(devices);
            return NULL;
        }
        json_object_set_new(json, "device", json_integer(index));
        json_object_set_new(json, "name", json_string(amkd_profile_name(profile)));
        json_array_append_new(devices, json);
    }
    return json_pack("{s:o}", "devices", devices);
}

static int print_json(FILE *out, const amkd_profile *profile)
{
    json_t *all =
        amkd_profile_next(profile) ? devices_json(profile) : profile_json(profile);
    const int rc = all && !json_dumpf(all, out, JSON_INDENT(2)) && fputc('\n', out) >= 0
                       ? 0
                       : amkd_fail("no memory for the profile");
    json_decref(all);
    return rc;
}

/* A table a device, of several under the device's name. */
static int print_tables(FILE *out, const amkd_profile *profile)
{
    const int several = amkd_profile_next(profile) != NULL;
    for (const amkd_profile *p = profile; p; p = amkd_profile_next(p)) {
        listing list;
        if (collect(&list, p))
            return -1;
        if (several)
            fprintf(out, "%sdevice %zu (%s)\n\n", p == profile ? "" : "\n",
                    amkd_profile_index(p), amkd_profile_name(p));
        print_table(out, &list);
        free(list.lines);
    }
    return 0;
}

int amkd_profile_write(const char *path, const amkd_profile *profile)
{
    char *text = NULL;
    size_t nbytes;
    const size_t length = strlen(path);
    FILE *out = open_memstream(&text, &nbytes);
    int rc = out ? 0 : amkd_fail_errno("the profile");
    if (out && length > 5 && !strcmp(path + length - 5, ".json"))
        rc = print_json(out, profile);
    else if (out)
        rc = print_tables(out, profile);
    if (out && fclose(out))
        rc = amkd_fail_errno("the profile");
    if (!rc)
        rc = amkd_file_write(path, text, nbytes);
    free(text);
    return rc;
}

int amkd_profile_open(amkd_profile **out, const char *path)
{
    *out = NULL;
    if (!path)
        return 0;
    if (amkd_output_probe(path, NULL))
        return -1;
    *out = amkd_profile_new();
    return *out ? 0 : -1;
}

int amkd_profile_close(amkd_profile *profile, const char *path, int rc)
{
    if (!rc && profile)
        rc = amkd_profile_check(profile) || amkd_profile_write(path, profile) ? -1 : 0;
    amkd_profile_free(profile);
    return rc;
}
