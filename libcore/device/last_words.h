/* What a process says when an OpenCL driver ends it. Compilers of drivers are large
 * programs inside this one, and some end the whole process on a fault of theirs (LLVM
 * aborts). */
#ifndef AMKD_DEVICE_LAST_WORDS_H
#define AMKD_DEVICE_LAST_WORDS_H

#include <stddef.h>

/* From now on until amkd_last_words_end, a fatal signal (SIGABRT, SIGSEGV, SIGBUS,
 * SIGILL, SIGFPE) makes this of the process's end: the file path, unless NULL, gets the
 * nbytes of note, text goes to stderr behind the program's name, temporary files are
 * removed, and the exit status is 1. path, note and text stay the caller's. Threads may
 * overlap: each has its own; a thread that the driver started has those of whoever began
 * last. */
void amkd_last_words_begin(const char *text, const char *path, const void *note,
                           size_t nbytes);

/* What was done about these signals before is done again. */
void amkd_last_words_end(void);

/* From now on these signals are somebody else's: beginnings and ends do nothing. To be
 * called before the first of them, by a library in another program's process. */
void amkd_last_words_leave(void);

#endif
