/* SPDX-License-Identifier: MIT */
/* store.h - private to the sources over Redis: gd_topics_find() for those who have something else
 * to look after while it waits. */
#ifndef GD_STORE_H
#define GD_STORE_H

#include "source.h"

/* What is done before each command that is waited for; {0} for nothing. */
struct gd_meanwhile {
    void (*run)(void *arg);
    void *arg;
};

static inline void gd_meanwhile_run(struct gd_meanwhile m) {
    if (m.run) {
        m.run(m.arg);
    }
}

int gd_topics_find_with(struct gd_topics **out, struct gd_redis *r,
                        const struct gd_selection *selection, struct gd_meanwhile meanwhile,
                        struct gd_error *e);

#endif
