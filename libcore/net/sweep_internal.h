/* What the two engines of the sweep share. */
#ifndef AMKD_NET_SWEEP_INTERNAL_H
#define AMKD_NET_SWEEP_INTERNAL_H

#include "compute/program.h"
#include "net/sweep.h"
#include "net/sweep_stages.h"

/* What every evaluation reads, on the device. */
typedef struct amkd_sweep_inputs {
    amkd_device *device;
    cl_mem maps;         /* float [image][maps] */
    cl_mem parameters;   /* float [nparameters] */
    cl_mem lambda_table; /* float and int [nlambdas - 1 + vector_width]: cl/sweep.cl */
    cl_mem slot_table;
    size_t nlambdas;
    char *defines; /* the macros of cl/sweep.cl */
} amkd_sweep_inputs;

/* maps = the layer that runs once per image, over all images (cl/sweep_maps.cl). */
int amkd_sweep_maps(cl_mem *maps, amkd_device *device, const amkd_stages *stages,
                    const amkd_model *model, const amkd_images *images,
                    cl_mem parameters);

typedef struct amkd_fused amkd_fused;
int amkd_fused_new(amkd_fused **out, const amkd_sweep_inputs *inputs,
                   const amkd_stages *stages);
/* Writes the kernel's source into the directory that $AMKD_DUMP_KERNELS names, if any. */
int amkd_fused_dump(const amkd_sweep_inputs *inputs, const amkd_stages *stages);
/* scores, float [pair][lambda], must have room for whole lane blocks. */
int amkd_fused_run(amkd_fused *fused, cl_mem scores, cl_mem pairs, size_t npairs);
void amkd_fused_free(amkd_fused *fused); /* NULL is fine */

/* Scores some pairs and holds them against net/reference.h; fails where they differ. */
int amkd_fused_check(amkd_fused *fused, amkd_device *device, const amkd_model *model,
                     const amkd_images *images, const amkd_sweep_options *options);

typedef struct amkd_layered amkd_layered;
int amkd_layered_new(amkd_layered **out, const amkd_sweep_inputs *inputs,
                     const amkd_stages *stages);
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
