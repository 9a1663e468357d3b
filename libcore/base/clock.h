/* Time. */
#ifndef AMKD_BASE_CLOCK_H
#define AMKD_BASE_CLOCK_H

/* Monotonic seconds, for timings. */
double amkd_now(void);

#endif
