/* SPDX-License-Identifier: MIT */
/* test_json, on a reader without vector instructions. */
#define GD_SCALAR
#include "../../lib/json.c"
#include "test_json.c"
