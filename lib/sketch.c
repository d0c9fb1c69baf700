/* SPDX-License-Identifier: MIT */
#include "sketch.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* Bucket i holds the values in (GAMMA^(i-1), GAMMA^i] and answers with one that is within ACCURACY
 * of each of them, somewhat less than the 1 % promised: the rest is for rounding. */
#define ACCURACY 0.009
#define LOG_GAMMA 0.018000486023620893 /* log((1 + ACCURACY) / (1 - ACCURACY)) */
#define SMALLEST 1e-9

/* Room at the end that grows, so that a slowly widening stream seldom reallocates. */
enum { SLACK = 32 };

static int index_of(double value) {
    return (int)ceil(log(value) * (1 / LOG_GAMMA));
}

static double value_of(int index) {
    return exp(index * LOG_GAMMA) * (1 - ACCURACY);
}

static void cover(struct gd_sketch *s, int low, int high) {
    if (s->size && low >= s->first && high < s->first + s->size) {
        return;
    }
    int first = low - SLACK, end = high + 1 + SLACK;
    if (s->size) {
        first = low < s->first ? first : s->first;
        end = high >= s->first + s->size ? end : s->first + s->size;
    }
    uint64_t *buckets = gd_calloc((size_t)(end - first), sizeof *buckets);
    if (s->size) {
        memcpy(buckets + (s->first - first), s->buckets, (size_t)s->size * sizeof *buckets);
    }
    free(s->buckets);
    s->buckets = buckets;
    s->first = first;
    s->size = end - first;
}

static void widen(struct gd_sketch *s, double min, double max) {
    s->min = s->count == 0 || min < s->min ? min : s->min;
    s->max = s->count == 0 || max > s->max ? max : s->max;
}

void gd_sketch_add(struct gd_sketch *s, double value) {
    if (!isfinite(value)) {
        return;
    }
    widen(s, value, value);
    s->count++;
    s->sum += value;
    if (value < SMALLEST) {
        s->zeros++;
        return;
    }
    int index = index_of(value);
    cover(s, index, index);
    s->buckets[index - s->first]++;
}

void gd_sketch_merge(struct gd_sketch *into, const struct gd_sketch *from) {
    if (from->count == 0) {
        return;
    }
    widen(into, from->min, from->max);
    into->count += from->count;
    into->zeros += from->zeros;
    into->sum += from->sum;
    if (from->size) {
        cover(into, from->first, from->first + from->size - 1);
    }
    for (int i = 0; i < from->size; i++) {
        into->buckets[from->first - into->first + i] += from->buckets[i];
    }
}

void gd_sketch_free(struct gd_sketch *s) {
    free(s->buckets);
    *s = (struct gd_sketch){0};
}

static uint64_t rank_of(double q, uint64_t count) {
    /* 0.55 * 100 is a little more than 55 in doubles, and is still meant to be the 55th. */
    double rank = ceil(q * (double)count * (1 - 4 * DBL_EPSILON));
    return rank < 1 ? 1 : rank < (double)count ? (uint64_t)rank : count;
}

double gd_sketch_quantile(const struct gd_sketch *s, double q) {
    uint64_t rank = rank_of(q, s->count), seen = s->zeros;
    if (rank == 1 || rank == s->count) {
        return rank == 1 ? s->min : s->max;
    }
    double value = 0;
    if (rank > seen) {
        int i = 0;
        while (i < s->size - 1 && (seen += s->buckets[i]) < rank) {
            i++;
        }
        value = value_of(s->first + i);
    }
    return value < s->min ? s->min : value > s->max ? s->max : value;
}
