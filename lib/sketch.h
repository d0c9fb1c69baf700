/* SPDX-License-Identifier: MIT */
/* sketch.h - percentiles of a stream in bounded memory: logarithmic buckets (the idea of DDSketch,
 * Masson et al., VLDB 2019), so that any percentile is within 1 % of the nearest-rank value; count,
 * sum, min and max are exact. Mergeable. */
#ifndef GD_SKETCH_H
#define GD_SKETCH_H

#include "bytes.h"

/* {0} is a valid empty sketch; gd_sketch_free() gives back the buckets. Grows only as far as the
 * spread of the values needs: a few KiB. */
struct gd_sketch {
    uint64_t count, zeros; /* zeros: values below 1e-9, negative ones too */
    double sum, min, max;
    uint64_t *buckets;
    int first, size; /* index of buckets[0]; number of them */
};

void gd_sketch_add(struct gd_sketch *s, double value); /* NaN and infinities are ignored */
void gd_sketch_merge(struct gd_sketch *into, const struct gd_sketch *from);
void gd_sketch_free(struct gd_sketch *s);

/* The value of nearest rank ceil(q * count), within 1 %, exact for the first and the last rank,
 * never below min or above max; q in 0..1. The count must not be 0. */
double gd_sketch_quantile(const struct gd_sketch *s, double q);

#endif
