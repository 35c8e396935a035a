#include "daemon/notices.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/file.h"
#include "io/loop.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEARD_MS                                                                         \
    3000 /* a process that has not answered by then is not waited for: its grants end by \
            themselves */
#define RENEW_MS 5000
#define REMEMBERED                                                                                \
    1024 /* principals in RUN/revoked; of more, the oldest are not told to an account that starts \
          */
#define SUFFIX ".grants"
#define FILE_MAX (1 << 20)

struct remembered {
    char *principal, *text;
    int64_t at_ms;
};

struct hr_notices {
    struct hr_site *site;
    struct hr_gate *gate;
    struct hr_timer *renew, *deadline;
    struct remembered told[REMEMBERED];
    char *kept;         /* the revocation of what is about to be taken away */
    size_t count, late; /* late: answers that are still to come and not waited for */
};

const char *hr_notices_key_file(const struct hr_site *site, struct hr_arena *arena)
{
    return hr_printf(arena, "%s/grant.pub", site->run_dir);
}

const char *hr_notices_revoked_file(const struct hr_site *site, struct hr_arena *arena)
{
    return hr_printf(arena, "%s/revoked", site->run_dir);
}

const char *hr_notices_socket(const struct hr_site *site, struct hr_arena *arena, const char *name)
{
    return hr_printf(arena, "%s/%s" SUFFIX, site->run_dir, name);
}

/* ---- who waits for the answers ---- */

static void all_heard(struct hr_notices *notices)
{
    struct hr_site *site = notices->site;
    hr_timer_stop(notices->deadline);
    notices->deadline = NULL;
    while (site->told) {
        struct hr_rest_told *told = site->told;
        hr_rest_untold(told);
        told->fn(told->arg);
    }
}

static void heard(void *arg)
{
    struct hr_notices *notices = arg;
    if (notices->late)
        notices->late--;
    else if (notices->site->telling && !--notices->site->telling)
        all_heard(notices);
}

static void waited_enough(void *arg)
{
    struct hr_notices *notices = arg;
    notices->deadline = NULL; /* a once-timer frees itself */
    hr_log(HR_LOG_WARN, "notices.not-heard", NULL);
    notices->late += notices->site->telling;
    notices->site->telling = 0;
    all_heard(notices);
}

/* ---- to the account and to mounts ---- */

struct message {
    struct hr_notices *notices;
    struct hr_http_client *client;
    char *path;
};

static void over(struct message *message)
{
    struct hr_notices *notices = message->notices;
    hr_http_client_close(message->client);
    free(message->path);
    free(message);
    heard(notices);
}

static void on_end(struct hr_http_call *call, const struct hr_headers *trailers)
{
    (void)trailers;
    over(hr_http_call_user(call));
}

/* nobody listens there any more: a process that was killed, or one that starts and reads the file
 */
static void on_failed(struct hr_http_call *call, const struct hr_err *err)
{
    struct message *message = hr_http_call_user(call);
    hr_log(HR_LOG_INFO, "notices.not-told", "socket", message->path, "why", err->msg, NULL);
    over(message);
}

static void send_message(struct hr_notices *notices, const char *path, const char *text)
{
    static const struct hr_call_handler handler = {.end = on_end, .failed = on_failed};
    struct message *message = calloc(1, sizeof *message);
    HR_CHECK(message);
    *message = (struct message){notices, NULL, strdup(path)};
    if (hr_http_client_connect(notices->site->loop, path, NULL, 0, NULL, &message->client, NULL)) {
        free(message->path);
        free(message);
        return;
    }
    struct hr_header field = {HR_GATE_REVOCATION, text};
    notices->site->telling++;
    hr_http_call_finish(hr_http_call_start(message->client, "POST", HR_GATE_CONTROL, NULL,
                                           &(struct hr_headers){&field, 1}, &handler, message));
}

static void tell_sockets(struct hr_notices *notices, struct hr_arena *arena, const char *text)
{
    DIR *folder = opendir(notices->site->run_dir);
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        size_t len = strlen(entry->d_name), end = sizeof SUFFIX - 1;
        if (len > end && !strcmp(entry->d_name + len - end, SUFFIX))
            send_message(notices, hr_printf(arena, "%s/%s", notices->site->run_dir, entry->d_name),
                         text);
    }
    if (folder)
        closedir(folder);
}

/* ---- for those who start later ---- */

static void forget(struct hr_notices *notices, size_t i)
{
    free(notices->told[i].principal);
    free(notices->told[i].text);
    memmove(notices->told + i, notices->told + i + 1,
            (--notices->count - i) * sizeof *notices->told);
}

static void add(struct hr_notices *notices, const char *principal, const char *text, int64_t at_ms)
{
    int64_t now = hr_clock_ms();
    for (size_t i = notices->count; i-- > 0;)
        if (!strcasecmp(notices->told[i].principal, principal) ||
            now - notices->told[i].at_ms > HR_REVOKED_SECONDS * 1000)
            forget(notices, i);
    if (notices->count == REMEMBERED)
        forget(notices, 0);
    notices->told[notices->count++] = (struct remembered){strdup(principal), strdup(text), at_ms};
}

/* what the server before this one told */
static void load(struct hr_notices *notices, struct hr_arena *arena)
{
    char *text, *save = NULL;
    size_t len;
    if (hr_file_read(arena, hr_notices_revoked_file(notices->site, arena), FILE_MAX, &text, &len,
                     NULL))
        return;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        struct hr_revocation revocation;
        if (!hr_revocation_verify(arena, hr_identity_grant_key(notices->site->identity), line,
                                  &revocation, NULL))
            add(notices, revocation.principal, line, revocation.before_ms);
    }
}

static enum hr_code write_told(struct hr_notices *notices,
                               struct hr_arena *arena,
                               struct hr_err *err)
{
    struct hr_buf lines;
    hr_buf_init(&lines, FILE_MAX);
    for (size_t i = 0; i < notices->count; i++)
        hr_buf_addf(&lines, "%s\n", notices->told[i].text);
    enum hr_code code = hr_buf_check(&lines, "the list of revocations", err);
    if (!code)
        code = hr_file_write(hr_notices_revoked_file(notices->site, arena), 0600,
                             hr_buf_text(&lines), hr_buf_len(&lines), err);
    hr_buf_release(&lines);
    return code;
}

static enum hr_code remember(struct hr_notices *notices,
                             struct hr_arena *arena,
                             const char *principal,
                             const char *text,
                             struct hr_err *err)
{
    add(notices, principal, text, hr_clock_ms());
    return write_told(notices, arena, err);
}

static enum hr_code write_key(const struct hr_site *site,
                              struct hr_arena *arena,
                              struct hr_err *err)
{
    char key[2 * HR_GRANT_KEY_BYTES + 2];
    hr_grant_key_text(hr_identity_grant_key(site->identity), key);
    return hr_file_write(hr_notices_key_file(site, arena), 0600, key, strlen(key), err);
}

enum hr_code hr_notices_mend(struct hr_notices *notices, struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    /* first: who finds the key looks there */
    enum hr_code code = write_told(notices, arena, err);
    if (!code)
        code = write_key(notices->site, arena, err);
    hr_arena_free(arena);
    return code;
}

/* ---- changes ---- */

/* Signed and in the file before anything is taken away: a process that starts after that, on a disk
 * that was full, would honour the grants. */
static enum hr_code keep(const char *principal, void *arg, struct hr_err *err)
{
    struct hr_notices *notices = arg;
    const char *text;
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code =
        hr_identity_revocation(notices->site->identity, arena, principal, &text, err);
    if (!code)
        code = remember(notices, arena, principal, text, err);
    free(notices->kept);
    notices->kept = code ? NULL : strdup(text);
    hr_arena_free(arena);
    return code;
}

static void changed(const char *principal, bool gained, void *arg)
{
    struct hr_notices *notices = arg;
    struct hr_site *site = notices->site;
    if (gained) {
        hr_gate_forget(notices->gate, principal);
        return;
    }
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_gate_told told = {heard, notices};
    site->revocations++;
    HR_CHECK(notices->kept); /* it was asked before */
    site->telling += hr_gate_revoke(notices->gate, principal, notices->kept, &told);
    tell_sockets(notices, arena, notices->kept);
    struct hr_principal who;
    if (hr_identity_find(site->identity, principal, &who, NULL) == HR_E_NOT_FOUND)
        hr_gate_end(notices->gate, principal, "its user was removed");
    if (site->telling && !notices->deadline)
        notices->deadline = hr_timer_start(site->loop, HEARD_MS, 0, waited_enough, notices);
    hr_arena_free(arena);
}

static void renew(void *arg)
{
    hr_gate_renew(((struct hr_notices *)arg)->gate);
}

/* ---- life ---- */

enum hr_code hr_notices_new(struct hr_site *site,
                            struct hr_gate *gate,
                            struct hr_notices **out,
                            struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    enum hr_code code = write_key(site, arena, err);
    if (code) {
        hr_arena_free(arena);
        return code;
    }
    struct hr_notices *notices = calloc(1, sizeof *notices);
    HR_CHECK(notices);
    notices->site = site;
    notices->gate = gate;
    load(notices, arena);
    hr_arena_free(arena);
    notices->renew = hr_timer_start(site->loop, RENEW_MS, RENEW_MS, renew, notices);
    hr_identity_on_change(site->identity, changed, notices);
    hr_identity_on_loss(site->identity, keep, notices);
    *out = notices;
    return HR_OK;
}

void hr_notices_stop(struct hr_notices *notices)
{
    if (!notices)
        return;
    hr_identity_on_change(notices->site->identity, NULL, NULL);
    hr_identity_on_loss(notices->site->identity, NULL, NULL);
    hr_timer_stop(notices->renew);
    notices->site->telling = 0;
    all_heard(notices);
}

void hr_notices_free(struct hr_notices *notices)
{
    if (!notices)
        return;
    while (notices->count)
        forget(notices, 0);
    free(notices->kept);
    free(notices);
}
