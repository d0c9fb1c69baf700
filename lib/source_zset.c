/* SPDX-License-Identifier: MIT */
/* source_zset.c - the cursor over stored messages: each topic is read page by page, and the pages
 * are merged.
 *
 * Members may come and go while pages are turned. So a page begins with the member that was last
 * given, found by counting the members of its score; from there on, what stands behind it in the
 * order of the zset (score, then bytes) is new. Where the page begins behind it, members have gone,
 * and the search goes back. */
#include "source_zset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "json.h"
#include "sieve.h"
#include "spool.h"

enum {
    FIRST_MEMBERS = 4,
    MIN_MEMBERS = 2, /* the one last given, and one more */
    MAX_MEMBERS = 256,
    MIN_PAGE_BYTES = 16 * 1024,
    MAX_PAGE_BYTES = 256 * 1024,
    ALL_PAGES_BYTES = 16 * 1024 * 1024,
    KEEP_BYTES = 1024 * 1024,
    HELD_BYTES = 4 * 1024 * 1024, /* of all pages; beyond, large ones wait in files */
    LARGE_PAGE_BYTES = 64 * 1024,
};

struct entry {
    struct gd_slice member, score_text;
    double score;
};

/* A topic being read. Its page holds new members only. */
struct topic {
    struct gd_slice key;
    struct gd_buf bytes;
    size_t aside_bytes; /* the page's bytes are so many in the file; 0: they are in memory */
    size_t room_bytes;  /* of its stretch of the file, from place on */
    off_t place;
    struct entry *entry;
    size_t at, count, cap;
    double min;     /* the score that the page was asked from */
    size_t before;  /* members that the page, asked from there, left out in front */
    size_t members; /* to ask for next */
    bool is_last;   /* the server had no more */
};

struct history {
    struct gd_source base;
    struct gd_redis *r;
    struct gd_meanwhile meanwhile;
    struct gd_topics *topics;
    struct gd_sieve sieve;
    struct gd_reply reply;
    struct topic *topic;
    struct topic **heap; /* the topics that have a member, the next one's on top */
    size_t heap_count;
    size_t held_bytes; /* of the pages in memory */
    off_t file_end;    /* where the next stretch begins */
    int file;          /* for pages that wait; -1: none yet */
    size_t page_bytes; /* what a page should not exceed */
    char since[24], until[24];
    bool given; /* the member on top */
};

static int compare_entries(const struct entry *a, const struct entry *b) {
    int order = (a->score > b->score) - (a->score < b->score);
    return order ? order : gd_slice_compare(a->member, b->member);
}

static bool comes_before(const struct topic *a, const struct topic *b) {
    const struct entry *x = &a->entry[a->at], *y = &b->entry[b->at];
    return x->score != y->score ? x->score < y->score : gd_slice_compare(a->key, b->key) < 0;
}

static void sift_down(struct history *h, size_t i) {
    struct topic *moving = h->heap[i];
    for (size_t child; (child = 2 * i + 1) < h->heap_count; i = child) {
        if (child + 1 < h->heap_count && comes_before(h->heap[child + 1], h->heap[child])) {
            child++;
        }
        if (!comes_before(h->heap[child], moving)) {
            break;
        }
        h->heap[i] = h->heap[child];
    }
    h->heap[i] = moving;
}

/* Turning pages. */

/* Members in the reply, up to where it was cut. */
static size_t reply_members(const struct history *h) {
    size_t members = (h->reply.count - 1) / 2;
    for (size_t i = 0; h->reply.cut && i < members; i++) {
        if (!h->reply.item[1 + 2 * i].text.p) {
            return i;
        }
    }
    return members;
}

static struct entry reply_entry(const struct history *h, size_t i) {
    const struct gd_reply_item *item = &h->reply.item[1 + 2 * i];
    return (struct entry){item[0].text, item[1].text, gd_json_double(item[1].text)};
}

/* Asks for members from a score on, without the first `before` of them; they are in h->reply then.
 */
static int ask(struct history *h, const struct topic *t, struct gd_slice min, size_t before,
               struct gd_error *e) {
    char offset[24], count[24];
    snprintf(offset, sizeof offset, "%zu", before);
    snprintf(count, sizeof count, "%zu", t->members);
    const struct gd_slice argv[] = {
        GD_SLICE("ZRANGEBYSCORE"),
        t->key,
        min,
        gd_slice_str(h->until),
        GD_SLICE("WITHSCORES"),
        GD_SLICE("LIMIT"),
        gd_slice_str(offset),
        gd_slice_str(count),
    };
    gd_meanwhile_run(h->meanwhile);
    return gd_redis_call(h->r, &h->reply, sizeof argv / sizeof *argv, argv, e);
}

/* How many members at the reply's start are not behind the one last given. */
static size_t count_old(const struct history *h, const struct entry *last) {
    size_t old = 0;
    for (; last && old < reply_members(h); old++) {
        struct entry entry = reply_entry(h, old);
        if (compare_entries(&entry, last) > 0) {
            break;
        }
    }
    return old;
}

/* Copies members from..to of the reply into the page. */
static void fill_page(struct history *h, struct topic *t, size_t from, size_t to) {
    size_t bytes = 0;
    for (size_t i = from; i < to; i++) {
        struct entry entry = reply_entry(h, i);
        bytes += entry.member.n + entry.score_text.n + 1;
    }
    if (t->bytes.cap > KEEP_BYTES && bytes < t->bytes.cap / 4) {
        gd_buf_free(&t->bytes);
    }
    gd_buf_clear(&t->bytes);
    gd_buf_reserve(&t->bytes, bytes);
    if (t->cap < to - from) {
        t->cap = to - from;
        t->entry = gd_realloc(t->entry, t->cap * sizeof *t->entry);
    }
    for (size_t i = from; i < to; i++) {
        struct entry *entry = &t->entry[i - from];
        *entry = reply_entry(h, i);
        char *p = t->bytes.p + t->bytes.n;
        gd_buf_add(&t->bytes, entry->member.p, entry->member.n + 1);
        gd_buf_add_slice(&t->bytes, entry->score_text);
        entry->score_text.p = p + entry->member.n + 1;
        entry->member.p = p;
    }
    t->count = to - from;
    t->at = 0;
}

/* How many of the reply's members are kept: all, but for a page that is far too large. */
static size_t count_kept(const struct history *h, size_t old) {
    size_t members = reply_members(h), kept = old + 1, bytes = 0;
    if (h->reply.bytes.n <= 2 * h->page_bytes) {
        return members;
    }
    for (bytes = reply_entry(h, old).member.n; kept < members; kept++) {
        bytes += reply_entry(h, kept).member.n;
        if (bytes > h->page_bytes) {
            break;
        }
    }
    return kept;
}

/* The next page is to be about as large as pages should be. */
static void adapt(const struct history *h, struct topic *t) {
    size_t bytes = h->reply.bytes.n;
    if (h->reply.cut) {
        t->members = reply_members(h);
    }
    if (bytes > h->page_bytes) {
        t->members = t->members * h->page_bytes / bytes;
    } else if (bytes <= h->page_bytes / 2) {
        t->members *= 2;
    }
    t->members = t->members < MIN_MEMBERS   ? MIN_MEMBERS
                 : t->members > MAX_MEMBERS ? MAX_MEMBERS
                                            : t->members;
}

static void take_page(struct history *h, struct topic *t, double min, size_t before, size_t old) {
    size_t members = reply_members(h), kept = count_kept(h, old);
    fill_page(h, t, old, kept);
    t->min = min;
    t->before = before + old;
    t->is_last = kept == members && members < t->members && !h->reply.cut;
    adapt(h, t);
    if (h->reply.bytes.cap > KEEP_BYTES) {
        gd_reply_free(&h->reply);
    }
}

/* How many members of its own score stand before the page's last one. */
static size_t count_before_last(const struct topic *t) {
    size_t last = t->count - 1, same = last;
    while (same > 0 && t->entry[same - 1].score == t->entry[last].score) {
        same--;
    }
    bool reaches_back = same == 0 && t->entry[last].score == t->min;
    return last - same + (reaches_back ? t->before : 0);
}

/* Replaces the page by the one behind it. 1 when there is one, 0 when the topic is at its end, -1.
 */
static int turn_page(struct history *h, struct topic *t, struct gd_error *e) {
    struct entry *last = t->count ? &t->entry[t->count - 1] : NULL;
    struct gd_slice from = last ? last->score_text : gd_slice_str(h->since);
    double min = last ? last->score : gd_json_double(from);
    size_t before = last ? count_before_last(t) : 0;
    h->reply.limit_bytes = 2 * h->page_bytes + (last ? last->member.n : 0);
    while (!t->is_last) {
        if (ask(h, t, from, before, e)) {
            return -1;
        }
        size_t members = reply_members(h), old = count_old(h, last);
        if (old == 0 && before > 0) {
            before /= 2;
        } else if (old < members) {
            take_page(h, t, min, before, old);
            return 1;
        } else if (h->reply.cut) {
            h->reply.limit_bytes *= 2;
        } else if (members < t->members) {
            break;
        } else {
            before += members - 1;
        }
    }
    return 0;
}

static void free_topic(struct topic *t) {
    gd_buf_free(&t->bytes);
    free(t->entry);
    *t = (struct topic){0};
}

/* A page's bytes are each entry's member, a 0, and its score. */
static void point_entries(struct topic *t) {
    char *p = t->bytes.p;
    for (size_t i = 0; i < t->count; i++) {
        t->entry[i].member.p = p;
        t->entry[i].score_text.p = p + t->entry[i].member.n + 1;
        p += t->entry[i].member.n + 1 + t->entry[i].score_text.n;
    }
}

static int fail_aside(struct gd_error *e, const char *verb) {
    gd_error_set(e, GD_FAIL_OUTPUT, "cannot %s a temporary file: %s", verb, strerror(errno));
    return gd_error_hint(e, "TMPDIR says where it goes, and needs room there");
}

/* Puts a new page's bytes into a file where memory holds enough already: their turn comes later. */
static int put_aside(struct history *h, struct topic *t, struct gd_error *e) {
    h->held_bytes += t->bytes.n;
    if (h->held_bytes <= HELD_BYTES || t->bytes.n <= LARGE_PAGE_BYTES) {
        return 0;
    }
    if (h->file < 0 && (h->file = gd_spool_open_file(e)) < 0) {
        return -1;
    }
    if (t->bytes.n > t->room_bytes) {
        t->place = h->file_end;
        t->room_bytes = t->bytes.n;
        h->file_end += (off_t)t->bytes.n;
    }
    for (size_t done = 0; done < t->bytes.n;) {
        ssize_t n = pwrite(h->file, t->bytes.p + done, t->bytes.n - done, t->place + (off_t)done);
        if (n < 0 && errno != EINTR) {
            return fail_aside(e, "write to");
        }
        done += n > 0 ? (size_t)n : 0;
    }
    t->aside_bytes = t->bytes.n;
    h->held_bytes -= t->bytes.n;
    gd_buf_free(&t->bytes);
    return 0;
}

static int take_back(struct history *h, struct topic *t, struct gd_error *e) {
    while (t->bytes.n < t->aside_bytes) {
        char *to = gd_buf_reserve(&t->bytes, t->aside_bytes - t->bytes.n);
        ssize_t n = pread(h->file, to, t->aside_bytes - t->bytes.n, t->place + (off_t)t->bytes.n);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return fail_aside(e, "read from");
        }
        t->bytes.n += n > 0 ? (size_t)n : 0;
    }
    if (t->aside_bytes) {
        h->held_bytes += t->bytes.n;
        t->aside_bytes = 0;
        point_entries(t);
    }
    return 0;
}

/* Goes on to the member behind the one on top. */
static int advance(struct history *h, struct gd_error *e) {
    struct topic *t = h->heap[0];
    if (++t->at == t->count) {
        size_t left_bytes = t->bytes.n;
        int turned = turn_page(h, t, e);
        h->held_bytes -= left_bytes;
        if (turned < 0 || (turned > 0 && put_aside(h, t, e))) {
            h->heap_count = 0;
            return -1;
        }
        if (turned == 0) {
            free_topic(t);
            h->heap[0] = h->heap[--h->heap_count];
        }
    }
    if (h->heap_count) {
        sift_down(h, 0);
    }
    return 0;
}

static enum gd_next next(struct gd_source *source, struct gd_message *m, struct gd_error *e) {
    struct history *h = (struct history *)source;
    for (;;) {
        if (h->given && advance(h, e)) {
            h->given = false;
            return GD_NEXT_FAILED;
        }
        h->given = h->heap_count > 0;
        if (!h->given) {
            return GD_NEXT_END;
        }
        struct topic *t = h->heap[0];
        if (take_back(h, t, e)) {
            h->given = false;
            h->heap_count = 0;
            return GD_NEXT_FAILED;
        }
        struct gd_origin origin = {
            .via = "zset",
            .key = t->key,
            .score = t->entry[t->at].score_text,
            .server = gd_redis_run_id(h->r),
        };
        if (gd_sieve_take(&h->sieve, t->entry[t->at].member, &origin, m)) {
            return GD_NEXT_MESSAGE;
        }
    }
}

double gd_history_score(const struct gd_source *source) {
    const struct topic *t = ((const struct history *)source)->heap[0];
    return t->entry[t->at].score;
}

static int wait(struct gd_source *source, int64_t timeout_ms, struct gd_error *e) {
    (void)source;
    (void)timeout_ms;
    (void)e;
    return 0;
}

static void free_history(struct gd_source *source) {
    struct history *h = (struct history *)source;
    for (size_t i = 0; h->topic && i < gd_topics_count(h->topics); i++) {
        free_topic(&h->topic[i]);
    }
    free(h->topic);
    free(h->heap);
    gd_topics_free(h->topics);
    gd_sieve_free(&h->sieve);
    gd_reply_free(&h->reply);
    if (h->file >= 0) {
        close(h->file);
    }
    free(h);
}

/* Reads the first page of every topic. */
static int open_topics(struct history *h, struct gd_error *e) {
    size_t count = gd_topics_count(h->topics);
    size_t share = ALL_PAGES_BYTES / (count ? count : 1);
    h->page_bytes = share < MIN_PAGE_BYTES   ? MIN_PAGE_BYTES
                    : share > MAX_PAGE_BYTES ? MAX_PAGE_BYTES
                                             : share;
    h->topic = gd_calloc(count, sizeof *h->topic);
    h->heap = gd_calloc(count, sizeof(struct topic *));
    for (size_t i = 0; i < count; i++) {
        struct topic *t = &h->topic[i];
        t->key = gd_topics_at(h->topics, i)->key;
        t->members = FIRST_MEMBERS;
        int turned = turn_page(h, t, e);
        if (turned < 0 || (turned > 0 && put_aside(h, t, e))) {
            return -1;
        }
        if (turned > 0) {
            h->heap[h->heap_count++] = t;
        }
    }
    for (size_t i = h->heap_count / 2; i-- > 0;) {
        sift_down(h, i);
    }
    return 0;
}

static void set_range(struct history *h, struct gd_range range) {
    snprintf(h->since, sizeof h->since, "%lld", (long long)range.since_ms);
    snprintf(h->until, sizeof h->until, "(%lld", (long long)range.until_ms);
    if (range.since_ms == INT64_MIN) {
        strcpy(h->since, "-inf");
    }
    if (range.until_ms == INT64_MAX) {
        strcpy(h->until, "+inf");
    }
}

int gd_history_open_with(struct gd_source **out, struct gd_redis *r,
                         const struct gd_selection *selection, struct gd_range range,
                         struct gd_meanwhile meanwhile, struct gd_error *e) {
    static const struct gd_source_ops ops = {next, wait, free_history};
    struct history *h = gd_calloc(1, sizeof *h);
    GD_AUTO(source) source = &h->base;
    h->base.ops = &ops;
    h->r = r;
    h->file = -1;
    h->meanwhile = meanwhile;
    set_range(h, range);
    gd_sieve_init(&h->sieve, selection);
    if (gd_topics_find_with(&h->topics, r, selection, meanwhile, e) || open_topics(h, e)) {
        return -1;
    }
    *out = source;
    source = NULL;
    return 0;
}

int gd_history_open(struct gd_source **out, struct gd_redis *r,
                    const struct gd_selection *selection, struct gd_range range,
                    struct gd_error *e) {
    return gd_history_open_with(out, r, selection, range, (struct gd_meanwhile){0}, e);
}
