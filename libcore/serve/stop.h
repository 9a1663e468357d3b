/* The signals that ask a server to stop, waited for in place of handled. */
#ifndef AMKD_SERVE_STOP_H
#define AMKD_SERVE_STOP_H

/* From here on, SIGINT and SIGTERM wait to be asked for, in this thread and those that it
 * starts. */
int amkd_stop_hold(void);

/* Waits for one of them, for at most seconds. Returns whether it came. */
int amkd_stop_wait(double seconds);

#endif
