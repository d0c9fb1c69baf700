/* SPDX-License-Identifier: MIT */
/* sieve.h - private to the sources over Redis: a payload and where it was found go in, a message
 * comes out when the selection holds it. */
#ifndef GD_SIEVE_H
#define GD_SIEVE_H

#include "message.h"

struct gd_sieve {
    struct gd_selection selection; /* its texts are copies */
    bool everything;
    bool literal; /* the selection names one key */
    struct gd_decoder *decoder;
    struct gd_arena names;
};

void gd_sieve_init(struct gd_sieve *s, const struct gd_selection *selection);
void gd_sieve_free(struct gd_sieve *s); /* what it holds, not the struct; {0} is fine */

/* Reads the payload (a 0 and padding behind it) into *m; true when its guild and topic are
 * selected. A message that does not say what it was published to is what a literal selection calls
 * its key. */
bool gd_sieve_take(struct gd_sieve *s, struct gd_slice payload, const struct gd_origin *origin,
                   struct gd_message *m);

#endif
