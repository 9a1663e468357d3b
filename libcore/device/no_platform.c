/* Looks at the drivers as the OpenCL loader does, which does not say what it met: a
 * directory of files *.icd, each of which holds the name of a library. */
#include "device/no_platform.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/memory.h"
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct drivers {
    size_t n, nloaded;
    amkd_bytes text; /* what each of them came to */
} drivers;

/* source: the file that names the library, or "" where the environment does. */
static void add_driver(drivers *d, const char *source, const char *library)
{
    void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
    const char *why = handle ? NULL : dlerror();
    amkd_bytes_format(&d->text, "%s%s%s", d->n++ ? "; " : "", source,
                      *source ? ": " : "");
    if (handle)
        amkd_bytes_format(&d->text, "%s is loaded, but offers none", library);
    else
        amkd_bytes_puts(&d->text, why ? why : library);
    d->nloaded += handle != NULL;
    if (handle)
        dlclose(handle);
}

static void add_file(drivers *d, const char *path)
{
    char line[4096] = "";
    FILE *file = fopen(path, "r");
    const int read = file && fgets(line, sizeof line, file);
    if (file)
        fclose(file);
    line[strcspn(line, "\r\n")] = 0;
    if (read && *line)
        add_driver(d, path, line);
    else
        amkd_bytes_format(&d->text, "%s%s: names no library", d->n++ ? "; " : "", path);
}

static int is_icd(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && !strcmp(dot, ".icd");
}

static void add_directory(drivers *d, const char *path)
{
    struct dirent **entries;
    const int n = scandir(path, &entries, is_icd, alphasort);
    for (int e = 0; e < n; e++) {
        char *file = amkd_format("%s/%s", path, entries[e]->d_name);
        if (file)
            add_file(d, file);
        free(file);
        free(entries[e]);
    }
    if (n >= 0)
        free(entries);
}

static void add_place(drivers *d, const char *place)
{
    struct stat status;
    if (stat(place, &status))
        add_driver(d, "", place); /* the loader takes it for a library */
    else if (S_ISDIR(status.st_mode))
        add_directory(d, place);
    else
        add_file(d, place);
}

int amkd_fail_no_platform(void)
{
    const char *vendors = getenv("OCL_ICD_VENDORS");
    drivers d = {0};
    add_place(&d, vendors && *vendors ? vendors : "/etc/OpenCL/vendors");
    if (!d.n)
        amkd_fail("no OpenCL platform is installed; package pocl-opencl-icd brings one "
                  "for the CPU");
    else
        amkd_fail("no OpenCL platform: %s: %.*s%s%s",
                  d.nloaded ? "no driver offers one" : "no driver can be loaded",
                  (int)d.text.n, d.text.n ? d.text.data : "",
                  d.nloaded == d.n ? "; package pocl-opencl-icd brings one for the CPU"
                                   : "",
                  amkd_memory_limit());
    amkd_bytes_clear(&d.text);
    return -1;
}
