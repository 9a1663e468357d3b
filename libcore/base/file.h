/* Output files that appear whole or not at all: written beside their name and renamed. */
#ifndef AMKD_BASE_FILE_H
#define AMKD_BASE_FILE_H

#include <stddef.h>
#include <stdio.h>

typedef struct amkd_output amkd_output;

/* Opens path for writing; NULL or "-" is stdout. A file is written to a temporary name in
 * the same directory, removed again on failure, exit, SIGINT, SIGTERM and SIGHUP. What a
 * writer of path that was killed left there is removed before (temp_path.h). A path that
 * exists and is not a regular file (/dev/null, a FIFO) is written in place. */
int amkd_output_open(amkd_output **out, const char *path);

/* Refuses a terminal: binary never goes there. what: "a pairs stream". */
int amkd_output_refuse_terminal(const amkd_output *output, const char *what);

/* Opens path and drops it again, for work whose output is opened only at its end: a
 * directory that cannot be written is found before. So is a terminal, unless what is NULL
 * (text may go there). A FIFO or device is left alone: a reader would see an end. */
int amkd_output_probe(const char *path, const char *what);

/* Whether both paths are there and lead to one file. NULL is no path. */
int amkd_file_same(const char *path, const char *other);

/* An output over fd, which is open for writing at the right place; it is closed at the
 * end. Written in place: commit syncs it, discard leaves what has been written. */
int amkd_output_adopt(amkd_output **out, const char *path, int fd);

/* Writes all nbytes or fails ('path': No space left on device). Small writes are
 * gathered: a failure may show up at a later write, sync or commit. */
int amkd_output_write(amkd_output *output, const void *bytes, size_t nbytes);

/* Hands on everything written so far: to the disk (fsync) for a file, into a pipe. */
int amkd_output_sync(amkd_output *output);

/* Syncs the directory that holds path, so that a name made in it survives a crash. Some
 * file systems cannot: that is no failure. */
void amkd_file_sync_name(const char *path);

/* Flushes, syncs, renames into place and frees; on failure nothing is left behind. */
int amkd_output_commit(amkd_output *output);

/* Drops what was written and frees; NULL is fine. */
void amkd_output_discard(amkd_output *output);

/* "stdout" or the path, for messages. */
const char *amkd_output_name(const amkd_output *output);

/* Reads a whole file into a new block (freed with free()), with a zero byte after it.
 * "-" is stdin. Fails beyond max_nbytes. */
int amkd_file_read(char **bytes, size_t *nbytes, const char *path, size_t max_nbytes);

/* Writes a whole file by amkd_output. */
int amkd_file_write(const char *path, const void *bytes, size_t nbytes);

#endif
