/* The names of the classes that a journal's answers are about: more may come behind them,
 * so that a name that was forgotten makes no answer worthless. */
#include "base/error.h"
#include "base/memory.h"
#include "teacher/journal_internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Names are only ever added at the end: answers of numbers alone go by their order. */
static int check_names(const amkd_journal *journal, const json_t *names)
{
    const json_t *there = journal->class_names;
    const size_t n = json_array_size(names), nthere = json_array_size(there);
    for (size_t y = 0; y < n && y < nthere; y++) {
        const char *name = json_string_value(json_array_get(names, y));
        const char *old = json_string_value(json_array_get(there, y));
        if (!name || !old || strcmp(name, old) != 0)
            return amkd_fail("'%s': class %zu is '%s' there, '%s' here: names may be "
                             "added at the end only",
                             journal->answers_path, y, old ? old : "?",
                             name ? name : "?");
    }
    return 0;
}

/* No answer speaks of the classes from n on. */
static int check_unused(const amkd_journal *journal, size_t n)
{
    const amkd_answer_map *map = &journal->map;
    for (size_t a = 0; a < map->nanswers; a++)
        for (size_t y = n; y < map->nvalues; y++)
            if (!isnan(map->values[a * map->nvalues + y]))
                return amkd_fail("'%s': holds answers about class %zu, these names are "
                                 "%zu",
                                 journal->answers_path, y, n);
    return 0;
}

/* The rows of a stream of nold values each, as rows of nnew. */
static int copy_rows(amkd_writer *writer, const char *rows, size_t n, size_t nold,
                     size_t nnew)
{
    const size_t old_nbytes = sizeof(row_head) + nold * sizeof(float);
    const size_t new_nbytes = sizeof(row_head) + nnew * sizeof(float);
    char *row = amkd_alloc(1, new_nbytes);
    int rc = row ? 0 : -1;
    for (size_t y = nold; !rc && y < nnew; y++)
        memcpy(row + sizeof(row_head) + y * sizeof(float), &(float){NAN}, sizeof(float));
    for (size_t r = 0; !rc && r < n; r++) {
        memcpy(row, rows + r * old_nbytes,
               old_nbytes < new_nbytes ? old_nbytes : new_nbytes);
        rc = amkd_writer_write(writer, row, 1);
    }
    free(row);
    return rc;
}

/* Replaces answers.amkd, which nobody has open, by one whose answers have n values. */
static int rewrite(const amkd_journal *journal, size_t n)
{
    const char *path = journal->answers_path;
    amkd_reader *reader;
    amkd_writer *writer;
    amkd_header header = {0};
    void *rows = NULL;
    size_t nrows;
    if (amkd_reader_open(&reader, path, "answers", 0))
        return -1;
    const size_t nold = amkd_reader_header(reader)->fields[2].nitems;
    int rc = amkd_reader_read_all(reader, &rows, &nrows);
    amkd_reader_close(reader);
    if (!rc)
        rc = amkd_journal_answers_header(&header, journal, n);
    if (!rc)
        rc = amkd_writer_open(&writer, path, &header, 0);
    if (!rc && copy_rows(writer, rows, nrows, nold, n)) {
        amkd_writer_discard(writer);
        rc = -1;
    } else if (!rc)
        rc = amkd_writer_close(writer);
    amkd_header_clear(&header);
    free(rows);
    return rc;
}

static int resize(amkd_journal *journal, const json_t *names)
{
    const size_t n = json_array_size(names);
    amkd_writer *answers = journal->answers;
    if (check_unused(journal, n))
        return -1;
    journal->answers = NULL;
    if (amkd_writer_close(answers) || amkd_journal_set_names(journal, names) ||
        rewrite(journal, n))
        return -1;
    amkd_answer_map_clear(&journal->map);
    return amkd_journal_open_answers(journal, n);
}

int amkd_journal_set_names(amkd_journal *journal, const json_t *names)
{
    json_decref(journal->class_names);
    journal->class_names = names ? json_deep_copy(names) : NULL;
    return names && !journal->class_names ? amkd_fail("out of memory") : 0;
}

int amkd_journal_name_classes(amkd_journal *journal, const json_t *names)
{
    const size_t n = json_array_size(names);
    const size_t nthere = json_array_size(journal->class_names);
    if (!journal->answers)
        return amkd_journal_set_names(journal, names);
    if (!nthere)
        return !journal->map.nvalues || journal->map.nvalues == n
                   ? 0
                   : amkd_fail("'%s': holds answers of %zu classes, these names are %zu",
                               journal->answers_path, journal->map.nvalues, n);
    if (check_names(journal, names))
        return -1;
    return n == nthere ? 0 : resize(journal, names);
}
