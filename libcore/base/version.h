/* The version that every tool and stream header states. */
#ifndef AMKD_BASE_VERSION_H
#define AMKD_BASE_VERSION_H

#ifndef AMKD_VERSION /* tests have others */
#define AMKD_VERSION "0.1.0"
#endif

#endif
