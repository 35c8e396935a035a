/* The n-th append fails: whatever prints, parses or persists is run with its append 1, 2, 3 …
 * refused, until a run comes through without meeting the refusal (curl's torture tests are the
 * model). Each run must end with an error, or with the right result: `run` asserts the result
 * itself when it returns HR_OK. A silent empty or cut text fails there; a reading of a full buffer
 * aborts.
 *
 *     static enum hr_code print(void *arg) { … assert_string_equal(text, "…"); return HR_OK; }
 *     hr_torture(print, NULL);
 *
 * Buffers of HR_BUF_GROWS take no part: they cannot fail. Returns how many appends were refused. */
#ifndef HR_TEST_UNIT_TORTURE_H
#define HR_TEST_UNIT_TORTURE_H
#include "base/buf.h"

#define HR_TORTURE_RUNS_MAX 100000

static inline long hr_torture(enum hr_code (*run)(void *arg), void *arg)
{
    for (long nth = 1; nth < HR_TORTURE_RUNS_MAX; nth++) {
        hr_buf_torture(nth);
        enum hr_code code = run(arg);
        bool met = hr_buf_tortured();
        hr_buf_torture(0);
        if (!met) {
            assert_int_equal(code, HR_OK);
            return nth - 1;
        }
    }
    fail_msg("no run came through");
    return 0;
}
#endif
