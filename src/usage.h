/* SPDX-License-Identifier: MIT */
/* usage.h - the short help, from the tables. All return an exit status. */
#ifndef GDBG_USAGE_H
#define GDBG_USAGE_H

#include <stdio.h>

#include "command.h"

int usage_of_program(FILE *to);
int usage_of_command(const struct command *c);
int usage_version(void);

#endif
