/* SPDX-License-Identifier: MIT */
#include "source.h"

enum gd_next gd_source_next(struct gd_source *s, struct gd_message *m, struct gd_error *e) {
    return s->ops->next(s, m, e);
}

int gd_source_wait(struct gd_source *s, int64_t timeout_ms, struct gd_error *e) {
    return s->ops->wait(s, timeout_ms, e);
}

void gd_source_free(struct gd_source *s) {
    if (s) {
        s->ops->free(s);
    }
}
