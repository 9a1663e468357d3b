/* The API keys that a server accepts, and whether a request brought one. */
#ifndef AMKD_SERVE_KEYS_H
#define AMKD_SERVE_KEYS_H

typedef struct amkd_keys amkd_keys;

/* Reads a file of keys, one a line; blank lines and lines that begin with "#" are passed
 * over. A file without keys is an error. Messages never hold a key. */
int amkd_keys_load(amkd_keys **out, const char *path);

/* Whether the value of an Authorization header (NULL without) is "Bearer KEY", or "Basic"
 * with KEY as "USER:PASSWORD", for one of the keys. */
int amkd_keys_accept(const amkd_keys *keys, const char *authorization);

void amkd_keys_free(amkd_keys *keys); /* NULL is fine */

#endif
