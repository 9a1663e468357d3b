/* Folders of pictures: the class is the subfolder of the first level, or none
 * when the files lie flat. A single file is a folder of one. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/class_names.h"
#include "data/decode.h"
#include "data/import_walk.h"
#include "data/source.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_FILE_NBYTES = 1 << 28 };

/* The subfolder of the first level in which the file lies: its name and length, 0 for
 * none. */
static size_t class_of(const char **name, const char *file, const char *folder)
{
    const char *rest = file + strlen(folder);
    while (*rest == '/')
        rest++;
    const char *slash = strchr(rest, '/');
    *name = rest;
    return slash ? (size_t)(slash - rest) : 0;
}

/* The number of the class called name[n]; -1 when there is none. */
static int32_t find_class(const json_t *names, const char *name, size_t n)
{
    size_t i;
    json_t *string;
    json_array_foreach (names, i, string) {
        if (json_string_length(string) == n &&
            !memcmp(json_string_value(string), name, n))
            return (int32_t)i;
    }
    return -1;
}

/* Files are sorted, so that the files of a class follow one another. */
static int collect_names(amkd_source *source)
{
    const char *name, *last = NULL;
    size_t nlast = 0;
    source->class_names = json_array();
    if (!source->class_names)
        return amkd_fail("out of memory");
    for (size_t i = 0; i < source->n; i++) {
        size_t n = class_of(&name, source->files[i], source->path);
        if (last && n == nlast && !memcmp(name, last, n))
            continue;
        json_t *string = json_stringn(name, n);
        if (!string)
            return amkd_fail("'%s': the folder's name is not UTF-8", source->files[i]);
        if (json_array_append_new(source->class_names, string))
            return amkd_fail("out of memory");
        last = name;
        nlast = n;
    }
    if (json_array_size(source->class_names) > AMKD_MAX_CLASSES)
        return amkd_fail("'%s': more than %d class folders", source->path,
                         AMKD_MAX_CLASSES);
    return 0;
}

static int fail_empty(const amkd_found *found)
{
    char more[64] = "";
    if (found->nempty > 1)
        snprintf(more, sizeof more, ", one of %zu such,", found->nempty);
    return amkd_fail("class folder '%s'%s holds no pictures (remove it, or name "
                     "the classes by --class-names: with or without it)",
                     found->empty, more);
}

/* Labels by subfolder; none when all files lie flat. */
static int label_files(amkd_source *source, const amkd_found *found, json_t *class_names)
{
    const char *name;
    size_t nflat = 0, flat = 0, deep = 0;
    for (size_t i = 0; i < source->n; i++) {
        if (class_of(&name, source->files[i], source->path))
            deep = i;
        else
            flat = i, nflat++;
    }
    if (nflat == source->n)
        return 0;
    if (nflat)
        return amkd_fail("'%s' lies beside class folders, as that of '%s' "
                         "(--unlabeled takes both)",
                         source->files[flat], source->files[deep]);
    if (found->empty && !class_names)
        return fail_empty(found);
    if (class_names ? amkd_class_names_distinct(class_names) : collect_names(source))
        return -1;
    if (class_names)
        source->class_names = json_incref(class_names);
    source->nclasses = json_array_size(source->class_names);
    source->labels = amkd_alloc(source->n, sizeof *source->labels);
    if (!source->labels)
        return -1;
    for (size_t i = 0, n, nlast = 0; i < source->n; i++, nlast = n) {
        const char *last = name;
        n = class_of(&name, source->files[i], source->path);
        if (i && n == nlast && !memcmp(name, last, n))
            source->labels[i] = source->labels[i - 1];
        else
            source->labels[i] = find_class(source->class_names, name, n);
        if (source->labels[i] < 0)
            return amkd_fail("'%s': class '%.*s' is none of the class names",
                             source->files[i], (int)n, name);
    }
    return 0;
}

static int read_file(amkd_picture *picture, const amkd_source *source, size_t index)
{
    const char *path = source->files[index];
    char *bytes;
    size_t nbytes;
    if (amkd_file_read(&bytes, &nbytes, path, MAX_FILE_NBYTES))
        return -1;
    int failed = amkd_decode(picture, bytes, nbytes, &source->decode);
    free(bytes);
    return failed ? amkd_fail_in("'%s'", path) : 0;
}

static int fail_without_pictures(const amkd_source *source,
                                 const amkd_import_report *report)
{
    if (!report->others.n)
        return amkd_fail("'%s': no PNG, JPEG, WebP or BMP files in it", source->path);
    char *others = amkd_endings_print(&report->others);
    if (others)
        amkd_fail("'%s': no PNG, JPEG, WebP or BMP files in it, but %s", source->path,
                  others);
    free(others);
    return -1;
}

int amkd_source_folder(amkd_source *source, const amkd_source_options *options)
{
    amkd_found found = {0};
    struct stat status;
    if (stat(source->path, &status))
        return amkd_fail_errno("'%s'", source->path);
    int is_folder = S_ISDIR(status.st_mode);
    if (is_folder ? amkd_walk(&found, source->path, options->report)
                  : amkd_found_add(&found, amkd_strdup(source->path))) {
        amkd_found_clear(&found);
        return -1;
    }
    int failed = found.n ? 0 : fail_without_pictures(source, options->report);
    source->files = found.path;
    source->n = found.n;
    source->read = read_file;
    source->decode = options->decode;
    if (!failed && is_folder && options->labeled)
        failed = label_files(source, &found, options->class_names);
    free(found.empty);
    return failed;
}
