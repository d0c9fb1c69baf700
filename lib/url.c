/* SPDX-License-Identifier: MIT */
#include "url.h"

#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#define FORMS "write redis://user:password@host:port/db, unix:///path?db=N or host:port"

/* No piece of the text is ever quoted: in a mistyped URL the password may stand anywhere. */
static int refuse(struct gd_error *e, const char *why) {
    gd_error_set(e, GD_FAIL_USAGE, "not the URL of a Redis: %s", why);
    return gd_error_hint(e, FORMS);
}

static struct gd_slice skip(struct gd_slice s, size_t n) {
    return gd_slice_of(s.p + n, s.n - n);
}

/* Cuts *rest at the first c: returns what stands before it; *rest becomes what stands behind it, or
 * absent when there is no c. */
static struct gd_slice cut(struct gd_slice *rest, char c) {
    struct gd_slice all = *rest;
    const char *at = all.n ? memchr(all.p, c, all.n) : NULL;
    if (!at) {
        *rest = (struct gd_slice){0};
        return all;
    }
    size_t n = (size_t)(at - all.p);
    *rest = skip(all, n + 1);
    return gd_slice_of(all.p, n);
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int decode(char **out, struct gd_slice s, struct gd_error *e) {
    char *text = gd_malloc(s.n + 1), *to = text;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            int high = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
            int low = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;
            c = high < 0 || low < 0 ? '\0' : (char)(high << 4 | low);
            i += 2;
        }
        if (c == '\0') {
            explicit_bzero(text, s.n + 1);
            free(text);
            return refuse(e, "behind % stand two hexadecimal digits, not 00 (% itself is %25)");
        }
        *to++ = c;
    }
    *to = '\0';
    *out = text;
    return 0;
}

static int read_number(struct gd_slice digits, int *value) {
    long long v = 0;
    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9' || v > INT_MAX) {
            return -1;
        }
        v = v * 10 + (digits.p[i] - '0');
    }
    if (digits.n == 0 || v > INT_MAX) {
        return -1;
    }
    *value = (int)v;
    return 0;
}

static int read_db(struct gd_url *url, struct gd_slice digits, struct gd_error *e) {
    return read_number(digits, &url->db) ? refuse(e, "the database is a number from 0") : 0;
}

static int read_query(struct gd_url *url, struct gd_slice query, struct gd_error *e) {
    if (!query.p) {
        return 0;
    }
    if (!gd_slice_starts(query, GD_SLICE("db="))) {
        return refuse(e, "behind ? only db=N is known");
    }
    return read_db(url, skip(query, 3), e);
}

/* Reads "user:password@" off the start of *authority, if it is there. */
static int read_login(struct gd_url *url, struct gd_slice *authority, struct gd_error *e) {
    const char *at = authority->n ? memrchr(authority->p, '@', authority->n) : NULL;
    if (!at) {
        return 0;
    }
    struct gd_slice password = gd_slice_of(authority->p, (size_t)(at - authority->p));
    *authority = skip(*authority, password.n + 1);
    struct gd_slice user = cut(&password, ':');
    if (user.n && decode(&url->user, user, e)) {
        return -1;
    }
    return password.p ? decode(&url->password, password, e) : 0;
}

static int read_port(struct gd_url *url, struct gd_slice digits, struct gd_error *e) {
    if (read_number(digits, &url->port) || url->port < 1 || url->port > 65535) {
        return refuse(e, "the port is a number from 1 to 65535");
    }
    return 0;
}

static int read_host(struct gd_url *url, struct gd_slice s, struct gd_error *e) {
    struct gd_slice host, port = s;
    if (s.n && s.p[0] == '[') {
        port = skip(s, 1);
        host = cut(&port, ']');
        if (!port.p || (port.n && port.p[0] != ':')) {
            return refuse(e, "behind [ stands an IPv6 address, then ] and perhaps :port");
        }
        port = port.n ? skip(port, 1) : (struct gd_slice){0};
    } else {
        host = cut(&port, ':');
        if (port.n && memchr(port.p, ':', port.n)) {
            return refuse(e, "an IPv6 address stands in brackets");
        }
    }
    if (host.n == 0) {
        return refuse(e, "the host is missing");
    }
    url->port = 6379;
    return port.p && read_port(url, port, e) ? -1 : decode(&url->host, host, e);
}

static int read_tcp(struct gd_url *url, struct gd_slice query, struct gd_error *e) {
    struct gd_slice db = cut(&query, '?');
    struct gd_slice authority = cut(&db, '/');
    if (read_login(url, &authority, e) || read_host(url, authority, e) ||
        (db.n && read_db(url, db, e))) {
        return -1;
    }
    return read_query(url, query, e);
}

static int read_unix(struct gd_url *url, struct gd_slice query, struct gd_error *e) {
    struct gd_slice path = cut(&query, '?');
    const char *slash = path.n ? memchr(path.p, '/', path.n) : NULL;
    struct gd_slice authority = gd_slice_of(path.p, slash ? (size_t)(slash - path.p) : path.n);
    path = skip(path, authority.n);
    if (read_login(url, &authority, e)) {
        return -1;
    }
    if (authority.n || path.n < 2) {
        return refuse(e, "the path of a unix socket starts with /");
    }
    return decode(&url->path, path, e) ? -1 : read_query(url, query, e);
}

static bool scheme_is(struct gd_slice scheme, const char *name) {
    return scheme.n == strlen(name) && strncasecmp(scheme.p, name, scheme.n) == 0;
}

static int refuse_scheme(struct gd_slice scheme, struct gd_error *e) {
    static const char *const planned[] = {"rediss", "redis+cluster", "redis+sentinel"};
    for (size_t i = 0; i < sizeof planned / sizeof *planned; i++) {
        if (scheme_is(scheme, planned[i])) {
            gd_error_set(e, GD_FAIL_USAGE, "%s:// is not supported yet", planned[i]);
            return gd_error_hint(e, FORMS);
        }
    }
    return refuse(e, "its scheme is neither redis:// nor unix://");
}

static int read_any(struct gd_url *url, struct gd_slice text, struct gd_error *e) {
    if (text.n && text.p[0] == '/') {
        url->path = gd_strndup(text.p, text.n);
        return 0;
    }
    const char *mark = text.n ? memmem(text.p, text.n, "://", 3) : NULL;
    if (!mark) {
        return read_tcp(url, text, e);
    }
    struct gd_slice scheme = gd_slice_of(text.p, (size_t)(mark - text.p));
    struct gd_slice rest = skip(text, scheme.n + 3);
    if (scheme_is(scheme, "redis")) {
        return read_tcp(url, rest, e);
    }
    return scheme_is(scheme, "unix") ? read_unix(url, rest, e) : refuse_scheme(scheme, e);
}

int gd_url_parse(struct gd_url *url, const char *text, struct gd_error *e) {
    *url = (struct gd_url){0};
    if (read_any(url, gd_slice_str(text), e)) {
        gd_url_free(url);
        return -1;
    }
    return 0;
}

void gd_url_free(struct gd_url *url) {
    if (url->password) {
        explicit_bzero(url->password, strlen(url->password));
    }
    free(url->host);
    free(url->path);
    free(url->user);
    free(url->password);
    *url = (struct gd_url){0};
}

const char *gd_url_show(const struct gd_url *url, struct gd_buf *out) {
    size_t start = out->n, max = 400;
    if (url->path) {
        gd_buf_add_lit(out, "unix://");
        gd_error_quote(out, gd_slice_str(url->path), max);
    } else {
        bool brackets = strchr(url->host, ':');
        gd_buf_add_str(out, brackets ? "redis://[" : "redis://");
        gd_error_quote(out, gd_slice_str(url->host), max);
        gd_buf_printf(out, brackets ? "]:%d" : ":%d", url->port);
    }
    if (url->db) {
        gd_buf_printf(out, url->path ? "?db=%d" : "/%d", url->db);
    }
    gd_buf_terminate(out);
    return out->p + start;
}
