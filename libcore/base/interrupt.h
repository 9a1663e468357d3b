/* SIGINT and SIGTERM for work that must not be dropped: the first asks to finish what is
 * under way and stop, the second ends the process at once. */
#ifndef AMKD_BASE_INTERRUPT_H
#define AMKD_BASE_INTERRUPT_H

/* From now on. A signal that is ignored (nohup) stays ignored. SIGPIPE is ignored too, so
 * that a reader that goes away is a failed write like any other. */
void amkd_interrupt_catch(void);

/* The first signal that came, 0 when none did. */
int amkd_interrupted(void);

/* Ends the process by that signal, as its parent expects; returns when none came. */
void amkd_interrupt_end(void);

#endif
