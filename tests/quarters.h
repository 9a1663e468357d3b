/* What tests of trainings share: labeled images that can be learned, and a small network.
 */
#ifndef AMKD_TESTS_QUARTERS_H
#define AMKD_TESTS_QUARTERS_H

#include "base/error.h"
#include "base/random.h"
#include "steps/learn/train.h"
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ck_ok(call) ck_assert_msg(!(call), "%s", amkd_error())

/* A labeled set that can be learned: the class is the brighter quarter of the image. */
enum { SIDE = 8, CLASSES = 4, NIMAGES = 203 };

static inline amkd_dataset make_dataset(void)
{
    amkd_dataset dataset = {.n = NIMAGES, .nclasses = CLASSES};
    const size_t npixels = SIDE * SIDE;
    amkd_images *images = dataset.images = calloc(1, sizeof *images);
    images->n = NIMAGES;
    images->height = images->width = SIDE;
    images->channels = 1;
    images->pixels = malloc(NIMAGES * npixels);
    images->nrefs = 1;
    images->refs = calloc(1, sizeof *images->refs);
    images->refs[0].rows = NIMAGES;
    dataset.keys = calloc(NIMAGES, sizeof *dataset.keys);
    dataset.targets = calloc(NIMAGES * CLASSES, sizeof *dataset.targets);
    for (uint32_t i = 0; i < NIMAGES; i++) {
        const size_t class = i % CLASSES;
        for (size_t p = 0; p < npixels; p++) {
            const size_t quarter = p / SIDE / 4 * 2 + p % SIDE / 4;
            images->pixels[i * npixels + p] =
                (uint8_t)(amkd_random_u64(4, i, p) % 128 + (quarter == class ? 100 : 0));
        }
        dataset.keys[i] = (amkd_label_key){i, i, 1};
        dataset.targets[i * CLASSES + class] = 1;
    }
    return dataset;
}

static inline amkd_model *make_model(const char *text)
{
    amkd_graph graph;
    amkd_model *model;
    ck_ok(amkd_graph_parse(&graph, text, (amkd_shape){1, SIDE, SIDE}, CLASSES));
    ck_ok(amkd_model_init(&model, &graph, 3));
    amkd_graph_clear(&graph);
    return model;
}

#define SMALL_ARCH "conv 4 k3 | relu | maxpool 2 | fc classes"

static inline amkd_train_options make_options(void)
{
    return (amkd_train_options){
        .optimizer = {AMKD_ADAMW, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
        .schedule = {.kind = AMKD_ONECYCLE, .rate = 0.01},
        .temperature = 1,
        .batch = 24, /* 203 is no multiple of it */
        .nsteps = 700,
        .seed = 5,
    };
}

#endif
