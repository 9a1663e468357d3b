/* Programs: built from source or from the cached binary of an earlier build. */
#include "device/program.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "device/cache.h"
#include "device/last_words.h"
#include "device/listing.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All that the binary depends on, one thing a line: device, driver, platform, options,
 * sources. Only this tells one binary from another, so nothing may be left out. */
static char *cache_key(const amkd_device *device, const char *const *sources,
                       size_t nsources, const char *options)
{
    char platform_version[1024] = "";
    cl_int status =
        clGetPlatformInfo(device->platform, CL_PLATFORM_VERSION,
                          sizeof(platform_version) - 1, platform_version, NULL);
    if (status != CL_SUCCESS) {
        amkd_fail_cl(status, "the version of platform '%s'", device->platform_name);
        return NULL;
    }
    char *key =
        amkd_format("%s\n%s\n%s\n%s\n%s\n%s\n", device->name, device->driver,
                    device->version, device->platform_name, platform_version, options);
    if (!key)
        return NULL;
    size_t length = strlen(key);
    for (size_t s = 0; s < nsources; s++) {
        size_t source_nbytes = strlen(sources[s]);
        char *grown = amkd_realloc(key, length + source_nbytes + 1, 1);
        if (!grown) {
            free(key);
            return NULL;
        }
        key = grown;
        memcpy(key + length, sources[s], source_nbytes + 1);
        length += source_nbytes;
    }
    return key;
}

/* The build log as the error; status is what clBuildProgram returned. */
static int fail_build(cl_program program, const amkd_device *device, const char *name,
                      const char *options, cl_int status)
{
    size_t nbytes = 0;
    char *log = NULL;
    if (clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, 0, NULL,
                              &nbytes) == CL_SUCCESS &&
        nbytes && (log = amkd_alloc(nbytes + 1, 1)) &&
        clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, nbytes, log,
                              NULL) != CL_SUCCESS)
        *log = 0;
    amkd_fail_cl(status, "building the kernels '%s' on device '%s' with '%s'", name,
                 device->name, options);
    if (log && *log)
        amkd_fail("%s\n%s", amkd_error(), log);
    free(log);
    return -1;
}

/* The program of a cached binary, or NULL: a driver may refuse it for reasons that no key
 * foresees, and then the source is built again. */
static cl_program from_binary(amkd_device *device, const char *key, const char *options)
{
    unsigned char *binary;
    size_t nbytes;
    if (amkd_cache_load(&binary, &nbytes, AMKD_CACHE_PROGRAMS, key))
        return NULL;
    cl_int status, binary_status;
    cl_program program = clCreateProgramWithBinary(
        device->context, 1, &device->id, &nbytes, (const unsigned char **)&binary,
        &binary_status, &status);
    free(binary);
    if (status != CL_SUCCESS)
        return NULL;
    if (binary_status != CL_SUCCESS ||
        clBuildProgram(program, 1, &device->id, options, NULL, NULL) != CL_SUCCESS) {
        amkd_cl_tidied(clReleaseProgram(program), "clReleaseProgram");
        return NULL;
    }
    return program;
}

static int build_once(cl_program *out, amkd_device *device, const char *name,
                      const char *const *sources, size_t nsources, const char *options)
{
    cl_int status;
    cl_program program = clCreateProgramWithSource(device->context, (cl_uint)nsources,
                                                   (const char **)sources, NULL, &status);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "a program on device '%s'", device->name);
    status = clBuildProgram(program, 1, &device->id, options, NULL, NULL);
    if (status != CL_SUCCESS) {
        fail_build(program, device, name, options, status);
        amkd_cl_tidied(clReleaseProgram(program), "clReleaseProgram");
        return -1;
    }
    *out = program;
    return 0;
}

/* Drivers have caches of their own, and in some (PoCL 3.1) a build fails when another
 * process puts the same program there at that moment: the second attempt finds it. */
static int from_source(cl_program *out, amkd_device *device, const char *name,
                       const char *const *sources, size_t nsources, const char *options)
{
    return build_once(out, device, name, sources, nsources, options) &&
                   build_once(out, device, name, sources, nsources, options)
               ? -1
               : 0;
}

/* Keeps the program's binary, where the driver hands one out. */
static void keep_binary(cl_program program, const char *key)
{
    size_t nbytes = 0;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof(nbytes), &nbytes,
                         NULL) != CL_SUCCESS ||
        !nbytes)
        return;
    unsigned char *binary = amkd_alloc(nbytes, 1);
    if (binary && clGetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof(binary), &binary,
                                   NULL) == CL_SUCCESS)
        amkd_cache_store(AMKD_CACHE_PROGRAMS, key, binary, nbytes);
    free(binary);
}

static const char another[] = "another device (-d), another driver or another "
                              "AMKD_VECTOR_WIDTH may do";

/* What a device has built, so that layers of one shape share a program. */
struct amkd_shared_program {
    struct amkd_shared_program *next;
    char *key;
    cl_program program;
};

static pthread_mutex_t sharing = PTHREAD_MUTEX_INITIALIZER;

/* The program, retained for the caller; NULL if the device has none of that key. */
static cl_program find_shared(const amkd_device *device, const char *key)
{
    cl_program found = NULL;
    pthread_mutex_lock(&sharing);
    for (const struct amkd_shared_program *s = device->programs; s && !found; s = s->next)
        if (!strcmp(s->key, key) && clRetainProgram(s->program) == CL_SUCCESS)
            found = s->program;
    pthread_mutex_unlock(&sharing);
    return found;
}

/* Without memory for it, the program is just not shared. */
static void share(amkd_device *device, cl_program program, const char *key)
{
    struct amkd_shared_program *s = amkd_alloc(1, sizeof *s);
    char *copy = s ? amkd_strdup(key) : NULL;
    if (!copy || clRetainProgram(program) != CL_SUCCESS) {
        free(copy);
        free(s);
        return;
    }
    pthread_mutex_lock(&sharing);
    *s = (struct amkd_shared_program){device->programs, copy, program};
    device->programs = s;
    pthread_mutex_unlock(&sharing);
}

void amkd_programs_forget(amkd_device *device)
{
    for (struct amkd_shared_program *s = device->programs, *next; s; s = next) {
        next = s->next;
        amkd_cl_tidied(clReleaseProgram(s->program), "clReleaseProgram");
        free(s->key);
        free(s);
    }
    device->programs = NULL;
}

/* Builds from source and keeps the binary. A driver that dies of it leaves an entry of
 * the key death; with which options means what is next. */
static int build_and_keep(cl_program *out, amkd_device *device, const char *name,
                          const char *const *sources, size_t nsources,
                          const char *options, const char *key, const char *death,
                          int optimised)
{
    char *path = NULL;
    unsigned char *note = NULL;
    size_t nbytes = 0;
    const int kept = !amkd_cache_prepare(&path, &note, &nbytes, AMKD_CACHE_PROGRAMS,
                                         death, name, strlen(name));
    char *text = amkd_format(
        "the driver of device '%s' died while it compiled the kernels '%s' with '%s': "
        "%s%s",
        device->name, name, options,
        kept && optimised ? "given the same command again, amkd has it compile them "
                            "without optimisations, which is slower; "
                          : "",
        another);
    int rc = text ? 0 : -1;
    if (text) {
        if (device->watched && !device->compiling)
            device->compiling = amkd_progress_new(device->watched, "programs", 0, 0);
        amkd_last_words_begin(text, path, note, nbytes);
        rc = from_source(out, device, name, sources, nsources, options);
        if (!rc)
            keep_binary(*out, key);
        amkd_last_words_end();
        amkd_progress_add(device->compiling, 1);
    }
    free(text);
    free(note);
    free(path);
    return rc;
}

static int is_kept(const char *key)
{
    unsigned char *bytes;
    size_t nbytes;
    if (amkd_cache_load(&bytes, &nbytes, AMKD_CACHE_PROGRAMS, key))
        return 0;
    free(bytes);
    return 1;
}

/* *died: the driver is known to die of these options, and nothing was tried. */
static int load_or_build(cl_program *out, int *died, amkd_device *device,
                         const char *name, const char *const *sources, size_t nsources,
                         const char *options, int optimised)
{
    char *key = cache_key(device, sources, nsources, options);
    char *death = key ? amkd_format("died of\n%s", key) : NULL;
    int rc = death ? 0 : -1;
    *died = 0;
    if (!rc && !(*out = find_shared(device, key))) {
        if (!(*out = from_binary(device, key, options))) {
            *died = is_kept(death);
            if (!*died)
                rc = build_and_keep(out, device, name, sources, nsources, options, key,
                                    death, optimised);
        }
        if (!rc && !*died)
            share(device, *out, key);
    }
    free(death);
    free(key);
    return rc;
}

/* Without optimisations where the driver dies of them. */
static int build_usual(cl_program *out, amkd_device *device, const char *name,
                       const char *const *sources, size_t nsources, const char *usual)
{
    char *slow = amkd_format("%s -cl-opt-disable", usual);
    int died = 0;
    int rc =
        slow ? load_or_build(out, &died, device, name, sources, nsources, usual, 1) : -1;
    if (died)
        rc = load_or_build(out, &died, device, name, sources, nsources, slow, 0);
    if (died)
        rc = amkd_fail(
            "the driver of device '%s' dies while it compiles the kernels '%s', "
            "without optimisations, too: %s; after 'amkd-devices --forget "
            "programs' it is tried again",
            device->name, name, another);
    free(slow);
    return rc;
}

int amkd_program_build(cl_program *out, amkd_device *device, const char *name,
                       const char *const *sources, size_t nsources, const char *options)
{
    *out = NULL;
    /* -w: there are compilers that say "1 warning generated" on the caller's stderr. */
    char *usual =
        amkd_format("-w -cl-std=CL1.2 -DVW=%zu -DNLANES=%zu %s", device->vector_width,
                    device->nlanes, options ? options : "");
    int rc = usual ? 0 : -1;
    if (!rc && device->listing)
        rc = amkd_listing_add(device->listing, name, sources, nsources, usual);
    if (!rc)
        rc = build_usual(out, device, name, sources, nsources, usual);
    if (!rc && device->listing)
        rc = amkd_listing_built(device->listing, *out);
    free(usual);
    return rc;
}

void amkd_program_free(cl_program program)
{
    if (program)
        amkd_cl_tidied(clReleaseProgram(program), "clReleaseProgram");
}

void amkd_device_watch(amkd_device *device, const char *title)
{
    device->watched = title;
}

void amkd_device_unwatch(amkd_device *device)
{
    device->watched = NULL;
    amkd_progress_free(device->compiling);
    device->compiling = NULL;
}

void amkd_devices_watch(amkd_device *const *devices, size_t n, const char *title)
{
    for (size_t d = 0; d < n; d++)
        amkd_device_watch(devices[d], title);
}

void amkd_devices_unwatch(amkd_device *const *devices, size_t n)
{
    for (size_t d = 0; d < n; d++)
        amkd_device_unwatch(devices[d]);
}
