/* SPDX-License-Identifier: MIT */
#include "names.h"

enum token_kind { TOKEN_BYTE, TOKEN_ANY, TOKEN_MANY, TOKEN_SET };

struct token {
    enum token_kind kind;
    unsigned char byte;  /* TOKEN_BYTE */
    struct gd_slice set; /* TOKEN_SET: what stands between the brackets */
};

/* A glob being walked. Where one '[' is not closed, none behind it is: remembering the first keeps
 * a row of them from being searched again and again. */
struct glob {
    struct gd_slice text;
    size_t unclosed;
};

static bool is_special(char c) {
    return c == '*' || c == '?' || c == '[' || c == ']' || c == '\\';
}

/* The byte that stands at `at`, an escape undone; returns how many bytes it takes. */
static size_t byte_at(struct gd_slice text, size_t at, unsigned char *byte) {
    bool escaped = text.p[at] == '\\' && at + 1 < text.n && is_special(text.p[at + 1]);
    *byte = (unsigned char)text.p[at + escaped];
    return 1 + escaped;
}

/* Where the set that the '[' at `at` opens is closed, or text.n. */
static size_t set_close(struct gd_slice text, size_t at) {
    unsigned char byte;
    at++;
    if (at < text.n && (text.p[at] == '!' || text.p[at] == '^')) {
        at++;
    }
    if (at < text.n && text.p[at] == ']') {
        at++;
    }
    while (at < text.n && text.p[at] != ']') {
        at += byte_at(text, at, &byte);
    }
    return at;
}

/* Reads the token at `at`; returns where the next one begins. */
static size_t token_at(struct glob *g, size_t at, struct token *t) {
    char c = g->text.p[at];
    if (c == '*' || c == '?') {
        t->kind = c == '*' ? TOKEN_MANY : TOKEN_ANY;
        return at + 1;
    }
    if (c == '[' && at < g->unclosed) {
        size_t close = set_close(g->text, at);
        if (close < g->text.n) {
            t->kind = TOKEN_SET;
            t->set = gd_slice_of(g->text.p + at + 1, close - at - 1);
            return close + 1;
        }
        g->unclosed = at;
    }
    t->kind = TOKEN_BYTE;
    return at + byte_at(g->text, at, &t->byte);
}

static bool set_has(struct gd_slice set, unsigned char c) {
    bool negated = set.p[0] == '!' || set.p[0] == '^', found = false;
    for (size_t at = negated; at < set.n && !found;) {
        unsigned char low, high;
        at += byte_at(set, at, &low);
        high = low;
        if (at + 1 < set.n && set.p[at] == '-') {
            at += 1 + byte_at(set, at + 1, &high);
        }
        found = low <= c && c <= high;
    }
    return found != negated;
}

static bool token_takes(const struct token *t, unsigned char c) {
    switch (t->kind) {
    case TOKEN_BYTE:
        return t->byte == c;
    case TOKEN_SET:
        return set_has(t->set, c);
    default:
        return true;
    }
}

/* Only the last '*' ever has to be tried again: whatever an earlier one could take in its place,
 * the last one can take too. */
static bool matches(struct glob *g, struct gd_slice s) {
    size_t at = 0, i = 0, behind_star = SIZE_MAX, star_took_to = 0;
    for (;;) {
        if (at < g->text.n) {
            struct token t;
            size_t next = token_at(g, at, &t);
            if (t.kind == TOKEN_MANY) {
                at = behind_star = next;
                star_took_to = i;
                continue;
            }
            if (i == s.n) {
                return false;
            }
            if (token_takes(&t, (unsigned char)s.p[i])) {
                at = next;
                i++;
                continue;
            }
        } else if (i == s.n || at == behind_star) {
            return true;
        }
        if (behind_star == SIZE_MAX) {
            return false;
        }
        at = behind_star;
        i = ++star_took_to;
    }
}

bool gd_glob_is(struct gd_slice selector) {
    for (size_t i = 0; i < selector.n; i++) {
        if (selector.p[i] == '*' || selector.p[i] == '?' || selector.p[i] == '[') {
            return true;
        }
    }
    return false;
}

bool gd_glob_match(struct gd_slice selector, struct gd_slice s) {
    struct glob g = {selector, selector.n};
    return gd_glob_is(selector) ? matches(&g, s) : gd_slice_equal(selector, s);
}

static void add_escaped(struct gd_buf *out, char c) {
    if (is_special(c)) {
        gd_buf_add_char(out, '\\');
    }
    gd_buf_add_char(out, c);
}

void gd_glob_to_redis(struct gd_buf *out, struct gd_slice selector) {
    struct glob g = {selector, selector.n};
    bool literal = !gd_glob_is(selector);
    for (size_t at = 0; at < selector.n;) {
        struct token t = {TOKEN_BYTE, (unsigned char)selector.p[at], {0}};
        at = literal ? at + 1 : token_at(&g, at, &t);
        if (t.kind == TOKEN_BYTE) {
            add_escaped(out, (char)t.byte);
        } else {
            gd_buf_add_char(out, t.kind == TOKEN_MANY ? '*' : '?');
        }
    }
}

struct gd_name gd_name_split(struct gd_slice key, struct gd_slice published_to) {
    const char *colon = key.n ? memchr(key.p, ':', key.n) : NULL;
    if (published_to.p && published_to.n < key.n) {
        size_t at = key.n - published_to.n;
        if (key.p[at - 1] == ':' &&
            gd_slice_equal(gd_slice_of(key.p + at, published_to.n), published_to)) {
            colon = key.p + at - 1;
        }
    }
    if (!colon) {
        return (struct gd_name){.topic = key};
    }
    size_t guild_n = (size_t)(colon - key.p);
    return (struct gd_name){{key.p, guild_n}, {colon + 1, key.n - guild_n - 1}};
}

struct gd_slice gd_name_guild_of_msg_key(struct gd_slice key) {
    struct gd_slice prefix = GD_SLICE("msg:"), none = {0};
    if (!gd_slice_starts(key, prefix)) {
        return none;
    }
    const char *guild = key.p + prefix.n, *last = memrchr(guild, ':', key.n - prefix.n);
    return last ? gd_slice_of(guild, (size_t)(last - guild)) : none;
}

static bool is_everything(struct gd_slice selector) {
    return !selector.p || gd_slice_equal(selector, GD_SLICE("*"));
}

bool gd_selection_match(const struct gd_selection *s, struct gd_name name) {
    bool guild = is_everything(s->guild) || (name.guild.p && gd_glob_match(s->guild, name.guild));
    return guild && (is_everything(s->topic) || gd_glob_match(s->topic, name.topic));
}

bool gd_selection_key(const struct gd_selection *s, struct gd_buf *out) {
    bool literal = s->guild.p && s->topic.p && !gd_glob_is(s->guild) && !gd_glob_is(s->topic);
    if (literal) {
        gd_buf_add_slice(out, s->guild);
        gd_buf_add_char(out, ':');
        gd_buf_add_slice(out, s->topic);
        return true;
    }
    /* A key without ':' has a topic and no guild, and is wanted when any guild is. */
    if (is_everything(s->guild)) {
        gd_buf_add_char(out, '*');
    } else {
        gd_glob_to_redis(out, s->guild);
        gd_buf_add_char(out, ':');
    }
    if (!is_everything(s->topic)) {
        gd_glob_to_redis(out, s->topic);
    } else if (!is_everything(s->guild)) {
        gd_buf_add_char(out, '*');
    }
    return false;
}
