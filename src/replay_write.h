/* SPDX-License-Identifier: MIT */
/* replay_write.h - what replay shows: a publication that it would make, and what it sent. */
#ifndef GDBG_REPLAY_WRITE_H
#define GDBG_REPLAY_WRITE_H

#include "output.h"
#include "publisher.h"
#include "replay_target.h"

/* One line for what would be sent at_us microseconds after the start. */
void replay_write_publication(struct output *out, const struct gd_publication *m, int64_t at_us);

/* One line a key; in text a table with a total. */
void replay_write_targets(struct output *out, const struct replay_targets *targets);

#endif
