/* SPDX-License-Identifier: MIT */
#include "json_reference.h"

#include <stdlib.h>

enum { DEEPEST = 1024 };

void free_tree(struct tree *t) {
    free(t->node);
    gd_buf_free(&t->texts);
}
struct gd_slice text_at(const struct tree *t, size_t at) {
    size_t n;
    memcpy(&n, t->texts.p + at, sizeof n);
    return gd_slice_of(t->texts.p + at + sizeof n, n);
}

static bool take(struct tree *t, const char *word) {
    size_t n = strlen(word);
    if ((size_t)(t->end - t->p) < n || memcmp(t->p, word, n) != 0) {
        return false;
    }
    t->p += n;
    return true;
}

static void take_blanks(struct tree *t) {
    while (t->p < t->end && *t->p && strchr(" \t\r\n", *t->p)) {
        t->p++;
    }
}

static void put_code_point(struct gd_buf *out, unsigned long c) {
    if (c < 0x80) {
        gd_buf_add_char(out, (char)c);
        return;
    }
    int tails = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    gd_buf_add_char(out, (char)(lead[tails] | c >> (6 * tails)));
    while (tails--) {
        gd_buf_add_char(out, (char)(0x80 | (c >> (6 * tails) & 0x3F)));
    }
}

/* The four digits of \u, or -1. */
static long take_unit(struct tree *t) {
    char digits[5] = "", *stop;
    if (t->end - t->p < 4) {
        return -1;
    }
    memcpy(digits, t->p, 4);
    long unit = strtol(digits, &stop, 16);
    if (stop != digits + 4 || strpbrk(digits, " +-xX\t\n\v\f\r")) {
        return -1;
    }
    t->p += 4;
    return unit;
}

static bool take_escape(struct tree *t) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (t->p == t->end) {
        return false;
    }
    char c = *t->p++;
    if (c != 'u') {
        const char *found = c ? strchr(from, c) : NULL;
        if (found) {
            gd_buf_add_char(&t->texts, to[found - from]);
        }
        return found != NULL;
    }
    long unit = take_unit(t), low;
    if (unit < 0 || (unit >= 0xDC00 && unit < 0xE000)) {
        return false;
    }
    if (unit >= 0xD800 && unit < 0xDC00) {
        if (!take(t, "\\u") || (low = take_unit(t)) < 0xDC00 || low > 0xDFFF) {
            return false;
        }
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    put_code_point(&t->texts, (unsigned long)unit);
    return true;
}

/* One character beyond ASCII, by decoding it and asking whether its encoding is what stood there.
 */
static bool take_character(struct tree *t) {
    unsigned char c = (unsigned char)*t->p;
    int tails = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
    unsigned long value = c & (0x3F >> tails);
    if (c < 0xC0 || t->end - t->p <= tails) {
        return false;
    }
    for (int i = 1; i <= tails; i++) {
        value = value << 6 | ((unsigned char)t->p[i] & 0x3F);
    }
    size_t start = t->texts.n;
    put_code_point(&t->texts, value);
    bool same = value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF) &&
                t->texts.n - start == (size_t)tails + 1 &&
                memcmp(t->texts.p + start, t->p, (size_t)tails + 1) == 0;
    t->p += tails + 1;
    return same;
}

/* Returns false where no string stands; *at is where its decoded text was put. */
static bool take_string(struct tree *t, size_t *at) {
    size_t n = 0;
    *at = t->texts.n;
    gd_buf_add(&t->texts, &n, sizeof n);
    if (!take(t, "\"")) {
        return false;
    }
    while (t->p < t->end && *t->p != '"') {
        unsigned char c = (unsigned char)*t->p;
        if (c < 0x20) {
            return false;
        }
        if (c == '\\') {
            t->p++;
            if (!take_escape(t)) {
                return false;
            }
        } else if (c < 0x80) {
            gd_buf_add_char(&t->texts, *t->p++);
        } else if (!take_character(t)) {
            return false;
        }
    }
    n = t->texts.n - *at - sizeof n;
    memcpy(t->texts.p + *at, &n, sizeof n);
    return take(t, "\"");
}

static size_t take_digits(struct tree *t) {
    const char *start = t->p;
    while (t->p < t->end && *t->p >= '0' && *t->p <= '9') {
        t->p++;
    }
    return (size_t)(t->p - start);
}

static bool take_number(struct tree *t) {
    take(t, "-");
    if (!take(t, "0") && !take_digits(t)) {
        return false;
    }
    if (take(t, ".") && !take_digits(t)) {
        return false;
    }
    if (take(t, "e") || take(t, "E")) {
        if (!take(t, "+")) {
            take(t, "-");
        }
        return take_digits(t) > 0;
    }
    return true;
}

static int add_node(struct tree *t) {
    if (t->count == t->room) {
        t->room = t->room ? 2 * t->room : 64;
        t->node = gd_realloc(t->node, (size_t)t->room * sizeof *t->node);
    }
    t->node[t->count] = (struct node){.child = NONE, .next = NONE};
    return t->count++;
}

static int take_value(struct tree *t, int depth);

/* Behind the opening bracket. */
static bool take_children(struct tree *t, int parent, int depth) {
    bool object = t->node[parent].type == '{';
    const char *close = object ? "}" : "]";
    int last = NONE;
    take_blanks(t);
    if (take(t, close)) {
        return true;
    }
    do {
        size_t name = 0;
        take_blanks(t);
        if (object) {
            if (!take_string(t, &name)) {
                return false;
            }
            take_blanks(t);
            if (!take(t, ":")) {
                return false;
            }
        }
        int child = take_value(t, depth);
        if (child == NONE) {
            return false;
        }
        t->node[child].name = name;
        *(last == NONE ? &t->node[parent].child : &t->node[last].next) = child;
        last = child;
        take_blanks(t);
    } while (take(t, ","));
    return take(t, close);
}

static int take_value(struct tree *t, int depth) {
    int node = add_node(t);
    take_blanks(t);
    const char *start = t->p;
    char c = t->p < t->end ? *t->p : '\0';
    bool ok = false;
    t->node[node].type = c == '-' || (c >= '0' && c <= '9') ? '0' : c;
    if (c == '{' || c == '[') {
        t->p++;
        ok = depth > 0 && take_children(t, node, depth - 1);
    } else if (c == '"') {
        size_t at;
        ok = take_string(t, &at);
        t->node[node].decoded = at;
    } else if (t->node[node].type == '0') {
        ok = take_number(t);
    } else {
        ok = take(t, "true") || take(t, "false") || take(t, "null");
    }
    t->node[node].text = gd_slice_of(start, (size_t)(t->p - start));
    return ok ? node : NONE;
}

bool read_tree(struct tree *t, struct gd_slice text) {
    t->p = text.p;
    t->end = text.p + text.n;
    int whole = take_value(t, DEEPEST);
    take_blanks(t);
    return whole == 0 && t->p == t->end;
}

/* A number as digits without zeros around them and a power of ten: the same for the same value. */
struct decimal {
    bool negative;
    struct gd_buf digits;
    long long exponent;
};

static struct decimal decimal_of(struct gd_slice text) {
    struct decimal d = {.negative = text.p[0] == '-'};
    bool fraction = false;
    size_t i = d.negative;
    for (; i < text.n && (text.p[i] | 0x20) != 'e'; i++) {
        fraction |= text.p[i] == '.';
        if (text.p[i] != '.' && (d.digits.n || text.p[i] != '0')) {
            gd_buf_add_char(&d.digits, text.p[i]);
        }
        d.exponent -= fraction && text.p[i] != '.';
    }
    if (i < text.n) {
        char exponent[32] = "";
        size_t n = text.n - i - 1;
        memcpy(exponent, text.p + i + 1, n < 31 ? n : 31);
        d.exponent += strtoll(exponent, NULL, 10);
    }
    while (d.digits.n && d.digits.p[d.digits.n - 1] == '0') {
        d.digits.n--;
        d.exponent++;
    }
    if (!d.digits.n) {
        d.negative = false;
        d.exponent = 0;
    }
    return d;
}

static bool same_number(struct gd_slice a, struct gd_slice b) {
    struct decimal x = decimal_of(a), y = decimal_of(b);
    bool same = x.negative == y.negative && x.exponent == y.exponent &&
                gd_slice_equal(gd_buf_slice(&x.digits), gd_buf_slice(&y.digits));
    gd_buf_free(&x.digits);
    gd_buf_free(&y.digits);
    return same;
}

static bool is_default_node(const struct node *n) {
    return n->type == 'n' || n->type == 'f' || (n->type == '[' && n->child == NONE) ||
           (n->type == '0' && same_number(n->text, GD_SLICE("0")));
}

/* The members of one name, in their order, from node i on. */
static int next_named(const struct tree *t, int i, struct gd_slice name) {
    while (i != NONE && !gd_slice_equal(text_at(t, t->node[i].name), name)) {
        i = t->node[i].next;
    }
    return i;
}

static bool is_one_of(struct gd_slice name, const char *const *names) {
    while (*names && !gd_slice_equal(name, gd_slice_str(*names))) {
        names++;
    }
    return *names != NULL;
}

void drop_defaults(struct tree *t, int object, const char *const *names) {
    int *link = &t->node[object].child;
    while (*link != NONE) {
        const struct node *member = &t->node[*link];
        struct gd_slice name = text_at(t, member->name);
        int first = next_named(t, t->node[object].child, name);
        bool once = first == *link && next_named(t, member->next, name) == NONE;
        if (once && is_default_node(member) && is_one_of(name, names)) {
            *link = member->next;
        } else {
            link = &t->node[*link].next;
        }
    }
}

int find_member(const struct tree *t, int object, const char *name) {
    return next_named(t, t->node[object].child, gd_slice_str(name));
}

static int count_children(const struct tree *t, int node) {
    int n = 0;
    for (int i = t->node[node].child; i != NONE; i = t->node[i].next) {
        n++;
    }
    return n;
}

/* The order of names does not matter, that of values of the same name does. */
static bool same_members(const struct tree *a, int i, const struct tree *b, int k) {
    if (count_children(a, i) != count_children(b, k)) {
        return false;
    }
    for (int m = a->node[i].child; m != NONE; m = a->node[m].next) {
        struct gd_slice name = text_at(a, a->node[m].name);
        int x = next_named(a, a->node[i].child, name), y = next_named(b, b->node[k].child, name);
        while (x != NONE && y != NONE && same_value(a, x, b, y)) {
            x = next_named(a, a->node[x].next, name);
            y = next_named(b, b->node[y].next, name);
        }
        if (x != NONE || y != NONE) {
            return false;
        }
    }
    return true;
}

static bool same_elements(const struct tree *a, int i, const struct tree *b, int k) {
    int x = a->node[i].child, y = b->node[k].child;
    while (x != NONE && y != NONE && same_value(a, x, b, y)) {
        x = a->node[x].next;
        y = b->node[y].next;
    }
    return x == NONE && y == NONE;
}

bool same_value(const struct tree *a, int i, const struct tree *b, int k) {
    const struct node *x = &a->node[i], *y = &b->node[k];
    if (x->type != y->type) {
        return false;
    }
    switch (x->type) {
    case '{':
        return same_members(a, i, b, k);
    case '[':
        return same_elements(a, i, b, k);
    case '"':
        return gd_slice_equal(text_at(a, x->decoded), text_at(b, y->decoded));
    case '0':
        return same_number(x->text, y->text);
    default:
        return true;
    }
}

bool same_json(struct gd_slice a, struct gd_slice b) {
    AUTO_TREE x = {0};
    AUTO_TREE y = {0};
    return read_tree(&x, a) && read_tree(&y, b) && same_value(&x, 0, &y, 0);
}
