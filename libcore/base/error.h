/* The last error message of each thread: libcore never prints and never exits, it fails
 * where most is known and hands -1 up. */
#ifndef AMKD_BASE_ERROR_H
#define AMKD_BASE_ERROR_H

/* Sets this thread's error message (no capital, no full stop; what failed, where, what
 * was expected) and returns -1, so that `return amkd_fail(...)` reads well. Control
 * characters are shown as '?', but for tabs and ends of lines. */
int amkd_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As amkd_fail, with ": " and the text of errno at the end. */
int amkd_fail_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Puts "<context>: " before the present message, for callers that know where it happened.
 * Returns -1. */
int amkd_fail_in(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Keeps a remark for the user about what failed and takes nothing from the results; the
 * first one of all threads counts. */
void amkd_remark(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* That remark, NULL if there is none. To be called when no thread remarks any more. */
const char *amkd_remarked(void);

/* This thread's message, "" if none was set. Valid until this thread's next amkd_fail. */
const char *amkd_error(void);

#endif
