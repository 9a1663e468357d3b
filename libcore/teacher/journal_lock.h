/* One process at a time has a journal open; the others are told which. */
#ifndef AMKD_TEACHER_JOURNAL_LOCK_H
#define AMKD_TEACHER_JOURNAL_LOCK_H

/* Makes the directory where it is not there and takes its lock. *fd is to be closed,
 * which lets go of the lock. */
int amkd_journal_lock(int *fd, const char *directory);

#endif
