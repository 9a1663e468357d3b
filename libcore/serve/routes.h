/* Which resource a path names. */
#ifndef AMKD_SERVE_ROUTES_H
#define AMKD_SERVE_ROUTES_H

#include "serve/question.h"

typedef enum amkd_route {
    AMKD_ROUTE_NONE,        /* nothing is there */
    AMKD_ROUTE_SERVER,      /* /v2 */
    AMKD_ROUTE_LIVE,        /* /v2/health/live */
    AMKD_ROUTE_READY,       /* /v2/health/ready */
    AMKD_ROUTE_MODEL,       /* /v2/models/NAME[/versions/V] */
    AMKD_ROUTE_MODEL_READY, /* ... /ready */
    AMKD_ROUTE_INFER,       /* ... /infer, by POST */
    AMKD_ROUTE_TF_STATUS,   /* /v1/models/NAME[/versions/V] */
    AMKD_ROUTE_TF_METADATA, /* ... /metadata */
    AMKD_ROUTE_TF_PREDICT,  /* ... :predict, by POST */
    AMKD_ROUTE_METRICS,     /* /metrics */
    AMKD_ROUTE_ANY,         /* *, the server as a whole: for OPTIONS alone */
    AMKD_ROUTE_MALFORMED,   /* the path cannot be decoded */
} amkd_route;

/* The resource of a request's target as it was received: a path or http://HOST/PATH, in
 * which %XX stands for a byte of a name (path.h), and a query, which does not matter.
 * AMKD_ROUTE_NONE or AMKD_ROUTE_MALFORMED with the error set when there is none of this
 * name. One "/" at the end does not matter. */
amkd_route amkd_route_find(const amkd_served *served, const char *target);

/* Whether a resource is asked by POST; all others by GET or HEAD. */
int amkd_route_posts(amkd_route route);

/* The methods of a resource as the header Allow has them. */
const char *amkd_route_methods(amkd_route route);

#endif
