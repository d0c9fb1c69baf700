/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

#include "utf8.h"

int gd_error_set(struct gd_error *e, enum gd_failure failure, const char *format, ...) {
    if (e) {
        va_list args;
        va_start(args, format);
        e->failure = failure;
        e->hint[0] = '\0';
        vsnprintf(e->message, sizeof e->message, format, args);
        va_end(args);
    }
    return -1;
}

int gd_error_prefix(struct gd_error *e, const char *format, ...) {
    if (e) {
        char was[sizeof e->message];
        memcpy(was, e->message, sizeof was);
        va_list args;
        va_start(args, format);
        int n = vsnprintf(e->message, sizeof e->message, format, args);
        va_end(args);
        if (n >= 0 && (size_t)n < sizeof e->message - 2) {
            size_t room = sizeof e->message - (size_t)n;
            snprintf(e->message + n, room, ": %.*s", (int)(room - 3), was);
        }
    }
    return -1;
}

int gd_error_hint(struct gd_error *e, const char *format, ...) {
    if (e) {
        va_list args;
        va_start(args, format);
        vsnprintf(e->hint, sizeof e->hint, format, args);
        va_end(args);
    }
    return -1;
}

static bool is_c1(struct gd_slice character) {
    return character.n == 2 && (unsigned char)character.p[0] == 0xC2 &&
           (unsigned char)character.p[1] < 0xA0;
}

const char *gd_error_quote(struct gd_buf *out, struct gd_slice bytes, size_t max) {
    size_t start = out->n;
    for (size_t i = 0; i < bytes.n;) {
        if (out->n - start >= max) {
            gd_buf_add_lit(out, "...");
            break;
        }
        size_t length = gd_utf8_length(bytes.p + i, bytes.n - i);
        struct gd_slice character = {bytes.p + i, length ? length : 1};
        unsigned char c = (unsigned char)bytes.p[i];
        if (length == 0 || c < 0x20 || c == 0x7F || is_c1(character)) {
            for (size_t k = 0; k < character.n; k++) {
                gd_buf_printf(out, "\\x%02x", (unsigned char)character.p[k]);
            }
        } else {
            gd_buf_add_slice(out, character);
        }
        i += character.n;
    }
    gd_buf_terminate(out);
    return out->p + start;
}
