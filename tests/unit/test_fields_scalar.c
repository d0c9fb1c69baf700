/* SPDX-License-Identifier: MIT */
/* test_fields, on a reader without vector instructions. */
#define GD_SCALAR
#include "../../lib/json.c"
#include "../../lib/fields.c"
#include "test_fields.c"
