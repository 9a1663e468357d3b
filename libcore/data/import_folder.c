/* Folders of PNG and JPEG files: the class is the subfolder of the first level, or none
 * when the files lie flat. A single file is a folder of one. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/class_names.h"
#include "data/jpeg.h"
#include "data/png.h"
#include "data/source.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MAX_DEPTH = 16, MAX_FILE_NBYTES = 1 << 28 };

/* Paths grown one by one, each owned. */
typedef struct paths {
    size_t n, room;
    char **path;
    char *empty; /* a subfolder of the first level without pictures, or NULL */
} paths;

/* Takes path, also on failure. */
static int paths_add(paths *list, char *path)
{
    if (!path)
        return -1;
    if (list->n == list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        char **grown = amkd_realloc(list->path, room, sizeof *grown);
        if (!grown) {
            free(path);
            return -1;
        }
        list->path = grown;
        list->room = room;
    }
    list->path[list->n++] = path;
    return 0;
}

static void paths_clear(paths *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->path[i]);
    free(list->path);
    free(list->empty);
    *list = (paths){0};
}

static int is_picture(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (!strcasecmp(dot, ".png") || !strcasecmp(dot, ".jpg") ||
                   !strcasecmp(dot, ".jpeg"));
}

static int walk(paths *files, const char *folder, size_t depth);

/* Takes path, a file or folder that is not hidden. */
static int visit(paths *files, char *path, const char *name, size_t depth)
{
    struct stat status;
    if (!path)
        return -1;
    if (stat(path, &status)) {
        int failed = amkd_fail_errno("'%s'", path);
        free(path);
        return failed;
    }
    if (S_ISREG(status.st_mode) && is_picture(name))
        return paths_add(files, path);
    size_t before = files->n;
    int failed = S_ISDIR(status.st_mode) ? walk(files, path, depth + 1) : 0;
    if (!failed && S_ISDIR(status.st_mode) && !depth && files->n == before) {
        free(files->empty);
        files->empty = path;
        return 0;
    }
    free(path);
    return failed;
}

/* Adds all pictures below the folder; hidden files and folders are passed over. */
static int walk(paths *files, const char *folder, size_t depth)
{
    if (depth > MAX_DEPTH)
        return amkd_fail("'%s': more than %d folders deep", folder, MAX_DEPTH);
    DIR *stream = opendir(folder);
    if (!stream)
        return amkd_fail_errno("'%s'", folder);
    size_t n = strlen(folder);
    const char *slash = n && folder[n - 1] == '/' ? "" : "/";
    struct dirent *entry;
    int failed = 0;
    while (!failed && (errno = 0, entry = readdir(stream)))
        if (entry->d_name[0] != '.')
            failed = visit(files, amkd_format("%s%s%s", folder, slash, entry->d_name),
                           entry->d_name, depth);
    if (!failed && errno)
        failed = amkd_fail_errno("'%s'", folder);
    closedir(stream);
    return failed;
}

/* By name, folder by folder: '/' comes before every other character. */
static int compare_paths(const void *a, const void *b)
{
    const unsigned char *s = *(unsigned char *const *)a, *t = *(unsigned char *const *)b;
    while (*s && *s == *t)
        s++, t++;
    int c = *s == '/' ? 1 : *s, d = *t == '/' ? 1 : *t;
    return *s && *t ? c - d : *s - *t;
}

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
    json_array_foreach(names, i, string)
    {
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

/* Labels by subfolder; none when all files lie flat. */
static int label_files(amkd_source *source, const char *empty, json_t *class_names)
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
    if (empty && !class_names)
        return amkd_fail("class folder '%s' holds no PNG or JPEG files", empty);
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
    int failed = amkd_png_is(bytes, nbytes)    ? amkd_png_decode(picture, bytes, nbytes)
                 : amkd_jpeg_is(bytes, nbytes) ? amkd_jpeg_decode(picture, bytes, nbytes)
                                               : amkd_fail("neither PNG nor JPEG");
    free(bytes);
    return failed ? amkd_fail_in("'%s'", path) : 0;
}

int amkd_source_folder(amkd_source *source, const amkd_source_options *options)
{
    paths files = {0};
    struct stat status;
    if (stat(source->path, &status))
        return amkd_fail_errno("'%s'", source->path);
    int is_folder = S_ISDIR(status.st_mode);
    if (is_folder ? walk(&files, source->path, 0)
                  : paths_add(&files, amkd_strdup(source->path))) {
        paths_clear(&files);
        return -1;
    }
    int failed = 0;
    if (!files.n)
        failed = amkd_fail("'%s': no PNG or JPEG files in it", source->path);
    else
        qsort(files.path, files.n, sizeof *files.path, compare_paths);
    source->files = files.path;
    source->n = files.n;
    source->read = read_file;
    if (!failed && is_folder && options->labeled)
        failed = label_files(source, files.empty, options->class_names);
    free(files.empty);
    return failed;
}
