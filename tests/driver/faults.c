/* Calls that are counted, and the one that fails. */
#include "driver.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_QUEUES = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static driver_entry *entries;
static cl_command_queue queues[MAX_QUEUES];
static cl_int lost; /* the code of every call from now on */

static const struct {
    const char *name;
    cl_int code;
} codes[] = {
    {"CL_OUT_OF_RESOURCES", CL_OUT_OF_RESOURCES},
    {"CL_OUT_OF_HOST_MEMORY", CL_OUT_OF_HOST_MEMORY},
    {"CL_MEM_OBJECT_ALLOCATION_FAILURE", CL_MEM_OBJECT_ALLOCATION_FAILURE},
    {"CL_DEVICE_NOT_AVAILABLE", CL_DEVICE_NOT_AVAILABLE},
    {"CL_BUILD_PROGRAM_FAILURE", CL_BUILD_PROGRAM_FAILURE},
    {"CL_INVALID_BINARY", CL_INVALID_BINARY},
    {"CL_INVALID_COMMAND_QUEUE", CL_INVALID_COMMAND_QUEUE},
    {"CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST",
     CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST},
};

static _Noreturn void misused(const char *what, const char *text)
{
    fprintf(stderr, "driver: %s '%s'\n", what, text);
    _Exit(99);
}

static cl_int code_of(const char *name)
{
    for (size_t c = 0; c < sizeof codes / sizeof *codes; c++)
        if (!strcmp(name, codes[c].name))
            return codes[c].code;
    misused("no code", name);
}

/* The code if variable, NAME:N:CODE, is about this call, else CL_SUCCESS. */
static cl_int meant(const char *variable, const driver_entry *entry)
{
    const char *text = getenv(variable);
    char name[64], code[64];
    unsigned long n;
    if (!text)
        return CL_SUCCESS;
    if (sscanf(text, "%63[^:]:%lu:%63s", name, &n, code) != 3)
        misused(variable, text);
    const cl_int value = code_of(code);
    return n == entry->ncalls && !strcmp(name, entry->name) ? value : CL_SUCCESS;
}

/* What was enqueued before a device is lost has an end. */
static void finish_all(void)
{
    for (size_t q = 0; q < MAX_QUEUES; q++)
        if (queues[q])
            (void)DRIVER_REAL(clFinish)(queues[q]);
}

cl_int driver_call(driver_entry *entry)
{
    pthread_mutex_lock(&lock);
    if (!entry->ncalls++) {
        entry->next = entries;
        entries = entry;
    }
    if (!lost && (lost = meant("DRIVER_LOST", entry)))
        finish_all();
    const cl_int code = lost ? lost : meant("DRIVER_FAIL", entry);
    pthread_mutex_unlock(&lock);
    return code;
}

static void replace_queue(cl_command_queue old, cl_command_queue new)
{
    size_t q = 0;
    pthread_mutex_lock(&lock);
    while (q < MAX_QUEUES && queues[q] != old)
        q++;
    if (q < MAX_QUEUES)
        queues[q] = new;
    pthread_mutex_unlock(&lock);
}

void driver_add_queue(cl_command_queue queue)
{
    replace_queue(NULL, queue);
}

void driver_remove_queue(cl_command_queue queue)
{
    replace_queue(queue, NULL);
}

void *driver_real(const char *name)
{
    void *real = dlsym(RTLD_NEXT, name);
    if (!real)
        misused("the loader has no", name);
    return real;
}

__attribute__((destructor)) static void write_counts(void)
{
    const char *path = getenv("DRIVER_COUNTS");
    FILE *file = path && entries ? fopen(path, "w") : NULL;
    if (!file)
        return;
    for (const driver_entry *e = entries; e; e = e->next)
        fprintf(file, "%s %lu\n", e->name, e->ncalls);
    if (fclose(file))
        misused("cannot write", path);
}
