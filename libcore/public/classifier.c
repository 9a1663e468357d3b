/* A model on a device, for other programs. */
#include "base/memory.h"
#include "net/predict.h"
#include "public/amkd.h"
#include "public/library_internal.h"
#include <stdlib.h>

struct amkd_classifier {
    amkd_device *device;
    amkd_predictor *predictor;
    amkd_shape in;
    size_t nclasses;
    json_t *class_names; /* or NULL */
};

static int open_classifier(amkd_classifier *c, const char *path, const char *device)
{
    amkd_model *model;
    if (amkd_model_load(&model, path))
        return -1;
    c->in = model->graph.in;
    c->nclasses = model->graph.nclasses;
    c->class_names = json_incref(model->class_names);
    const int rc = amkd_device_open(&c->device, device) ||
                           amkd_predictor_new(&c->predictor, c->device, model)
                       ? -1
                       : 0;
    amkd_model_free(model);
    return rc;
}

int amkd_classifier_open(amkd_classifier **out, const char *path, const char *device)
{
    *out = NULL;
    amkd_library_prepare();
    amkd_classifier *c = amkd_alloc(1, sizeof *c);
    if (!c)
        return -1;
    if (open_classifier(c, path, device)) {
        amkd_classifier_close(c);
        return -1;
    }
    *out = c;
    return 0;
}

void amkd_classifier_close(amkd_classifier *c)
{
    if (!c)
        return;
    amkd_predictor_free(c->predictor);
    amkd_device_close(c->device);
    json_decref(c->class_names);
    free(c);
}

void amkd_classifier_input(const amkd_classifier *c, size_t *height, size_t *width,
                           size_t *channels)
{
    if (height)
        *height = c->in.height;
    if (width)
        *width = c->in.width;
    if (channels)
        *channels = c->in.channels;
}

size_t amkd_classifier_nclasses(const amkd_classifier *c)
{
    return c->nclasses;
}

const char *amkd_classifier_class_name(const amkd_classifier *classifier, size_t c)
{
    return amkd_library_name(classifier->class_names, c);
}

int amkd_classifier_predict(amkd_classifier *c, float *probs, const uint8_t *pixels,
                            size_t n)
{
    return n ? amkd_predictor_run(c->predictor, probs, pixels, n) : 0;
}
