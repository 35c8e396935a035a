/* Requests held open: a client that asks for something unfinished is answered when it is done, or
 * after a moment as it stands. */
#include "base/check.h"
#include "daemon/livy/private.h"
#include <stdlib.h>
#include <string.h>

struct livy_wait {
    struct hr_rest *req;
    struct livy_session *session;
    struct livy_statement *statement;
    livy_ready *ready;
    livy_render *render;
    char *completion; /* the id of a completion asked for, or NULL */
    struct hr_timer *timer;
    struct livy_wait *next;
};

static void unlink_wait(struct livy_wait *wait)
{
    for (struct livy_wait **at = &wait->session->waits; *at; at = &(*at)->next) {
        if (*at == wait) {
            *at = wait->next;
            break;
        }
    }
    wait->req->user = NULL;
    free(wait->completion);
    free(wait);
}

static void answer(struct livy_wait *wait, json_t *json)
{
    struct hr_rest *req = wait->req;
    unlink_wait(wait);
    hr_rest_reply(req, req->status, json);
    hr_rest_send(req);
}

static json_t *as_it_stands(struct livy_wait *wait)
{
    return wait->completion ? json_pack("{s:[]}", "candidates")
                            : wait->render(wait->req, wait->session, wait->statement);
}

static void on_time(void *arg)
{
    struct livy_wait *wait = arg;
    wait->timer = NULL;
    answer(wait, as_it_stands(wait));
}

static void on_gone(struct hr_rest *req)
{
    struct livy_wait *wait = req->user;
    if (!wait)
        return;
    hr_timer_stop(wait->timer);
    unlink_wait(wait);
}

static struct livy_wait *hold(struct hr_rest *req, struct livy_session *session, int hold_ms)
{
    struct livy_wait *wait = calloc(1, sizeof *wait);
    HR_CHECK(wait);
    *wait = (struct livy_wait){.req = req, .session = session, .next = session->waits};
    session->waits = wait;
    wait->timer = hr_timer_start(hr_livy.site->loop, (uint64_t)hold_ms, 0, on_time, wait);
    req->user = wait;
    req->gone = on_gone;
    hr_rest_defer(req);
    return wait;
}

void hr_livy_hold(struct hr_rest *req,
                  struct livy_session *session,
                  struct livy_statement *statement,
                  livy_ready *ready,
                  livy_render *render,
                  int hold_ms)
{
    if (ready(session, statement) || hr_livy.stopping) {
        hr_rest_reply(req, req->status, render(req, session, statement));
        return;
    }
    struct livy_wait *wait = hold(req, session, hold_ms);
    wait->statement = statement;
    wait->ready = ready;
    wait->render = render;
}

void hr_livy_hold_completion(struct hr_rest *req, struct livy_session *session, const char *id)
{
    hold(req, session, LIVY_HOLD_MS)->completion = strdup(id);
}

void hr_livy_completed(struct livy_session *session, const char *id, json_t *candidates)
{
    for (struct livy_wait *wait = session->waits; wait && id; wait = wait->next) {
        if (!wait->completion || strcmp(wait->completion, id))
            continue;
        hr_timer_stop(wait->timer);
        answer(wait, json_pack("{s:O}", "candidates", candidates));
        return;
    }
}

void hr_livy_wake(struct livy_session *session)
{
    for (struct livy_wait *wait = session->waits, *next; wait; wait = next) {
        next = wait->next;
        bool done = wait->completion ? hr_livy_session_over(session)
                                     : wait->ready(session, wait->statement);
        if (!done && !hr_livy.stopping)
            continue;
        hr_timer_stop(wait->timer);
        answer(wait, as_it_stands(wait));
    }
}

void hr_livy_wake_without(struct livy_session *session, const struct livy_statement *statement)
{
    for (struct livy_wait *wait = session->waits, *next; wait; wait = next) {
        next = wait->next;
        if (statement && wait->statement != statement)
            continue;
        hr_timer_stop(wait->timer);
        answer(wait, as_it_stands(wait));
    }
}
