#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/arena.h"
#include "io/child.h"
#include "io/file.h"
#include "io/lines.h"
#include "io/loop.h"
#include "io/thread.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "../torture.h"

static struct hr_loop *loop;

static int setup(void **state)
{
    (void)state;
    return hr_loop_new(&loop, NULL);
}

static int teardown(void **state)
{
    (void)state;
    hr_loop_free(loop);
    return 0;
}

static char trail[64];

static void note(void *arg)
{
    strcat(trail, arg);
    if (!strcmp(arg, "."))
        hr_loop_stop(loop);
}

static void post_from_thread(void *arg)
{
    hr_loop_post(loop, note, arg);
}

static void messages_timers_and_deferred_keep_their_order(void **state)
{
    (void)state;
    struct hr_deferred deferred = {.fn = note, .arg = "d"};
    struct hr_thread *thread;
    trail[0] = 0;
    assert_int_equal(hr_thread_new("test", 1 << 20, &thread, NULL), HR_OK);
    hr_thread_post(thread, post_from_thread, "a");
    hr_thread_post(thread, post_from_thread, "b");
    hr_thread_free(thread);
    hr_loop_defer(loop, &deferred);
    hr_loop_defer(loop, &deferred);
    hr_timer_start(loop, 20, 0, note, ".");
    hr_loop_run(loop);
    assert_string_equal(trail, "dab.");
}

static int exit_status, exit_signal;

static void exited(struct hr_child *child, int status, int number, void *arg)
{
    (void)child, (void)arg;
    exit_status = status;
    exit_signal = number;
    hr_loop_stop(loop);
}

static void a_child_gets_env_and_descriptors_only(void **state)
{
    (void)state;
    int ends[2], extra[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(pipe(extra), 0); /* not close-on-exec: must not leak all the same */
    const char *argv[] = {"sh", "-c", "echo \"$HR_TEST $(ls /proc/self/fd | wc -l)\" >&3; exit 7",
                          NULL};
    const char *env[] = {"HR_TEST=yes", NULL};
    struct hr_child_options options = {.argv = argv,
                                       .env = env,
                                       .in = HR_CHILD_NULL,
                                       .out = HR_CHILD_NULL,
                                       .error = HR_CHILD_INHERIT,
                                       .fds = &ends[1],
                                       .fd_count = 1,
                                       .die_with_parent = true,
                                       .exited = exited};
    struct hr_child *child;
    assert_int_equal(hr_child_spawn(loop, &options, &child, NULL), HR_OK);
    hr_loop_run(loop);
    char text[64] = "";
    close(ends[1]);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    assert_string_equal(text, "yes 5\n"); /* 0 to 3, and the folder that ls reads */
    assert_int_equal(exit_status, 7);
    close(ends[0]), close(extra[0]), close(extra[1]);
}

static void a_killed_child_says_its_signal_and_a_missing_one_is_named(void **state)
{
    (void)state;
    const char *argv[] = {"sleep", "100", NULL}, *missing[] = {"/does/not/exist", NULL};
    struct hr_child_options options = {.argv = argv,
                                       .in = HR_CHILD_NULL,
                                       .out = HR_CHILD_NULL,
                                       .error = HR_CHILD_NULL,
                                       .exited = exited};
    struct hr_child *child;
    assert_int_equal(hr_child_spawn(loop, &options, &child, NULL), HR_OK);
    hr_child_kill(child, SIGKILL);
    hr_loop_run(loop);
    assert_int_equal(exit_signal, SIGKILL);
    struct hr_err err;
    options.argv = missing;
    assert_int_equal(hr_child_spawn(loop, &options, &child, &err), HR_E_NOT_FOUND);
    assert_non_null(strstr(err.msg, "'/does/not/exist'"));
}

static void files_are_written_whole_and_locked_once(void **state)
{
    (void)state;
    char folder[] = "/tmp/hr-test-XXXXXX", path[256], deep[128];
    assert_non_null(mkdtemp(folder));
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err;
    char *bytes;
    size_t len;
    snprintf(deep, sizeof deep, "%s/a/b/c", folder);
    snprintf(path, sizeof path, "%s/file", deep);
    assert_int_equal(hr_file_mkdirs(deep, &err), HR_OK);
    assert_int_equal(hr_file_mkdirs(deep, &err), HR_OK);
    assert_int_equal(hr_file_write(path, 0600, "one", 3, &err), HR_OK);
    assert_int_equal(hr_file_write(path, 0600, "three", 5, &err), HR_OK);
    assert_int_equal(hr_file_read(arena, path, 5, &bytes, &len, &err), HR_OK);
    assert_int_equal(len, 5);
    assert_string_equal(bytes, "three");
    assert_int_equal(hr_file_read(arena, path, 4, &bytes, &len, &err), HR_E_LIMIT);
    assert_int_equal(hr_file_read(arena, deep, 4, &bytes, &len, &err), HR_E_INVALID);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    int first, second;
    snprintf(path, sizeof path, "%s/lock", folder);
    assert_int_equal(hr_file_lock(path, &first, &err), HR_OK);
    assert_int_equal(hr_file_lock(path, &second, &err), HR_E_EXISTS);
    close(first);
    assert_int_equal(hr_file_remove_tree(folder, &err), HR_OK);
    assert_false(hr_file_exists(folder));
    hr_arena_free(arena);
}

/* ---- lines ---- */

struct talk {
    int opened, closed;
    char heard[64];
};

static void talk_opened(void *arg)
{
    ((struct talk *)arg)->opened++;
}

static void talk_line(char *text, size_t len, void *arg)
{
    struct talk *talk = arg;
    assert_int_equal(len, strlen(text));
    strcat(talk->heard, text);
    strcat(talk->heard, "|");
}

static void talk_closed(const char *why, void *arg)
{
    assert_true(*why);
    ((struct talk *)arg)->closed++;
}

static void turn(void)
{
    hr_timer_start(loop, 2, 0, note, ".");
    trail[0] = 0;
    hr_loop_run(loop);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

/* the other side: what it was asked, and its answer in pieces */
static void reply(int listener)
{
    char asked[64] = "";
    int fd = accept(listener, NULL, NULL);
    assert_true(read(fd, asked, sizeof asked - 1) > 0);
    assert_string_equal(asked, "ask 1\nask 2\n");
    static const char *const pieces[] = {"first\nsec", "ond", "\n\nfourth\n"};
    for (size_t i = 0; i < HR_LEN(pieces); i++) {
        send(fd, pieces[i], strlen(pieces[i]), MSG_NOSIGNAL);
        turn();
    }
    close(fd);
}

static enum hr_code converse(void *arg)
{
    static const struct hr_lines_handler handler = {talk_opened, talk_line, talk_closed};
    struct talk talk = {0};
    int listener = listen_at(arg);
    struct hr_lines *lines = hr_lines_connect(loop, arg, 500, 1000, &handler, &talk);
    hr_lines_send(lines, "ask 1", 5);
    hr_lines_send(lines, "ask 2", 5); /* before the connection stands: both wait */
    for (int turns = 0; turns < 100 && !talk.opened && !talk.closed; turns++)
        turn();
    if (talk.opened)
        reply(listener);
    enum hr_code code = strcmp(talk.heard, "first|second||fourth|") ? HR_E_LIMIT : HR_OK;
    for (int turns = 0; turns < 100 && !talk.closed; turns++)
        turn();
    assert_int_equal(talk.closed, 1);
    assert_int_equal(strncmp(talk.heard, "first|second||fourth|", strlen(talk.heard)), 0);
    close(listener);
    unlink(arg);
    return code;
}

static void lines_come_whole_or_the_connection_ends(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "/tmp/hr-lines-%d.sock", getpid());
    assert_int_equal(hr_torture(converse, path), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_timers_and_deferred_keep_their_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_child_gets_env_and_descriptors_only, setup, teardown),
        cmocka_unit_test_setup_teardown(a_killed_child_says_its_signal_and_a_missing_one_is_named,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(lines_come_whole_or_the_connection_ends, setup, teardown),
        cmocka_unit_test(files_are_written_whole_and_locked_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
