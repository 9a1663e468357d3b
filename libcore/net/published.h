/* Weights that somebody published: a safetensors file of a program's tensors, which does
 * not say of which network they are. Where a model's path is expected, such a file stands
 * with what it is, in the manner of
 *
 *     weights.safetensors,arch=resnet18,input=3x224x224,mean=0.5:0.5:0.5,std=0.2:0.2:0.2
 *
 * of which arch alone is needed where the network has a usual input, mean and deviation
 * (graph/named.h). */
#ifndef AMKD_NET_PUBLISHED_H
#define AMKD_NET_PUBLISHED_H

#include "net/model.h"
#include "net/safetensors.h"

typedef struct amkd_published {
    char *file;       /* the path alone; "-" is stdin */
    char *arch;       /* NULL: the file is to say it */
    amkd_shape in;    /* zeros: not said */
    char *mean, *std; /* "0.5:0.5:0.5", or NULL */
} amkd_published;

/* Takes a model's path apart. Fails on a word that it does not know. */
int amkd_published_parse(amkd_published *published, const char *path);
void amkd_published_clear(amkd_published *published);

/* Fails where output, which may be NULL, is the file of the model's path: it would be
 * written over. option: "--output", for the message. */
int amkd_published_spare(const char *path, const char *output, const char *option);

/* The model that the tensors are, of as many classes as its last layer has. */
int amkd_published_load(amkd_model *model, amkd_tensors *tensors,
                        const amkd_published *published);

/* "3x224x224": channels, height and width, 1 or more each. */
int amkd_shape_parse(amkd_shape *shape, const char *text);

/* The mean and std of n channels, from two lists with the mark between their numbers. */
int amkd_scales_parse(float *mean, float *std, size_t n, const char *mean_text,
                      const char *std_text, char mark);

/* n numbers, finite, with the mark between. Fails silently. */
int amkd_numbers_parse(float *numbers, size_t n, const char *text, char mark);

#endif
