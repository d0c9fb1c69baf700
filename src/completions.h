/* SPDX-License-Identifier: MIT */
/* completions.h - the completion scripts, as the build embeds them from completions/. Each is text
 * that ends with a 0. */
#ifndef GD_COMPLETIONS_H
#define GD_COMPLETIONS_H

extern const char gd_completion_bash[];
extern const char gd_completion_zsh[];
extern const char gd_completion_fish[];

#endif
