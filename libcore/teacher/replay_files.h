/* The files that replay:FILES names. */
#ifndef AMKD_TEACHER_REPLAY_FILES_H
#define AMKD_TEACHER_REPLAY_FILES_H

/* Fails on a list with an empty name, or with standard input in it. */
int amkd_replay_list_check(const char *list);

/* Calls take for every file of a list with commas: of patterns in order, of a journal's
 * directory the answers there. A name without stars is its own only one, whether there is
 * such a file or not. Ends with the first failure;
 * fails as amkd_replay_list_check. */
int amkd_replay_files(const char *list, int (*take)(void *context, const char *path),
                      void *context);

#endif
