/* What the two engines of the sweep share. */
#ifndef AMKD_SWEEP_SWEEP_INTERNAL_H
#define AMKD_SWEEP_SWEEP_INTERNAL_H

#include "device/program.h"
#include "sweep/sweep.h"
#include "sweep/sweep_stages.h"

/* What every evaluation reads, on the device. */
typedef struct amkd_sweep_inputs {
    amkd_device *device;
    cl_mem maps;         /* float [image][maps]; borrowed */
    cl_mem parameters;   /* float [nparameters] */
    cl_mem lambda_table; /* float and int [nlambdas - 1 + vector_width]: cl/sweep.cl */
    cl_mem slot_table;
    size_t nlambdas;
    char *defines; /* the macros of cl/sweep.cl */
} amkd_sweep_inputs;

/* How many images' maps there is room for on the device at a time: all, unless the images
 * need a window (ops/window.h). */
size_t amkd_maps_room(const amkd_device *device, const amkd_stages *stages,
                      const amkd_images *images);

/* The layer that runs once per image (cl/sweep_maps.cl), with the maps of all images, or
 * of the first ones, done. parameters are borrowed; so are images that need a window. */
typedef struct amkd_maps amkd_maps;
int amkd_maps_new(amkd_maps **out, amkd_device *device, const amkd_stages *stages,
                  const amkd_model *model, const amkd_images *images, cl_mem parameters);
/* What it writes, float [image][maps]. */
cl_mem amkd_maps_buffer(const amkd_maps *maps);
int amkd_maps_borrow(const amkd_maps *maps); /* whether the images are borrowed */
/* Of such: has the maps of these images in place of those that are there. numbers[0..n)
 * are images, no more different ones than there is room for, and become places among the
 * maps. Enqueued. */
int amkd_maps_bring(amkd_maps *maps, uint32_t *numbers, size_t n);
void amkd_maps_free(amkd_maps *maps); /* NULL is fine */

typedef struct amkd_fused amkd_fused;
int amkd_fused_new(amkd_fused **out, const amkd_sweep_inputs *inputs,
                   const amkd_stages *stages);
/* Writes the kernel's source into the directory that $AMKD_DUMP_KERNELS names, if any. */
int amkd_fused_dump(const amkd_sweep_inputs *inputs, const amkd_stages *stages);
/* scores, float [pair][lambda], must have room for whole lane blocks. */
int amkd_fused_run(amkd_fused *fused, cl_mem scores, cl_mem pairs, size_t npairs);
void amkd_fused_free(amkd_fused *fused); /* NULL is fine */

/* Scores some pairs of the first nimages images, whose maps are there, and holds them
 * against graph/reference.h; fails where they differ. */
int amkd_fused_check(amkd_fused *fused, amkd_device *device, const amkd_model *model,
                     const amkd_images *images, size_t nimages,
                     const amkd_sweep_options *options);

typedef struct amkd_layered amkd_layered;
int amkd_layered_new(amkd_layered **out, const amkd_sweep_inputs *inputs,
                     const amkd_stages *stages);
amkd_network *amkd_layered_network(const amkd_layered *layered); /* borrowed */
int amkd_layered_run(amkd_layered *layered, cl_mem scores, cl_mem pairs, size_t npairs);
void amkd_layered_free(amkd_layered *layered); /* NULL is fine */

/* What goes back to the host of the scores of ngroups groups of evaluations: result is
 * cl/sweep_found.cl's found, of 1 + ngroups amkd_sweep_score. */
typedef struct amkd_found amkd_found;
int amkd_found_new(amkd_found **out, amkd_device *device, size_t group);
int amkd_found_run(amkd_found *found, cl_mem result, cl_mem scores, size_t ngroups,
                   float threshold);
void amkd_found_free(amkd_found *found); /* NULL is fine */

#endif
