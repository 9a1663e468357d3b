/* The signals that ask a server to stop, counted to be asked for. */
#ifndef AMKD_SERVE_STOP_H
#define AMKD_SERVE_STOP_H

/* From here on, SIGINT and SIGTERM end nothing by themselves, whichever thread they come
 * to. One that is ignored (nohup) stays ignored. */
int amkd_stop_catch(void);

/* Waits for one of them, for at most seconds. Returns whether it came. */
int amkd_stop_wait(double seconds);

#endif
