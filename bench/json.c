/* The results as JSON for programs: what the table shows, unrounded. */
#include "base/error.h"
#include "base/version.h"
#include "bench.h"
#include <jansson.h>
#include <time.h>

static int put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) ? amkd_fail("no memory for the JSON")
                                                   : 0;
}

static json_t *describe_device(const amkd_device *d)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:i, s:i}", "index", (json_int_t)d->index,
                     "name", d->name, "platform", d->platform_name, "driver", d->driver,
                     "version", d->version, "compute_units", (int)d->ncompute_units,
                     "vector_width", (int)d->vector_width);
}

static int put_bars(json_t *object, const bench *b, const bench_row *row)
{
    if ((row->at_least > 0 && put(object, "at_least", json_real(row->at_least))) ||
        (row->at_most > 0 && put(object, "at_most", json_real(row->at_most))) ||
        (row->least_share > 0 &&
         put(object, "at_least_share", json_real(row->least_share))))
        return -1;
    if (!(row->at_least > 0 || row->at_most > 0 || row->least_share > 0))
        return 0;
    return put(object, "met", json_boolean(bench_met(b, row)));
}

static json_t *describe_row(const bench *b, const bench_row *row)
{
    const double seconds = bench_seconds(row);
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:f, s:f, s:f, s:I}", "section", row->section, "name",
                  row->name, "unit", row->unit, "median", bench_median(row), "min",
                  bench_min(row), "max", bench_max(row), "n", (json_int_t)row->n);
    if (!object)
        return NULL;
    if ((seconds > 0 && put(object, "seconds", json_real(seconds))) ||
        (row->flops > 0 &&
         (put(object, "flops", json_real(row->flops)) ||
          put(object, "share_of_peak", json_real(bench_share(b, row))))) ||
        (row->nbytes > 0 &&
         (put(object, "nbytes", json_real(row->nbytes)) ||
          put(object, "share_of_copy", json_real(bench_share(b, row))))) ||
        put_bars(object, b, row)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *describe(const bench *b)
{
    char date[32] = "";
    const time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc))
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    json_t *rows = json_array();
    for (size_t r = 0; rows && r < b->nrows; r++)
        if (json_array_append_new(rows, describe_row(b, &b->rows[r]))) {
            json_decref(rows);
            return NULL;
        }
    return json_pack("{s:s, s:s, s:b, s:o, s:f, s:f, s:o}", "version", AMKD_VERSION,
                     "date", date, "quick", b->quick, "device",
                     describe_device(b->device), "peak_flops", b->peak, "copy_nbytes",
                     b->copy, "rows", rows);
}

char *bench_json(const bench *b)
{
    json_t *object = describe(b);
    char *text = object ? json_dumps(object, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;
    json_decref(object);
    if (!text)
        amkd_fail("no memory for the JSON");
    return text;
}
