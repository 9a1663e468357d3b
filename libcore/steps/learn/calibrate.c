/* A temperature from logits, which are asked for once more than the figures need. */
#include "steps/learn/calibrate.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/images_rows.h"
#include "steps/learn/temperature.h"
#include <stdio.h>
#include <stdlib.h>

/* The most rows that are mixed and predicted at a time. */
enum { ROWS = 4096 };

/* logits[dataset->n][nclasses], allocated. */
static int find_logits(float **logits, amkd_predictors *predictors,
                       const amkd_dataset *dataset)
{
    const size_t nrows = amkd_images_chunk(dataset->images, ROWS);
    uint8_t *pixels = amkd_alloc(nrows, amkd_images_npixels(dataset->images));
    *logits = amkd_alloc(dataset->n, dataset->nclasses * sizeof **logits);
    int rc = pixels && *logits ? 0 : -1;
    for (size_t done = 0; !rc && done < dataset->n; done += nrows) {
        const size_t count = dataset->n - done < nrows ? dataset->n - done : nrows;
        const amkd_prediction wanted = {.pixels = pixels,
                                        .logits = *logits + done * dataset->nclasses};
        rc = amkd_dataset_pixels(dataset, pixels, done, count) ||
                     amkd_predictors_predict(predictors, &wanted, count)
                 ? -1
                 : 0;
    }
    free(pixels);
    return rc;
}

static int fit(amkd_model *model, amkd_predictors *predictors,
               const amkd_dataset *dataset)
{
    float *logits = NULL;
    const int rc =
        find_logits(&logits, predictors, dataset) ||
                amkd_temperature_fit(&model->temperature, logits, dataset->targets,
                                     dataset->n, dataset->nclasses)
            ? -1
            : 0;
    free(logits);
    return rc;
}

int amkd_calibrate(amkd_calibrating *calibrating, amkd_model *model,
                   amkd_predictors *predictors, const amkd_dataset *dataset)
{
    calibrating->before = model->temperature;
    if (amkd_evaluate_dataset(&calibrating->was, predictors, dataset) ||
        fit(model, predictors, dataset) || amkd_predictors_update(predictors, model) ||
        amkd_evaluate_dataset(&calibrating->is, predictors, dataset))
        return -1;
    calibrating->after = model->temperature;
    return 0;
}

static int calibrating_json(char **text, const amkd_calibrating *calibrating)
{
    char *was = NULL, *is = NULL;
    *text = NULL;
    if (!amkd_agreement_text(&was, &calibrating->was, 1) &&
        !amkd_agreement_text(&is, &calibrating->is, 1))
        *text = amkd_format("{\n\"temperature\": %.9g,\n\"temperature_before\": %.9g,\n"
                            "\"before\":\n%s,\"after\":\n%s}\n",
                            calibrating->after, calibrating->before, was, is);
    free(was);
    free(is);
    return *text ? 0 : -1;
}

static void print_line(FILE *out, const char *name, double before, double after)
{
    fprintf(out, "%-17s %9.4f %9.4f\n", name, before, after);
}

int amkd_calibrating_text(char **text, const amkd_calibrating *calibrating, int json)
{
    const amkd_calibration *was = &calibrating->was.calibration;
    const amkd_calibration *is = &calibrating->is.calibration;
    size_t nbytes;
    if (json)
        return calibrating_json(text, calibrating);
    FILE *out = open_memstream(text, &nbytes);
    if (!out)
        return amkd_fail_errno("memory for the figures");
    fprintf(out, "%-17s %9zu\n%-17s %9.4f\n\n%-17s %9s %9s\n", "answers",
            calibrating->is.n, "agreement", calibrating->is.agreement, "", "before",
            "after");
    print_line(out, "temperature", calibrating->before, calibrating->after);
    print_line(out, "cross entropy", amkd_calibration_log_loss(was),
               amkd_calibration_log_loss(is));
    print_line(out, "Brier score", amkd_calibration_brier(was),
               amkd_calibration_brier(is));
    print_line(out, "calibration error", amkd_calibration_error(was),
               amkd_calibration_error(is));
    const int failed = ferror(out);
    return fclose(out) || failed ? amkd_fail("out of memory") : 0;
}
