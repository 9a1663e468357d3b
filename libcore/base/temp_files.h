/* The temporary files that are alive, removed when the process ends before they are
 * whole. */
#ifndef AMKD_BASE_TEMP_FILES_H
#define AMKD_BASE_TEMP_FILES_H

/* Takes path (malloced) into the list before the file is made. From then on a normal
 * exit, SIGINT, SIGTERM and SIGHUP remove it. Fails when too many are alive. */
int amkd_temp_add(char *path);

/* Takes path out again, after the file was renamed or removed, and frees it. */
void amkd_temp_remove(char *path);

/* Leaves a signal to the caller, whose handler calls amkd_temp_remove_all if the process
 * is to end. */
void amkd_temp_leave(int number);

/* Removes them all; fit for signal handlers. */
void amkd_temp_remove_all(void);

#endif
