/* SPDX-License-Identifier: MIT */
/* source_channel.h - private to the sources over Redis: deliveries of a gd_channel_open() source
 * before they are read as messages. */
#ifndef GD_SOURCE_CHANNEL_H
#define GD_SOURCE_CHANNEL_H

#include "source.h"

struct gd_delivery {
    struct gd_slice channel, payload; /* the payload with a 0 and padding behind it */
    int64_t received_at_ms;
};

/* The next delivery, selected or not: 1 and *d, valid until the next call; 0 when there is none
 * now; -1 when the connection is lost. Never waits. */
int gd_channel_take(struct gd_source *channel, struct gd_delivery *d, struct gd_error *e);

/* Reads a delivery, which may have been kept elsewhere meanwhile; true when it is selected. */
bool gd_channel_read(struct gd_source *channel, const struct gd_delivery *d, struct gd_message *m);

#endif
