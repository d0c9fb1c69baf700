/* SPDX-License-Identifier: MIT */
/* url.h - where a Redis is.
 *
 *   redis://[user[:password]@]host[:port][/db]     port 6379, db 0; host may be [::1]; %XX is
 * decoded unix:///path/to/socket[?db=N]                  user:password@ allowed too:
 * unix://user:pw@/path host:port, host, /path/to/socket               short forms that people type
 */
#ifndef GD_URL_H
#define GD_URL_H

#include "error.h"

#define GD_URL_DEFAULT "redis://localhost:6379"

struct gd_url {
    char *host;     /* NULL for a unix socket; without brackets */
    int port;       /* TCP port, 1 to 65535 */
    char *path;     /* of the unix socket, or NULL */
    char *user;     /* NULL when not given */
    char *password; /* NULL when not given; never shown anywhere */
    int db;
};

/* Reads text into *url, which is overwritten and owned by the caller. Schemes rediss, redis+cluster
 * and redis+sentinel are refused as not supported yet. Returns 0, or -1 with a usage error in which
 * no password stands. */
int gd_url_parse(struct gd_url *url, const char *text, struct gd_error *e);
void gd_url_free(struct gd_url *url); /* fields, not the struct; makes it {0}; wipes the password */

/* Appends the URL without user and password, for messages: "redis://db1:6379",
 * "redis://db1:6379/2", "unix:///run/redis.sock". Terminated; returns the text. */
const char *gd_url_show(const struct gd_url *url, struct gd_buf *out);

#endif
