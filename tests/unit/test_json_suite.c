/* SPDX-License-Identifier: MIT */
/* JSONTestSuite's files: y_ must be accepted, n_ refused, i_ survived. They are looked for in
 * $GDBG_JSON_SUITE, else in shared/data beside or above where this runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../lib/json.h"
#include "samples.h"

/* Looks in a folder and in all above it. */
static DIR *find_above(char *folder, struct gd_buf *path) {
    for (char *end = folder + strlen(folder); end; end = strrchr(folder, '/')) {
        *end = '\0';
        gd_buf_clear(path);
        gd_buf_printf(path, "%s/shared/data/JSONTestSuite/test_parsing", folder);
        DIR *found = opendir(gd_buf_terminate(path));
        if (found) {
            return found;
        }
    }
    return NULL;
}

static DIR *find_suite(struct gd_buf *path) {
    const char *named = getenv("GDBG_JSON_SUITE");
    if (named) {
        gd_buf_add_str(path, named);
        return opendir(gd_buf_terminate(path));
    }
    /* The source's folder, then where this program is, then where it runs. */
    const char *starts[] = {getenv("srcdir"), __FILE__, "/proc/self/exe", "."};
    DIR *found = NULL;
    for (size_t i = 0; i < sizeof starts / sizeof *starts && !found; i++) {
        char folder[PATH_MAX];
        found = starts[i] && realpath(starts[i], folder) ? find_above(folder, path) : NULL;
    }
    return found;
}

static void read_file(const char *folder, const char *name, struct gd_buf *text) {
    GD_AUTO_BUF path = {0};
    size_t n;
    gd_buf_printf(&path, "%s/%s", folder, name);
    FILE *file = fopen(gd_buf_terminate(&path), "rb");
    assert_non_null(file);
    while ((n = fread(gd_buf_reserve(text, 65536), 1, 65536, file)) > 0) {
        text->n += n;
    }
    fclose(file);
}

static void the_suite_is_told_right_from_wrong(void **state) {
    (void)state;
    GD_AUTO_BUF folder = {0};
    DIR *suite = find_suite(&folder);
    size_t accepted = 0, refused = 0, wrong = 0;
    if (!suite) {
        gd_buf_free(&folder); /* skip() does not return */
        print_message("JSONTestSuite is not here (GDBG_JSON_SUITE can name its test_parsing)\n");
        gd_buf_free(&folder); /* skip() does not come back to clean up */
        skip();
    }
    for (struct dirent *d; (d = readdir(suite));) {
        if (d->d_name[0] == '.' || d->d_name[1] != '_') {
            continue;
        }
        GD_AUTO_BUF text = {0};
        const char *at, *reason;
        read_file(folder.p, d->d_name, &text);
        AUTO_PADDED exact = padded(gd_buf_slice(&text));
        bool valid = gd_json_valid(exact, &at, &reason);
        if (d->d_name[0] != 'i' && valid != (d->d_name[0] == 'y')) {
            print_error("%s: %s\n", d->d_name, valid ? "accepted" : reason);
            wrong++;
        }
        accepted += valid;
        refused += !valid;
    }
    closedir(suite);
    assert_int_equal(wrong, 0);
    assert_true(accepted >= 95 && refused >= 188);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_suite_is_told_right_from_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
