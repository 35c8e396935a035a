/* The parent of interpreters: one Python process that has imported what sessions need, and forks.
 * It is started with the server, and again when it died; its own end does not end the interpreters
 * that run. */
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/livy/private.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 20000 /* a cold import on a loaded machine */
#define ASK_MAX 2        /* parents that a session asks for its interpreter */

static void on_line(char *text, size_t len, void *arg)
{
    (void)arg;
    json_t *event = json_loadb(text, len, 0, NULL);
    const char *kind = json_string_value(json_object_get(event, "event")),
               *id = json_string_value(json_object_get(event, "id"));
    struct livy_session *session = id ? hr_livy_session_by_uuid(id) : NULL;
    if (session && kind && !strcmp(kind, "spawned"))
        hr_livy_session_spawned(session, (int)json_integer_value(json_object_get(event, "pid")));
    if (session && kind && !strcmp(kind, "error"))
        hr_livy_session_end(session, LIVY_DEAD,
                            json_string_value(json_object_get(event, "message")));
    if (session && kind && !strcmp(kind, "exit")) {
        json_t *number = json_object_get(event, "signal");
        char why[80];
        if (json_is_integer(number))
            snprintf(why, sizeof why, "the interpreter of the session died by signal %d",
                     (int)json_integer_value(number));
        else
            snprintf(why, sizeof why, "the interpreter of the session died with status %d",
                     (int)json_integer_value(json_object_get(event, "code")));
        hr_livy_session_exited(session, why);
    }
    json_decref(event);
}

/* Sessions that wait for their interpreter ask once more of a new parent: the old one may have died
 * between two sessions. A parent that cannot live (no Python, no package) fails them the second
 * time. */
static void ask_again(const char *why)
{
    bool waiting = false;
    for (struct livy_session *session = hr_livy.sessions; session; session = session->next) {
        if (session->state != LIVY_STARTING || session->pid)
            continue;
        if (session->asked < ASK_MAX)
            waiting = true;
        else
            hr_livy_session_end(session, LIVY_DEAD, why);
    }
    if (!waiting || hr_livy_parent_ready(NULL))
        return;
    for (struct livy_session *session = hr_livy.sessions; session; session = session->next)
        if (session->state == LIVY_STARTING && !session->pid)
            hr_livy_session_ask(session);
}

/* the connection is the parent's life: one that closed it is ended, and on_exit_of_parent goes on
 */
static void on_closed(const char *why, void *arg)
{
    (void)arg;
    hr_livy.parent_lines = NULL;
    if (hr_livy.stopping)
        return;
    hr_log(HR_LOG_WARN, "interpreters.lost", "why", why, NULL);
    if (hr_livy.parent)
        kill(hr_child_pid(hr_livy.parent),
             SIGKILL); /* it alone, not its group: the interpreters that run go on */
}

static void on_exit_of_parent(struct hr_child *child, int status, int signal, void *arg)
{
    char text[24];
    (void)child;
    (void)arg;
    hr_livy.parent = NULL;
    if (hr_livy.stopping)
        return;
    hr_lines_close(hr_livy.parent_lines);
    hr_livy.parent_lines = NULL;
    snprintf(text, sizeof text, "%d", signal ? signal : status);
    hr_log(HR_LOG_WARN, "interpreters.ended", signal ? "signal" : "status", text, NULL);
    ask_again("the interpreters' parent ended: see log/interpreters.log");
    /* at once when it had worked, so that the next session need not wait for imports */
    if (!hr_livy.parent && hr_clock_mono_ms() - hr_livy.parent_started_ms > CONNECT_MS)
        hr_livy_parent_ready(NULL);
}

static enum hr_code spawn(struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    const char *python = hr_livy.options->python, *path = hr_livy.options->python_path,
               *old = getenv("PYTHONPATH");
    const char *argv[] = {
        python, "-m", "headrace.interpreter", "--socket", hr_livy.parent_socket, "--linger",
        "5",    NULL};
    const char *with_path =
        path ? hr_printf(arena, "PYTHONPATH=%s%s%s", path, old ? ":" : "", old ? old : "") : NULL;
    const char *env[] = {"PYTHONUNBUFFERED=1", with_path, NULL};
    int log = open(hr_printf(arena, "%s/log/interpreters.log", hr_livy.site->home),
                   O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct hr_child_options options = {.argv = argv,
                                       .env = env,
                                       .in = HR_CHILD_NULL,
                                       .out = HR_CHILD_NULL,
                                       .error = log < 0 ? HR_CHILD_NULL : log,
                                       .new_group = true,
                                       .exited = on_exit_of_parent};
    enum hr_code code = hr_child_spawn(hr_livy.site->loop, &options, &hr_livy.parent, err);
    if (log >= 0)
        close(log);
    hr_arena_free(arena);
    hr_livy.parent_started_ms = hr_clock_mono_ms();
    return code;
}

enum hr_code hr_livy_parent_ready(struct hr_err *err)
{
    static const struct hr_lines_handler handler = {NULL, on_line, on_closed};
    /* without a connection it is about to end: on_exit_of_parent asks again */
    if (hr_livy.parent)
        return HR_OK;
    unlink(hr_livy.parent_socket);
    HR_TRY(spawn(err));
    hr_livy.parent_lines = hr_lines_connect(hr_livy.site->loop, hr_livy.parent_socket, CONNECT_MS,
                                            LIVY_LINE_MAX, &handler, NULL);
    return HR_OK;
}

void hr_livy_parent_send(json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT);
    json_decref(message);
    HR_CHECK(text);
    if (hr_livy.parent_lines)
        hr_lines_send(hr_livy.parent_lines, text, strlen(text));
    free(text);
}

void hr_livy_parent_stop(void)
{
    if (hr_livy.parent)
        hr_child_kill(hr_livy.parent, SIGTERM); /* it ends its children */
    hr_lines_close(hr_livy.parent_lines);
    hr_livy.parent_lines = NULL;
}
