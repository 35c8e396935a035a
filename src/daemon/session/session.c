#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "daemon/session/private.h"
#include "io/file.h"
#include "io/thread.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SWEEP_MS 1000
#define SOCKET_FOLDER_MAX 90 /* a socket's path has at most 107 bytes */
#define STARTS_MAX 3         /* hosts of one session that die before they are ready, in a row */
#define SEPARATOR '\x1f'
#define COMMAND "command" /* a file beside the journals: as what the hosts were started */
#define COMMAND_BYTES_MAX (1 << 20)
#define RECORD_MAX 8192

static char *make_key(const char *principal, const char *id)
{
    char *key;
    HR_CHECK(asprintf(&key, "%s%c%s", principal, SEPARATOR, id) > 0);
    return key;
}

/* it is used: the wall clock is for people, the idle rule goes by one that nobody sets */
static void touch(struct hr_session *session)
{
    session->active_ms = hr_clock_ms();
    session->idle_from_ms = hr_clock_mono_ms();
}

static void tell(struct hr_session *session, enum hr_session_event event, const char *why)
{
    if (session->sessions->event)
        session->sessions->event(session, event, why, session->sessions->arg);
}

/* ---- a session's record on disk: what a later start of the server finds its journal by ---- */

static enum hr_code write_text(const char *path, const char *text, struct hr_err *err)
{
    size_t len = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t put = fd < 0 ? -1 : write(fd, text, len);
    /* a part of it: there was no room for the rest */
    int number = put < 0 ? errno : ENOSPC;
    bool ok = put == (ssize_t)len;
    if (fd >= 0 && close(fd) && ok) {
        number = errno;
        ok = false;
    }
    return ok ? HR_OK : hr_fail_write(err, number, "cannot write '%s'", path);
}

/* Written again for each host, so that the next daemon finds the one that serves now. Whole or not
 * at all, as a daemon may be killed here; not synced: a crash of the machine ends sessions. */
static enum hr_code write_record(struct hr_session *session, struct hr_err *err)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    int host = session->host ? session->host->number : 0;
    char *path = hr_session_path(session->sessions, session->number, "session"),
         *new = hr_session_path(session->sessions, session->number, "new");
    enum hr_code code = write_text(
        new, hr_printf(arena, "%s\n%s\n%d\n", session->principal, session->id, host), err);
    if (!code && rename(new, path))
        code = hr_fail_write(err, errno, "cannot write '%s'", path);
    if (code)
        unlink(new);
    else
        session->recorded_host = host;
    session->recorded |= !code;
    free(new);
    free(path);
    hr_arena_free(arena);
    return code;
}

/* Without a record the next daemon would remove the journal, and what was acknowledged with it. An
 * older record does: it names the journal, and a host that is not the one in it gives way to one
 * that replays. */
enum hr_code hr_session_record(struct hr_session *session)
{
    struct hr_err err = {0};
    int host = session->host ? session->host->number : 0;
    if (session->recorded && session->recorded_host == host)
        return HR_OK;
    enum hr_code code = write_record(session, &err);
    if (code)
        hr_log(HR_LOG_WARN, "session.not-recorded", "session", session->id, "error", err.msg, NULL);
    return session->recorded ? HR_OK : code;
}

static void remove_record(const struct hr_session *session)
{
    char *path = hr_session_path(session->sessions, session->number, "session");
    unlink(path);
    unlink(session->journal);
    free(path);
}

/* ---- sessions ---- */

static struct hr_session *session_new(struct hr_sessions *sessions,
                                      const char *principal,
                                      const char *id)
{
    struct hr_session *session = calloc(1, sizeof *session);
    HR_CHECK(session);
    session->sessions = sessions;
    session->refs = 1; /* the registry's */
    session->principal = strdup(principal);
    session->id = strdup(id);
    session->key = make_key(principal, id);
    session->created_ms = hr_clock_ms();
    touch(session);
    hr_map_put(&sessions->sessions, session->key, session);
    return session;
}

struct hr_session *hr_session_ref(struct hr_session *session)
{
    session->refs++;
    return session;
}

void hr_session_unref(struct hr_session *session)
{
    if (!session || --session->refs)
        return;
    for (int i = 0; i < HR_SESSION_SLOTS; i++)
        hr_session_set_slot(session, i, NULL, NULL);
    free(session->key);
    free(session->principal);
    free(session->id);
    free(session->journal);
    free(session);
}

static void take_host(struct hr_session *session, struct host *host)
{
    session->host = host;
    host->session = session;
    host->taken = true;
    session->hosts++;
    hr_session_record(session); /* a call asks again */
    char pid[16];
    snprintf(pid, sizeof pid, "%d", host->pid);
    hr_log(HR_LOG_INFO, "session.host", "session", session->id, "principal", session->principal,
           "pid", pid, NULL);
    if (host->ready)
        tell(session, HR_SESSION_HOST_STARTED, NULL);
}

struct hr_session *hr_session_find(struct hr_sessions *sessions,
                                   const char *principal,
                                   const char *id)
{
    char *key = make_key(principal, id);
    struct hr_session *session = hr_map_get(&sessions->sessions, key);
    free(key);
    return session;
}

static bool is_ready(const struct hr_sessions *sessions)
{
    return sessions->host[0];
}

/* a new session takes a spare with the journal that it has; only a session whose host died starts
 * one with a journal to replay. One that comes before it is known how hosts are started gets its
 * host then. */
static enum hr_code give_first_host(struct hr_session *session, struct hr_err *err)
{
    struct hr_sessions *sessions = session->sessions;
    if (!is_ready(sessions)) {
        session->number = sessions->next_number++;
        session->journal = hr_session_path(sessions, session->number, "journal");
        return HR_OK;
    }
    struct host *host = hr_host_spare(sessions);
    if (!host)
        HR_TRY(hr_host_start(sessions, NULL, &host, err));
    session->number = host->number;
    session->journal = strdup(host->journal);
    take_host(session, host);
    hr_hosts_refill_soon(sessions, 200); /* not while the session's first call runs */
    return HR_OK;
}

static enum hr_code check_room(const struct hr_sessions *sessions, struct hr_err *err)
{
    if (sessions->sessions.count < (size_t)sessions->sessions_max)
        return HR_OK;
    hr_fail(err, HR_E_LIMIT, "there are %d sessions, the most that this server takes",
            sessions->sessions_max);
    return hr_fail_hint(
        err,
        "end one with spark.stop() in its client; one that is idle for an hour ends by itself");
}

int hr_sessions_reserve(struct hr_sessions *sessions, struct hr_arena *arena, const char **journal)
{
    int number = sessions->next_number++;
    *journal = hr_printf(arena, "%s/%d.journal", sessions->folder, number);
    return number;
}

enum hr_code hr_session_clone(struct hr_sessions *sessions,
                              const char *principal,
                              const char *id,
                              int number,
                              struct hr_err *err)
{
    if (hr_session_find(sessions, principal, id))
        return hr_fail(err, HR_E_EXISTS, "there is a session '%s' already", id);
    HR_TRY(check_room(sessions, err));
    struct hr_session *session = session_new(sessions, principal, id);
    session->number = number;
    session->journal = hr_session_path(sessions, number, "journal");
    enum hr_code code = write_record(session, err);
    if (code) {
        hr_map_remove(&sessions->sessions, session->key);
        hr_session_unref(session);
        return code;
    }
    tell(session, HR_SESSION_CREATED, NULL);
    return HR_OK;
}

enum hr_code hr_session_open(struct hr_sessions *sessions,
                             const char *principal,
                             const char *id,
                             struct hr_session **out,
                             struct hr_err *err)
{
    *out = hr_session_find(sessions, principal, id);
    if (*out)
        return HR_OK;
    HR_TRY(check_room(sessions, err));
    struct hr_session *session = session_new(sessions, principal, id);
    enum hr_code code = give_first_host(session, err);
    if (code) {
        hr_map_remove(&sessions->sessions, session->key);
        hr_session_unref(session);
        return code;
    }
    tell(session, HR_SESSION_CREATED, NULL);
    *out = session;
    return HR_OK;
}

struct hr_session *hr_session_next(struct hr_sessions *sessions, const struct hr_session *session)
{
    struct hr_map_entry *entry = NULL;
    if (session)
        while ((entry = hr_map_next(&sessions->sessions, entry)) && entry->value != session)
            ;
    entry = session && !entry ? NULL : hr_map_next(&sessions->sessions, entry);
    return entry ? entry->value : NULL;
}

static void answer(struct hr_session *session,
                   struct hr_http_client *client,
                   const struct hr_err *err)
{
    hr_session_ref(session);
    while (session->waits) {
        struct hr_session_wait *wait = session->waits;
        hr_session_unwait(wait);
        wait->fn(wait, client, err);
    }
    hr_session_unref(session);
}

static void drop_host(struct hr_session *session)
{
    session->host = NULL;
}

void hr_session_end(struct hr_session *session, const char *why)
{
    struct hr_err err;
    if (session->ended)
        return;
    session->ended = true;
    hr_map_remove(&session->sessions->sessions, session->key);
    hr_log(HR_LOG_INFO, "session.ended", "session", session->id, "principal", session->principal,
           "why", why, NULL);
    struct host *host = session->host;
    drop_host(session);
    if (host)
        hr_host_end(host);
    remove_record(session);
    hr_fail(&err, HR_E_CANCELLED, "the session '%s' was ended: %s", session->id, why);
    answer(session, NULL, &err);
    tell(session, HR_SESSION_ENDED, why);
    hr_session_unref(session);
}

void hr_session_busy(struct hr_session *session, int change)
{
    session->calls += change;
    touch(session);
}

void hr_session_lost(struct hr_session *session)
{
    struct host *host = session->host;
    if (!host)
        return;
    drop_host(session);
    hr_host_end(host);
}

/* ---- connecting ---- */

void hr_session_unwait(struct hr_session_wait *wait)
{
    if (!wait->at)
        return;
    *wait->at = wait->next;
    if (wait->next)
        wait->next->at = wait->at;
    wait->next = NULL;
    wait->at = NULL;
}

static void queue_wait(struct hr_session *session, struct hr_session_wait *wait)
{
    struct hr_session_wait **end = &session->waits;
    while (*end)
        end = &(*end)->next;
    *end = wait;
    wait->at = end;
    wait->next = NULL;
}

/* what its journal says is there, when the answer comes */
static enum hr_code ensure_host(struct hr_session *session, struct hr_err *err)
{
    struct host *host;
    if (session->host)
        return HR_OK;
    HR_TRY(hr_host_start(session->sessions, session->journal, &host, err));
    take_host(session, host);
    return HR_OK;
}

static enum hr_code fail_not_ready(struct hr_err *err)
{
    hr_fail(err, HR_E_STORAGE_DOWN,
            "the server is not ready: its storage account has not started yet");
    return hr_fail_hint(
        err, "see log/account.log in the server's home, and what 'headrace serve' printed");
}

void hr_session_connect(struct hr_session *session, struct hr_session_wait *wait)
{
    struct hr_sessions *sessions = session->sessions;
    struct hr_err err;
    enum hr_code code = HR_OK;
    bool ready = is_ready(sessions);
    wait->at = NULL;
    if (ready && session->host && session->host->ready) {
        wait->fn(wait, session->host->client, NULL);
        return;
    }
    if (session->ended)
        code = hr_fail(&err, HR_E_CANCELLED, "the session '%s' has ended", session->id);
    else if (ready)
        code = ensure_host(session, &err);
    else if (!sessions->patience)
        code = fail_not_ready(&err);
    if (!code)
        queue_wait(session, wait);
    else
        wait->fn(wait, NULL, &err);
}

bool hr_session_has(const struct hr_session *session, const struct hr_http_client *client)
{
    return client && session->host && session->host->client == client;
}

struct hr_http_client *hr_session_client(const struct hr_session *session)
{
    return session->host && session->host->ready ? session->host->client : NULL;
}

void hr_session_host_ready(struct hr_session *session)
{
    session->failures = 0;
    tell(session, HR_SESSION_HOST_STARTED, NULL);
    answer(session, session->host->client, NULL);
}

/* calls on it have failed, or will now; the next call, or one that waits, gets another host */
void hr_session_host_died(struct hr_session *session,
                          bool was_ready,
                          enum hr_code code,
                          const char *why)
{
    struct hr_err err;
    hr_session_ref(session);
    drop_host(session);
    tell(session, HR_SESSION_HOST_DIED, why);
    if (!was_ready && ++session->failures >= STARTS_MAX) {
        session->failures = 0;
        hr_fail(&err, code, "the session's host process does not start: %s", why);
        hr_fail_hint(
            &err,
            code == HR_E_FULL
                ? "free space there, and do it again"
                : "see the server's log; if this session's own state is the cause, stop the session and begin another");
        answer(session, NULL, &err);
    } else if (session->waits && !session->ended && is_ready(session->sessions)) {
        if (ensure_host(session, &err))
            answer(session, NULL, &err);
    }
    hr_session_unref(session);
}

struct hr_session_info hr_session_info(const struct hr_session *session)
{
    return (struct hr_session_info){session->principal,
                                    session->id,
                                    session->created_ms,
                                    session->active_ms,
                                    session->calls,
                                    session->hosts,
                                    session->host ? session->host->pid : 0,
                                    session->ended};
}

void hr_session_set_slot(struct hr_session *session,
                         int number,
                         void *value,
                         void (*release)(void *value))
{
    struct slot *slot = &session->slots[number], old = *slot;
    *slot = (struct slot){value, release};
    if (old.value && old.release)
        old.release(old.value);
}

void *hr_session_slot(const struct hr_session *session, int slot)
{
    return session->slots[slot].value;
}

/* ---- the registry ---- */

static void sweep(void *arg)
{
    struct hr_sessions *sessions = arg;
    int64_t now = hr_clock_mono_ms();
    hr_hosts_sweep(sessions, (uint64_t)now);
    if (!sessions->idle_ms)
        return;
    for (struct hr_session *at = hr_session_next(sessions, NULL), *next; at; at = next) {
        next = hr_session_next(sessions, at);
        bool idle = !at->calls && now - at->idle_from_ms > (int64_t)sessions->idle_ms;
        if (idle && !(sessions->keep && sessions->keep(at, sessions->arg)))
            hr_session_end(at, "it was idle for longer than the limit");
    }
}

/* a session of an earlier daemon: its record is `text`, its journal's last change `active_ms` */
static void resume_one(
    struct hr_sessions *sessions, int number, char *text, int64_t active_ms, const char *command)
{
    char *line = strchr(text, '\n'), *end = strchr(line + 1, '\n');
    *line = *end = 0;
    int host_number = atoi(end + 1);
    struct hr_session *session = session_new(sessions, text, line + 1);
    session->number = number;
    session->journal = hr_session_path(sessions, number, "journal");
    session->recorded = true;
    session->recorded_host = host_number;
    session->active_ms = active_ms;
    /* of one that is dead, too: a spare of that number would be taken for it */
    if (host_number >= sessions->next_number)
        sessions->next_number = host_number + 1;
    struct host *host = hr_host_adopt(sessions, host_number, session->journal, command);
    if (!host)
        return;
    hr_log(HR_LOG_INFO, "session.adopted", "socket", host->socket, NULL);
    touch(session);
    take_host(session, host);
}

static bool is_record(const char *text)
{
    const char *line = strchr(text, '\n');
    return line && strchr(line + 1, '\n');
}

/* What cannot be read now (too few descriptors, a broken disk) may be read by the next daemon: only
 * what is no session's is removed. */
static void resume_file(struct hr_sessions *sessions, int number, const char *command)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    char *path = hr_session_path(sessions, number, "session"),
         *journal = hr_session_path(sessions, number, "journal"), *text = NULL;
    struct hr_err err = {0};
    struct stat status;
    enum hr_code code = hr_file_read(arena, path, RECORD_MAX, &text, NULL, &err);
    if (!code && stat(journal, &status))
        code = errno == ENOENT ? HR_E_NOT_FOUND
                               : hr_fail(&err, HR_E_IO, "'%s': %s", journal, strerror(errno));
    if (!code && is_record(text)) {
        resume_one(sessions, number, text, (int64_t)status.st_mtime * 1000, command);
    } else if (!code || code == HR_E_NOT_FOUND) {
        unlink(path);
        unlink(journal);
    } else {
        hr_log(HR_LOG_ERROR, "session.not-resumed", "path", path, "error", err.msg, NULL);
    }
    free(journal);
    free(path);
    hr_arena_free(arena);
}

/* calls fn for each NUMBER.KIND in a folder; the highest number */
static int each_file(const char *folder,
                     void (*fn)(const char *path, const char *kind, int number, void *arg),
                     void *arg)
{
    DIR *dir = opendir(folder);
    int last = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char *kind, path[4400];
        long number = strtol(entry->d_name, &kind, 10);
        if (kind == entry->d_name || *kind != '.' || number < 0 || number > 1000000000)
            continue;
        last = number > last ? (int)number : last;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        fn(path, kind + 1, (int)number, arg);
    }
    if (dir)
        closedir(dir);
    return last;
}

struct found {
    struct hr_sessions *sessions;
    int numbers[4096], count;
};

static void note_file(const char *path, const char *kind, int number, void *arg)
{
    struct found *found = arg;
    char *record = hr_session_path(found->sessions, number, "session");
    if (!strcmp(kind, "session") && found->count < (int)HR_LEN(found->numbers))
        found->numbers[found->count++] = number;
    if (!strcmp(kind, "new") || (!strcmp(kind, "journal") && access(record, F_OK)))
        unlink(path);
    free(record);
}

static void pass_file(const char *path, const char *kind, int number, void *arg)
{
    (void)path, (void)kind, (void)number, (void)arg;
}

/* Sessions of an earlier run come back with their journals, and with their hosts where these live;
 * what else lies there is of no use any more. */
static void resume(struct hr_sessions *sessions)
{
    struct found found = {.sessions = sessions};
    int last = each_file(sessions->folder, note_file, &found),
        socket = each_file(sessions->sockets, pass_file, NULL);
    int spill = hr_hosts_last_spill(sessions);
    last = last > socket ? last : socket;
    sessions->next_number = (last > spill ? last : spill) + 1;
    struct hr_arena *arena = hr_arena_new(NULL);
    char *command = NULL;
    if (hr_file_read(arena, hr_printf(arena, "%s/" COMMAND, sessions->folder), COMMAND_BYTES_MAX,
                     &command, NULL, NULL))
        command = ""; /* not known: they give way */
    for (int i = 0; i < found.count; i++)
        resume_file(sessions, found.numbers[i], command);
    hr_arena_free(arena);
    hr_hosts_end_unknown(sessions);
    hr_hosts_sweep_spills(sessions);
}

static char **copy_list(const char *const *list)
{
    size_t count = 0;
    while (list && list[count])
        count++;
    char **out = calloc(count + 1, sizeof *out);
    HR_CHECK(out);
    for (size_t i = 0; i < count; i++)
        out[i] = strdup(list[i]);
    return out;
}

static void free_list(char **list)
{
    for (char **at = list; *at; at++)
        free(*at);
    free(list);
}

/* another folder, where this one's path is too long for a socket's; a link remembers it for the
 * next daemon */
static enum hr_code choose_sockets(struct hr_sessions *sessions, struct hr_err *err)
{
    char folder[128] = "/tmp/headrace-XXXXXX", link[4400];
    struct stat status;
    if (strlen(sessions->folder) <= SOCKET_FOLDER_MAX) {
        sessions->sockets = strdup(sessions->folder);
        return HR_OK;
    }
    snprintf(link, sizeof link, "%s/sockets", sessions->folder);
    char kept[sizeof folder] = "";
    bool again = readlink(link, kept, sizeof kept - 1) > 0 &&
                 !lstat(kept, &status) &&
                 S_ISDIR(status.st_mode) &&
                 status.st_uid == geteuid() &&
                 !(status.st_mode & 077);
    if (again) {
        sessions->sockets = strdup(kept);
        return HR_OK;
    }
    unlink(link);
    if (!mkdtemp(folder) || symlink(folder, link))
        return hr_fail(err, HR_E_IO, "cannot make a folder for sockets in '/tmp': %s",
                       strerror(errno));
    sessions->sockets = strdup(folder);
    return HR_OK;
}

static char *joined(char **words)
{
    struct hr_buf out;
    hr_buf_init(&out, HR_BUF_GROWS);
    for (char **at = words; *at; at++) {
        hr_buf_adds(&out, *at);
        hr_buf_addc(&out, '\n');
    }
    char *text = strdup(hr_buf_text(&out));
    hr_buf_release(&out);
    return text;
}

static void on_impatient(void *arg)
{
    struct hr_sessions *sessions = arg;
    struct hr_err err;
    sessions->patience = NULL;
    fail_not_ready(&err);
    for (struct hr_session *at = hr_session_next(sessions, NULL), *next; at; at = next) {
        next = hr_session_next(sessions, at);
        answer(at, NULL, &err);
    }
}

static enum hr_code open_spill(struct hr_sessions *sessions, const char *spill, struct hr_err *err)
{
    if (!spill)
        return HR_OK;
    sessions->spill = strdup(spill);
    return hr_thread_new("spill", 0, &sessions->remover, err);
}

enum hr_code hr_sessions_new(struct hr_loop *loop,
                             const struct hr_sessions_options *options,
                             struct hr_sessions **out,
                             struct hr_err *err)
{
    HR_TRY(hr_file_mkdirs(options->folder, err));
    struct hr_sessions *sessions = calloc(1, sizeof *sessions);
    HR_CHECK(sessions);
    *sessions = (struct hr_sessions){.loop = loop,
                                     .folder = strdup(options->folder),
                                     .host = copy_list(options->host),
                                     .env = copy_list(options->env),
                                     .spares = options->spares,
                                     .sessions_max = options->sessions_max ? options->sessions_max
                                                                           : HR_SESSIONS_MAX,
                                     .idle_ms = options->idle_ms,
                                     .keep = options->keep,
                                     .event = options->event,
                                     .arg = options->arg};
    uint64_t linger_ms = options->linger_ms ? options->linger_ms : HR_HOST_LINGER_MS;
    snprintf(sessions->linger, sizeof sessions->linger, "%d.%03d", (int)(linger_ms / 1000),
             (int)(linger_ms % 1000));
    sessions->command = joined(sessions->host);
    hr_map_init(&sessions->sessions);
    enum hr_code code = choose_sockets(sessions, err);
    if (!code)
        code = open_spill(sessions, options->spill, err);
    if (code) {
        hr_sessions_free(sessions);
        return code;
    }
    resume(sessions);
    sessions->sweep = hr_timer_start(loop, SWEEP_MS, SWEEP_MS, sweep, sessions);
    if (!is_ready(sessions))
        sessions->patience =
            hr_timer_start(loop, options->patience_ms ? options->patience_ms : HR_HOST_PATIENCE_MS,
                           0, on_impatient, sessions);
    hr_hosts_refill(sessions); /* it starts beside what else the server has to do */
    *out = sessions;
    return HR_OK;
}

/* after those that were started otherwise were told to end: the next daemon adopts by it */
static void record_command(const struct hr_sessions *sessions)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct hr_err err;
    char *before = NULL;
    const char *path = hr_printf(arena, "%s/" COMMAND, sessions->folder);
    bool same = !hr_file_read(arena, path, COMMAND_BYTES_MAX, &before, NULL, NULL) &&
                !strcmp(before, sessions->command);
    if (!same && hr_file_write(path, 0600, sessions->command, strlen(sessions->command), &err))
        hr_log(HR_LOG_WARN, "session.command-not-recorded", "path", path, "error", err.msg, NULL);
    hr_arena_free(arena);
}

/* calls that came too early */
static void answer_waiting(struct hr_sessions *sessions)
{
    struct hr_err err;
    for (struct hr_session *at = hr_session_next(sessions, NULL), *next; at; at = next) {
        next = hr_session_next(sessions, at);
        if (!at->waits)
            continue;
        if (at->host && at->host->ready)
            answer(at, at->host->client, NULL);
        else if (ensure_host(at, &err))
            answer(at, NULL, &err);
    }
}

enum hr_code hr_sessions_mend(struct hr_sessions *sessions, struct hr_err *err)
{
    HR_TRY(hr_file_mkdirs(sessions->folder, err));
    for (struct hr_map_entry *entry = NULL; (entry = hr_map_next(&sessions->sessions, entry));) {
        struct hr_session *session = entry->value;
        session->recorded = false;
        hr_session_record(session);
    }
    record_command(sessions);
    hr_hosts_refill(sessions);
    return HR_OK;
}

void hr_sessions_set_host(struct hr_sessions *sessions, const char *const *host, int spares)
{
    free_list(sessions->host);
    free(sessions->command);
    sessions->host = copy_list(host);
    sessions->command = joined(sessions->host);
    sessions->spares = spares;
    hr_timer_stop(sessions->patience);
    sessions->patience = NULL;
    hr_hosts_replace(sessions);
    record_command(sessions);
    answer_waiting(sessions);
    hr_hosts_refill(sessions);
}

static void leave_sockets(const struct hr_sessions *sessions)
{
    char link[4400];
    if (!sessions->sockets ||
        !strcmp(sessions->sockets, sessions->folder) ||
        rmdir(sessions->sockets))
        return;
    snprintf(link, sizeof link, "%s/sockets", sessions->folder);
    unlink(link);
}

void hr_sessions_free(struct hr_sessions *sessions)
{
    if (!sessions)
        return;
    struct hr_session *session;
    sessions->freeing = true;
    sessions->event = NULL;
    hr_timer_stop(sessions->sweep);
    hr_timer_stop(sessions->refill);
    hr_timer_stop(sessions->patience);
    struct hr_err err;
    hr_fail(&err, HR_E_UNAVAILABLE, "the server stops");
    while ((session = hr_session_next(sessions, NULL))) {
        hr_map_remove(&sessions->sessions, session->key);
        session->ended = true;
        drop_host(session);
        answer(session, NULL, &err);
        hr_session_unref(session);
    }
    hr_hosts_free(sessions);
    hr_thread_free(sessions->remover);
    leave_sockets(sessions);
    free_list(sessions->host);
    free(sessions->command);
    free(sessions->spill);
    free_list(sessions->env);
    free(sessions->folder);
    free(sessions->sockets);
    hr_map_release(&sessions->sessions);
    free(sessions);
}
