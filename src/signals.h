/* SPDX-License-Identifier: MIT */
/* signals.h - what signals do. A source is asked to stop; a filter or sink that reads a pipe lets
 * the first SIGINT pass, since the source upstream ends by the same one, and dies of the second. */
#ifndef GDBG_SIGNALS_H
#define GDBG_SIGNALS_H

#include "command.h"

/* Call once, before anything blocks. */
void signals_install(enum command_kind kind);

/* The signal that asked to stop, or 0. */
int signals_stop(void);

/* A descriptor that becomes readable with it; -1 where no signal asks. */
int signals_wake_fd(void);

#endif
