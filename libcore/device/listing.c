/* Programs written as files, and the launches of their kernels. */
#include "device/listing.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

enum { FILE_NBYTES = 128, KERNEL_NBYTES = 64 };

typedef struct listed_program {
    char file[FILE_NBYTES];
    cl_program program; /* retained; NULL until it is built */
} listed_program;

typedef struct launch {
    char file[FILE_NBYTES], kernel[KERNEL_NBYTES], group[64];
    size_t local_nbytes;
} launch;

struct amkd_listing {
    char *folder;
    listed_program *programs; /* one for each time that a program was built or shared */
    size_t nprograms;
    launch *launches;
    size_t nlaunches;
};

static int is_program(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name);
    return length > 3 && !strcmp(entry->d_name + length - 3, ".cl");
}

/* Makes the folder, or fails where programs stand in it. */
static int open_folder(const char *folder)
{
    struct dirent **entries;
    if (!mkdir(folder, 0777))
        return 0;
    if (errno != EEXIST)
        return amkd_fail_errno("'%s'", folder);
    const int n = scandir(folder, &entries, is_program, NULL);
    if (n < 0)
        return amkd_fail_errno("'%s'", folder);
    for (int e = 0; e < n; e++)
        free(entries[e]);
    free(entries);
    return n ? amkd_fail("'%s': programs stand there already, expected another directory",
                         folder)
             : 0;
}

int amkd_listing_new(amkd_listing **out, const char *folder)
{
    if (open_folder(folder))
        return -1;
    amkd_listing *listing = amkd_alloc(1, sizeof *listing);
    if (!listing || !(listing->folder = amkd_strdup(folder))) {
        free(listing);
        return -1;
    }
    *out = listing;
    return 0;
}

void amkd_listing_free(amkd_listing *listing)
{
    if (!listing)
        return;
    for (size_t p = 0; p < listing->nprograms; p++)
        amkd_program_free(listing->programs[p].program);
    free(listing->programs);
    free(listing->launches);
    free(listing->folder);
    free(listing);
}

void amkd_listing_attach(amkd_listing *listing, amkd_device *device)
{
    device->listing = listing;
}

/* ------------------------------------------------------------------- a program -- */

/* "-DOC=6" as "#define OC 6"; a macro without a value is 1. */
static void write_macro(FILE *out, const char *option)
{
    const char *equals = strchr(option, '=');
    const size_t length = equals ? (size_t)(equals - option) : strlen(option);
    fprintf(out, "#define %.*s %s\n", (int)length, option, equals ? equals + 1 : "1");
}

/* The options that are no macros, in a comment, and the macros. */
static int write_options(FILE *out, const char *name, const char *options)
{
    char *copy = amkd_strdup(options), *rest = copy;
    if (!copy)
        return -1;
    fprintf(out, "/* %s; options:", name);
    for (char *word; (word = strsep(&rest, " "));)
        if (*word && strncmp(word, "-D", 2))
            fprintf(out, " %s", word);
    fputs(" */\n", out);
    free(copy);
    if (!(copy = rest = amkd_strdup(options)))
        return -1;
    for (char *word; (word = strsep(&rest, " "));)
        if (!strncmp(word, "-D", 2))
            write_macro(out, word + 2);
    free(copy);
    return 0;
}

/* The whole file; freed with free(). */
static char *print_program(const char *name, const char *const *sources, size_t nsources,
                           const char *options)
{
    char *text = NULL;
    size_t nbytes;
    FILE *out = open_memstream(&text, &nbytes);
    if (!out) {
        amkd_fail_errno("a program's text");
        return NULL;
    }
    int rc = write_options(out, name, options);
    for (size_t s = 0; s < nsources; s++)
        fputs(sources[s], out);
    if (fclose(out))
        rc = amkd_fail_errno("a program's text");
    if (!rc)
        return text;
    free(text);
    return NULL;
}

static int write_program(const amkd_listing *listing, const char *file, const char *text)
{
    char *path = amkd_format("%s/%s", listing->folder, file);
    const int rc = path ? amkd_file_write(path, text, strlen(text)) : -1;
    free(path);
    return rc;
}

static int is_listed(const amkd_listing *listing, const char *file)
{
    for (size_t p = 0; p < listing->nprograms; p++)
        if (!strcmp(listing->programs[p].file, file))
            return 1;
    return 0;
}

int amkd_listing_add(amkd_listing *listing, const char *name, const char *const *sources,
                     size_t nsources, const char *options)
{
    listed_program *grown =
        amkd_realloc(listing->programs, listing->nprograms + 1, sizeof *grown);
    if (!grown)
        return -1;
    listing->programs = grown;
    char *text = print_program(name, sources, nsources, options);
    if (!text)
        return -1;
    listed_program added = {.program = NULL};
    snprintf(added.file, sizeof added.file, "%s-%016llx.cl", name,
             (unsigned long long)XXH3_64bits(text, strlen(text)));
    const int rc =
        is_listed(listing, added.file) ? 0 : write_program(listing, added.file, text);
    free(text);
    if (!rc)
        listing->programs[listing->nprograms++] = added;
    return rc;
}

int amkd_listing_built(amkd_listing *listing, cl_program program)
{
    const cl_int status = clRetainProgram(program);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "a program");
    listing->programs[listing->nprograms - 1].program = program;
    return 0;
}

/* ------------------------------------------------------------------ its kernels -- */

/* The file of a kernel's program. */
static int find_file(const char **file, const amkd_listing *listing, cl_kernel kernel)
{
    cl_program program;
    const cl_int status =
        clGetKernelInfo(kernel, CL_KERNEL_PROGRAM, sizeof program, &program, NULL);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "a kernel's program");
    for (size_t p = 0; p < listing->nprograms; p++)
        if (listing->programs[p].program == program) {
            *file = listing->programs[p].file;
            return 0;
        }
    return amkd_fail("a kernel of a program that is not listed was launched");
}

static void print_group(char *text, size_t nbytes, size_t ndim, const size_t *local)
{
    if (local)
        snprintf(text, nbytes, "%zux%zux%zu", local[0], ndim > 1 ? local[1] : 1,
                 ndim > 2 ? local[2] : 1);
    else
        snprintf(text, nbytes, "-");
}

int amkd_listing_launch(amkd_listing *listing, cl_kernel kernel, const amkd_arg *args,
                        size_t nargs, size_t ndim, const size_t *local)
{
    const char *file = NULL;
    launch l = {.local_nbytes = 0};
    if (find_file(&file, listing, kernel))
        return -1;
    snprintf(l.file, sizeof l.file, "%s", file);
    const cl_int status =
        clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof l.kernel, l.kernel, NULL);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "a kernel's name");
    print_group(l.group, sizeof l.group, ndim, local);
    for (size_t a = 0; a < nargs; a++)
        l.local_nbytes += args[a].value ? 0 : args[a].nbytes;
    for (size_t n = 0; n < listing->nlaunches; n++)
        if (!memcmp(&listing->launches[n], &l, sizeof l))
            return 0;
    launch *grown =
        amkd_realloc(listing->launches, listing->nlaunches + 1, sizeof *grown);
    if (!grown)
        return -1;
    listing->launches = grown;
    listing->launches[listing->nlaunches++] = l;
    return 0;
}

static size_t count_files(const amkd_listing *listing)
{
    size_t n = 0;
    for (size_t p = 0; p < listing->nprograms; p++) {
        size_t first = 0;
        while (strcmp(listing->programs[first].file, listing->programs[p].file))
            first++;
        n += first == p;
    }
    return n;
}

int amkd_listing_write(const amkd_listing *listing, size_t *nprograms)
{
    char *text = NULL;
    size_t nbytes;
    FILE *out = open_memstream(&text, &nbytes);
    if (!out)
        return amkd_fail_errno("'%s'", listing->folder);
    fputs("program\tkernel\tgroup\tlocal_bytes\n", out);
    for (size_t n = 0; n < listing->nlaunches; n++) {
        const launch *l = &listing->launches[n];
        fprintf(out, "%s\t%s\t%s\t%zu\n", l->file, l->kernel, l->group, l->local_nbytes);
    }
    const int rc = fclose(out) ? amkd_fail_errno("'%s'", listing->folder)
                               : write_program(listing, "launches.tsv", text);
    free(text);
    *nprograms = count_files(listing);
    return rc;
}
