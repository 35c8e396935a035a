/* The sweep: what a run left is found by its environment, however the reading of another's went. */
#include "daemon/job/private.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "../torture.h"

static char folder[64], variable[96];

static pid_t start(void)
{
    char *const argv[] = {"sleep", "100", NULL}, *const environment[] = {"PATH=/usr/bin:/bin",
                                                                         variable, NULL};
    pid_t pid = fork();
    if (!pid) {
        execve("/bin/sleep", argv, environment);
        _exit(127);
    }
    return pid;
}

/* one unreadable process is passed over: it may be ours, never all that come after it */
static enum hr_code count_ours(void *arg)
{
    (void)arg;
    int count = hr_sweep_processes(folder, 0);
    assert_in_range(count, 1, 2);
    return count == 2 ? HR_OK : HR_E_LIMIT;
}

static void a_sweep_passes_over_what_it_cannot_read(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/hr-run-%d", getpid());
    snprintf(variable, sizeof variable, "HEADRACE_RUN_FOLDER=%s", folder);
    pid_t pids[] = {start(), start()};
    for (int tries = 0; tries < 200 && hr_sweep_processes(folder, 0) < 2; tries++)
        usleep(10000);
    assert_true(hr_torture(count_ours, NULL) >= 2);
    assert_int_equal(hr_sweep_processes(folder, SIGKILL), 2);
    for (size_t i = 0; i < 2; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(WTERMSIG(status), SIGKILL);
    }
    assert_int_equal(hr_sweep_processes(folder, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_sweep_passes_over_what_it_cannot_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
