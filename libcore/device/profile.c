/* Times of kernels by the events of their launches (clGetEventProfilingInfo, OpenCL 1.2,
 * section 5.12). */
#include "device/profile.h"
#include "base/error.h"
#include "base/memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Launches that are waited for together. */
enum { MAX_PENDING = 1024 };

typedef struct pending {
    cl_event event;
    size_t row;
} pending;

struct amkd_profile {
    amkd_profile *next; /* of the next device; NULL: none */
    int attached;
    size_t index;
    char name[256]; /* of the device */
    amkd_profile_row *rows;
    size_t nrows, max_rows;
    amkd_peak peak;
    amkd_work work; /* of the launches now; its flops and bytes are not yet in a row */
    pending pending[MAX_PENDING];
    size_t npending;
    char failure[256]; /* why a time is not known; "": all are */
};

amkd_profile *amkd_profile_new(void)
{
    amkd_profile *profile = amkd_alloc(1, sizeof *profile);
    amkd_profile_begin(profile, NULL);
    return profile;
}

void amkd_profile_free(amkd_profile *profile)
{
    while (profile) {
        amkd_profile *next = profile->next;
        for (size_t p = 0; p < profile->npending; p++)
            amkd_cl_tidied(clReleaseEvent(profile->pending[p].event), "clReleaseEvent");
        free(profile->rows);
        free(profile);
        profile = next;
    }
}

/* A profile that no device has: this one, or a new one behind all. */
static amkd_profile *find_free(amkd_profile *profile)
{
    while (profile && profile->attached) {
        if (!profile->next)
            profile->next = amkd_profile_new();
        profile = profile->next;
    }
    return profile;
}

int amkd_profile_attach(amkd_profile *profile, amkd_device *device)
{
    cl_int status;
    if (!profile)
        return 0;
    profile = find_free(profile);
    if (!profile)
        return -1;
    if (amkd_peak_measure(&profile->peak, device))
        return -1;
    cl_command_queue queue = clCreateCommandQueue(device->context, device->id,
                                                  CL_QUEUE_PROFILING_ENABLE, &status);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "a queue with times on device '%s'", device->name);
    amkd_cl_tidied(clReleaseCommandQueue(device->queue), "clReleaseCommandQueue");
    device->queue = queue;
    device->profile = profile;
    profile->attached = 1;
    profile->index = device->index;
    snprintf(profile->name, sizeof profile->name, "%s", device->name);
    return 0;
}

void amkd_profile_begin(amkd_profile *profile, const amkd_work *work)
{
    static const amkd_work none = {.pass = ""};
    if (profile)
        profile->work = work ? *work : none;
}

/* Adds an event's time to its row. */
static cl_int settle(amkd_profile_row *row, cl_event event)
{
    cl_ulong begin, end;
    cl_int status = clWaitForEvents(1, &event);
    if (status == CL_SUCCESS)
        status = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof begin,
                                         &begin, NULL);
    if (status == CL_SUCCESS)
        status = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof end,
                                         &end, NULL);
    amkd_cl_tidied(clReleaseEvent(event), "clReleaseEvent");
    if (status == CL_SUCCESS)
        row->seconds += 1e-9 * (double)(end - begin);
    return status;
}

void amkd_profile_settle(amkd_profile *profile)
{
    for (size_t p = 0; p < profile->npending; p++) {
        amkd_profile_row *row = &profile->rows[profile->pending[p].row];
        const cl_int status = settle(row, profile->pending[p].event);
        if (status != CL_SUCCESS && !*profile->failure)
            snprintf(profile->failure, sizeof profile->failure,
                     "the time of kernel '%s': %s", row->kernel, amkd_cl_error(status));
    }
    profile->npending = 0;
}

int amkd_profile_check(const amkd_profile *profile)
{
    for (; profile; profile = profile->next)
        if (*profile->failure)
            return amkd_fail("%s", profile->failure);
    return 0;
}

static int is_row(const amkd_profile_row *row, const amkd_work *work, const char *kernel)
{
    return !strcmp(row->kernel, kernel) && !strcmp(row->work.what, work->what) &&
           !strcmp(row->work.pass, work->pass);
}

/* The row of a kernel that is for the present work. */
static int find_row(size_t *number, amkd_profile *profile, const char *kernel)
{
    for (*number = 0; *number < profile->nrows; ++*number)
        if (is_row(&profile->rows[*number], &profile->work, kernel))
            return 0;
    if (profile->nrows == profile->max_rows) {
        const size_t more = 2 * profile->max_rows + 64;
        amkd_profile_row *grown = amkd_realloc(profile->rows, more, sizeof *grown);
        if (!grown)
            return -1;
        profile->rows = grown;
        profile->max_rows = more;
    }
    amkd_profile_row *row = &profile->rows[profile->nrows++];
    *row = (amkd_profile_row){.work = profile->work};
    row->work.flops = row->work.nbytes = 0;
    memcpy(row->kernel, kernel, strlen(kernel) + 1); /* both have 64 bytes */
    return 0;
}

int amkd_profile_add(amkd_profile *profile, cl_kernel kernel, cl_event event)
{
    char name[sizeof profile->rows->kernel];
    size_t row;
    cl_int status =
        clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL);
    if (status != CL_SUCCESS || find_row(&row, profile, name)) {
        amkd_cl_tidied(clReleaseEvent(event), "clReleaseEvent");
        return status == CL_SUCCESS ? -1 : amkd_fail_cl(status, "a kernel's name");
    }
    /* The first kernel of a run stands for its work. */
    profile->rows[row].ncalls++;
    profile->rows[row].work.flops += profile->work.flops;
    profile->rows[row].work.nbytes += profile->work.nbytes;
    profile->work.flops = profile->work.nbytes = 0;
    profile->pending[profile->npending++] = (pending){event, row};
    if (profile->npending == MAX_PENDING)
        amkd_profile_settle(profile);
    return *profile->failure ? amkd_fail("%s", profile->failure) : 0;
}

const amkd_profile *amkd_profile_next(const amkd_profile *profile)
{
    return profile->next;
}

size_t amkd_profile_index(const amkd_profile *profile)
{
    return profile->index;
}

const char *amkd_profile_name(const amkd_profile *profile)
{
    return profile->name;
}

amkd_peak amkd_profile_peak(const amkd_profile *profile)
{
    return profile->peak;
}

const amkd_profile_row *amkd_profile_rows(const amkd_profile *profile, size_t *n)
{
    *n = profile->nrows;
    return profile->rows;
}
