#include "host/hold.h"
#include "base/check.h"
#include "base/log.h"
#include "host/connect/connect.h"
#include "io/loop.h"
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#define PATH "/headrace/hold"
#define EMPTY_MS 1000  /* a host without a session is of no use to the next daemon */
#define FIRST_MS 10000 /* the daemon's first call comes by then */

struct hr_hold {
    struct hr_loop *loop;
    struct hr_connect *connect;
    struct hr_timer *end;
    uint64_t linger_ms;
    /* calls open now: the old daemon's may end after the new one's began */
    int held;
};

static void end(void *arg)
{
    struct hr_hold *hold = arg;
    hold->end = NULL;
    hr_log(HR_LOG_WARN, "host.alone", "why", "no daemon came", NULL);
    hr_loop_stop(hold->loop);
}

static void arm(struct hr_hold *hold, uint64_t ms)
{
    if (hold->connect && hold->linger_ms && !hold->held && !hold->end)
        hold->end = hr_timer_start(hold->loop, ms, 0, end, hold);
}

static void on_closed(struct hr_exchange *exchange, bool finished)
{
    struct hr_hold *hold = hr_exchange_user(exchange);
    (void)finished;
    hold->held--;
    bool empty = hold->connect && !hr_connect_sessions(hold->connect);
    arm(hold, empty && hold->linger_ms > EMPTY_MS ? EMPTY_MS : hold->linger_ms);
}

bool hr_hold_wants(const struct hr_request *request)
{
    return request->peer_uid >= 0 && !strcmp(request->path, PATH);
}

void hr_hold_take(struct hr_hold *hold, struct hr_exchange *exchange)
{
    static const struct hr_exchange_handler handler = {.closed = on_closed};
    hold->held++;
    /* a host that starts dies with its daemon; one that was held can be found again */
    prctl(PR_SET_PDEATHSIG, 0);
    hr_timer_stop(hold->end);
    hold->end = NULL;
    hr_exchange_set_user(exchange, hold);
    hr_exchange_set_handler(exchange, &handler);
    hr_exchange_start(exchange, 200, &(struct hr_headers){NULL, 0});
}

struct hr_hold *hr_hold_new(struct hr_loop *loop, struct hr_connect *connect, uint64_t linger_ms)
{
    struct hr_hold *hold = calloc(1, sizeof *hold);
    HR_CHECK(hold);
    *hold = (struct hr_hold){.loop = loop, .connect = connect, .linger_ms = linger_ms};
    arm(hold, FIRST_MS);
    return hold;
}

void hr_hold_stop(struct hr_hold *hold)
{
    if (!hold)
        return;
    hr_timer_stop(hold->end);
    hold->end = NULL;
    hold->connect = NULL;
}

void hr_hold_free(struct hr_hold *hold)
{
    free(hold);
}
