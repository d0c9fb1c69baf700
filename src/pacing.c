/* SPDX-License-Identifier: MIT */
#include "pacing.h"

#include <stdlib.h>

/* 30 years: what is due later never comes, and must not overflow. */
#define NEVER_US 1e15

static int refuse(const char *text, struct gd_error *e) {
    gd_error_set(e, GD_FAIL_USAGE, "'%s' is not a speed", text);
    return gd_error_hint(
        e, "1x is the original speed, 2x twice and 0.5x half of it; max does not wait");
}

int pacing_parse(struct pacing *p, const char *text, struct gd_error *e) {
    char *end;
    *p = (struct pacing){0};
    if (strcmp(text, "max") == 0) {
        return 0;
    }
    size_t digits = strspn(text, "0123456789.");
    p->speed = strtod(text, &end);
    bool whole = digits > 0 && end == text + digits && strcmp(end, "x") == 0;
    return whole && p->speed > 0 && p->speed <= 1e9 ? 0 : refuse(text, e);
}

int64_t pacing_due_us(struct pacing *p, const int64_t *time_ms) {
    if (!time_ms || p->speed == 0) {
        return p->due_us;
    }
    if (!p->started) {
        p->started = true;
        p->first_ms = *time_ms;
    }
    double due_us = ((double)*time_ms - (double)p->first_ms) * 1000 / p->speed;
    if (due_us > (double)p->due_us) {
        p->due_us = due_us < NEVER_US ? (int64_t)due_us : (int64_t)NEVER_US;
    }
    return p->due_us;
}

int64_t pacing_wait_ms(struct pacing *p, int64_t now_us) {
    if (p->speed == 0 || !p->started) {
        return 0;
    }
    p->start_us = p->start_us ? p->start_us : now_us;
    int64_t left_us = p->start_us + p->due_us - now_us;
    return left_us > 0 ? (left_us + 999) / 1000 : 0;
}
