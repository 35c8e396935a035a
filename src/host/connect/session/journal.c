/* The journal: what a next host needs to stand where this one stood. Appended under its lock,
 * before what is appended is acknowledged; read once, at start.
 *
 * A record is a kind, three lengths, a CRC of the rest, then user, session id and content. A torn
 * or damaged tail ends the reading and is cut off, with a warning. State that an answer
 * acknowledges is synced before; a file that has doubled since is rewritten with what still counts.
 * Views are made again when the session is first used, on a worker. Credentials are in it: the
 * file's mode is 0600. */
#include "base/limits.h"
#include "base/log.h"
#include "base/utf8.h"
#include "host/connect/decode/proto.h"
#include "host/connect/texts.h"
#include "io/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

#define COMPACT_BYTES ((off_t)4 << 20) /* below, rewriting it is not worth the while */
#define WRITES_KEPT 100                /* of a session's operations that wrote */
#define COMPACT_SCAN_BYTES \
    ((size_t)64 << 20) /* of commands, to see what they read; what is left is kept */

enum record_kind {
    RECORD_SESSION = 1,
    RECORD_SET,
    RECORD_UNSET,
    RECORD_COMMAND,
    RECORD_CLOSE,
    RECORD_ARTIFACT,
    RECORD_WRITES
};

struct head {
    uint32_t kind, user, id, len, crc;
};

/* a record as it stands in memory; texts are not closed by NUL */
struct record {
    struct head head;
    const char *bytes, *user, *id, *content;
    size_t size;
};

static uint32_t crc_of(const struct head *head, const char *bytes)
{
    uLong crc = crc32(0, (const Bytef *)head, offsetof(struct head, crc));
    return (uint32_t)crc32(crc, (const Bytef *)bytes, head->user + head->id + head->len);
}

#define CONTENT_PARTS_MAX 2

/* a record as it is written: head, user, session id, content; nothing is copied */
struct parts {
    struct head head;
    struct iovec at[3 + CONTENT_PARTS_MAX];
    int count;
    size_t size;
};

static void add_part(struct parts *parts, const void *bytes, size_t len)
{
    parts->at[parts->count++] = (struct iovec){(void *)bytes, len};
    parts->size += len;
}

static void parts_begin(
    struct parts *parts, enum record_kind kind, const char *user, size_t user_len, const char *id)
{
    *parts = (struct parts){.head = {kind, (uint32_t)user_len, (uint32_t)strlen(id), 0, 0}};
    add_part(parts, &parts->head, sizeof parts->head);
    add_part(parts, user, user_len);
    add_part(parts, id, strlen(id));
}

static void parts_content(struct parts *parts, const void *bytes, size_t len)
{
    add_part(parts, bytes, len);
    parts->head.len += (uint32_t)len;
}

static void parts_end(struct parts *parts)
{
    uLong crc = crc32(0, (const Bytef *)&parts->head, offsetof(struct head, crc));
    for (int i = 1; i < parts->count; i++)
        crc = crc32_z(crc, parts->at[i].iov_base, parts->at[i].iov_len);
    parts->head.crc = (uint32_t)crc;
}

/* false: the rest is torn, damaged, or nothing */
static bool next_record(const char *bytes, size_t len, size_t *at, struct record *record)
{
    if (len - *at < sizeof record->head)
        return false;
    memcpy(&record->head, bytes + *at, sizeof record->head);
    const struct head *head = &record->head;
    uint64_t size = (uint64_t)head->user + head->id + head->len;
    if (size > len - *at - sizeof *head || crc_of(head, bytes + *at + sizeof *head) != head->crc)
        return false;
    record->bytes = bytes + *at;
    record->user = record->bytes + sizeof *head;
    record->id = record->user + head->user;
    record->content = record->id + head->id;
    record->size = sizeof *head + size;
    *at += record->size;
    return true;
}

/* ---- writing ---- */

/* all of it, or false with errno */
static bool write_parts(int fd, struct parts *parts)
{
    struct iovec *at = parts->at, *end = at + parts->count;
    while (at < end) {
        ssize_t wrote = writev(fd, at, (int)(end - at));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return false;
        for (; at < end && (size_t)wrote >= at->iov_len; at++)
            wrote -= (ssize_t)at->iov_len;
        if (at < end) {
            at->iov_base = (char *)at->iov_base + wrote;
            at->iov_len -= (size_t)wrote;
        }
    }
    return true;
}

static bool write_record(int fd, const struct record *record)
{
    struct parts parts = {.count = 0};
    add_part(&parts, record->bytes, record->size);
    return write_parts(fd, &parts);
}

/* The first time the folder too, and the daemon's record of whose journal this is (N.session beside
 * N.journal): without that nobody would look for it. A daemon that had no room for the record tries
 * again with the session's next call. */
static bool sync_to_disk(struct hr_connect *connect)
{
    char path[4400];
    if (fdatasync(connect->journal))
        return false;
    if (connect->journal_found)
        return true;
    const char *dot = strrchr(connect->options.journal, '.'),
               *slash = strrchr(connect->options.journal, '/');
    int stem = dot ? (int)(dot - connect->options.journal) : 0,
        folder = slash ? (int)(slash - connect->options.journal) : 0;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, i ? "%.*s/." : "%.*s.session", i ? folder : stem,
                 connect->options.journal);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 && connect->options.grant_key)
            return false;
        if (fd >= 0) {
            fsync(fd);
            close(fd);
        }
    }
    connect->journal_found = true;
    return true;
}

static void compact(struct hr_connect *connect);

/* What did not get there whole and for good leaves nothing behind: what follows half a record would
 * be lost with it. */
static bool take_back(struct hr_connect *connect)
{
    connect->journal_torn = ftruncate(connect->journal, connect->journal_bytes);
    if (connect->journal_torn)
        hr_log(HR_LOG_ERROR, "journal.truncate", "error", strerror(errno), NULL);
    return !connect->journal_torn;
}

static enum hr_code make_room(struct hr_connect *connect, size_t size, struct hr_err *err)
{
    if ((size_t)connect->journal_bytes + size > HR_JOURNAL_MAX)
        compact(connect);
    if ((size_t)connect->journal_bytes + size <= HR_JOURNAL_MAX)
        return HR_OK;
    hr_fail(
        err, HR_E_LIMIT,
        "the session keeps %lld bytes of artifacts, views and configuration, and %zu more are above its limit of %zu",
        (long long)connect->journal_bytes, size, HR_JOURNAL_MAX);
    return hr_fail_hint(err, "begin another session for what does not belong to this one");
}

static bool is_removed(const struct hr_connect *connect)
{
    struct stat status;
    return !fstat(connect->journal, &status) && !status.st_nlink;
}

static void make_folder(const char *path)
{
    char folder[4400];
    struct hr_err err;
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 0, path);
    if (slash && hr_file_mkdirs(folder, &err))
        hr_log(HR_LOG_WARN, "journal.no-folder", "path", folder, "error", err.msg, NULL);
}

/* somebody removed the file under the running host: it is written again, or what would be lost with
 * it is not acknowledged */
static enum hr_code find_again(struct hr_connect *connect, struct hr_err *err)
{
    if (!is_removed(connect))
        return HR_OK;
    hr_log(HR_LOG_WARN, "journal.removed", "path", connect->options.journal, NULL);
    make_folder(connect->options.journal);
    compact(connect);
    if (!is_removed(connect))
        return HR_OK;
    hr_fail(err, HR_E_IO, "the session's journal '%s' was removed, and cannot be written again",
            connect->options.journal);
    return hr_fail_hint(err, "make its folder again; until then the session keeps nothing");
}

static enum hr_code put(
    struct hr_connect *connect, struct parts *parts, size_t count, bool synced, struct hr_err *err)
{
    off_t size = 0;
    int number = 0;
    if (connect->journal_torn && !take_back(connect))
        number = errno;
    for (size_t i = 0; i < count && !number; i++) {
        size += (off_t)parts[i].size;
        if (!write_parts(connect->journal, &parts[i]))
            number = errno;
    }
    if (!number && synced && !sync_to_disk(connect))
        number = errno;
    if (!number) {
        connect->journal_bytes += size;
        return HR_OK;
    }
    take_back(connect);
    hr_fail_write(err, number, "the session cannot keep this in its journal '%s'",
                  connect->options.journal);
    hr_log(HR_LOG_ERROR, "journal.append", "error", strerror(number), NULL);
    return hr_errno_is_full(number) ? HR_E_FULL : HR_E_IO;
}

/* what stands in a journal that no later server finds would be lost */
static enum hr_code check_recorded(struct hr_connect *connect, struct hr_err *err)
{
    int code = connect->unrecorded;
    if (!code)
        return HR_OK;
    hr_fail_write(err, code == HR_E_FULL ? ENOSPC : EIO,
                  "the session cannot be kept: its record beside '%s' cannot be written",
                  connect->options.journal);
    return (enum hr_code)code;
}

/* with the record of the session itself where that is not there yet; under the lock */
static enum hr_code add(struct session *session, struct parts *record, struct hr_err *err)
{
    struct hr_connect *connect = session->connect;
    enum record_kind kind = record->head.kind;
    struct parts both[2];
    size_t count = 0;
    bool synced = kind != RECORD_SESSION && kind != RECORD_CLOSE && kind != RECORD_WRITES;
    if (synced)
        HR_TRY(check_recorded(connect, err));
    HR_TRY(make_room(connect, record->size, err));
    HR_TRY(find_again(connect, err));
    if (!session->journalled && kind != RECORD_SESSION) {
        parts_begin(&both[count], RECORD_SESSION, session->user, strlen(session->user),
                    session->id);
        parts_content(&both[count], session->server_id, strlen(session->server_id));
        parts_end(&both[count++]);
    }
    both[count] = *record;
    both[count].at[0].iov_base = &both[count].head; /* a part points to the head beside it */
    HR_TRY(put(connect, both, count + 1, synced, err));
    session->journalled = true;
    if (connect->journal_bytes > connect->journal_compact_at)
        compact(connect);
    return HR_OK;
}

/* what it returns HR_OK for is on the disk */
static enum hr_code append(struct session *session, struct parts *record, struct hr_err *err)
{
    struct hr_connect *connect = session->connect;
    enum hr_code code = HR_OK;
    parts_end(record);
    pthread_mutex_lock(&connect->journal_lock);
    if (connect->journal >= 0)
        code = add(session, record, err);
    else if (connect->journal_closed)
        code = hr_fail(err, HR_E_CANCELLED, "the session's host ends");
    pthread_mutex_unlock(&connect->journal_lock);
    return code;
}

static void begin_record(struct parts *record, const struct session *session, enum record_kind kind)
{
    parts_begin(record, kind, session->user, strlen(session->user), session->id);
}

void hr_journal_session(struct session *session)
{
    struct parts record;
    begin_record(&record, session, RECORD_SESSION);
    parts_content(&record, session->server_id, strlen(session->server_id));
    append(session, &record, NULL);
}

enum hr_code hr_journal_close_session(struct session *session, struct hr_err *err)
{
    struct parts record;
    begin_record(&record, session, RECORD_CLOSE);
    return append(session, &record, err);
}

enum hr_code hr_journal_config(struct session *session,
                               const char *key,
                               const char *value,
                               struct hr_err *err)
{
    struct parts record;
    begin_record(&record, session, value ? RECORD_SET : RECORD_UNSET);
    parts_content(&record, key, strlen(key) + 1);
    if (value)
        parts_content(&record, value, strlen(value) + 1);
    return append(session, &record, err);
}

enum hr_code hr_journal_command(struct session *session,
                                const void *plan,
                                size_t len,
                                struct hr_err *err)
{
    struct parts record;
    begin_record(&record, session, RECORD_COMMAND);
    parts_content(&record, plan, len);
    return append(session, &record, err);
}

enum hr_code hr_journal_plan(const struct operation *operation, struct hr_err *err)
{
    return operation->replayed ? HR_OK
                               : hr_journal_command(operation->session, operation->request,
                                                    operation->request_len, err);
}

void hr_journal_writes(const struct operation *operation)
{
    struct parts record;
    begin_record(&record, operation->session, RECORD_WRITES);
    parts_content(&record, operation->id, strlen(operation->id) + 1);
    append(operation->session, &record, NULL);
}

enum hr_code hr_journal_artifact(
    struct session *session, const char *name, const void *bytes, size_t len, struct hr_err *err)
{
    struct parts record;
    begin_record(&record, session, RECORD_ARTIFACT);
    parts_content(&record, name, strlen(name) + 1);
    parts_content(&record, bytes, len);
    return append(session, &record, err);
}

/* ---- reading ---- */

static bool has_nul(const char *bytes, size_t len)
{
    return memchr(bytes, 0, len);
}

static void apply(struct hr_connect *connect, const struct head *head, const char *bytes)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    const char *content = bytes + head->user + head->id;
    char *user = hr_strndup(scratch, bytes, head->user),
         *id = hr_strndup(scratch, bytes + head->user, head->id);
    struct session *session = hr_spark_session_get(connect, user, id);
    struct hr_err err = {0};
    switch (head->kind) {
    case RECORD_SESSION:
        if (!session && head->len == 36)
            hr_spark_session_restore(connect, user, id, hr_strndup(scratch, content, head->len))
                ->journalled = true;
        break;
    case RECORD_SET:
        if (session && has_nul(content, head->len) && !content[head->len - 1])
            hr_spark_session_set(session, content, content + strlen(content) + 1, &err);
        break;
    case RECORD_UNSET:
        if (session && has_nul(content, head->len))
            hr_spark_session_set(session, content, NULL, &err);
        break;
    case RECORD_COMMAND:
        if (session)
            hr_spark_session_add_pending(session, content, head->len);
        break;
    case RECORD_ARTIFACT:
        if (session && has_nul(content, head->len))
            hr_spark_session_add_artifact(session, content, content + strlen(content) + 1,
                                          head->len - strlen(content) - 1, &err);
        break;
    case RECORD_WRITES:
        if (session && has_nul(content, head->len))
            hr_map_put(&session->lost, content, session);
        break;
    case RECORD_CLOSE:
        if (session)
            hr_spark_session_close(session);
        break;
    }
    if (err.code)
        hr_log(HR_LOG_WARN, "journal.replay", "session", id, "error", err.msg, NULL);
    hr_arena_free(scratch);
}

/* the file whole, until unmap; empty: NULL and 0 */
static enum hr_code map_all(int fd, char **bytes, size_t *len, struct hr_err *err)
{
    off_t size = lseek(fd, 0, SEEK_END);
    *bytes = NULL;
    *len = size > 0 ? (size_t)size : 0;
    if (*len)
        *bytes = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (size >= 0 && *bytes != MAP_FAILED)
        return HR_OK;
    *bytes = NULL;
    *len = 0;
    return hr_fail(err, HR_E_IO, "cannot read the journal: %s", strerror(errno));
}

static void unmap(char *bytes, size_t len)
{
    if (bytes)
        munmap(bytes, len);
}

static void cut_off(struct hr_connect *connect, size_t whole, size_t size)
{
    char dropped[24];
    snprintf(dropped, sizeof dropped, "%zu", size - whole);
    hr_log(HR_LOG_WARN, "journal.torn", "path", connect->options.journal, "dropped_bytes", dropped,
           NULL);
    if (ftruncate(connect->journal, (off_t)whole))
        hr_log(HR_LOG_ERROR, "journal.truncate", "error", strerror(errno), NULL);
}

enum hr_code hr_journal_open(struct hr_connect *connect, struct hr_err *err)
{
    const char *path = connect->options.journal;
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char *bytes;
    size_t size, whole = 0;
    struct record record;
    if (fd < 0)
        return hr_fail_write(err, errno, "cannot open the journal '%s'", path);
    enum hr_code code = map_all(fd, &bytes, &size, err);
    if (code) {
        close(fd);
        return code;
    }
    while (next_record(bytes, size, &whole, &record))
        apply(connect, &record.head, record.user);
    unmap(bytes, size);
    connect->journal = fd; /* only now: what was replayed is not written again */
    if (whole < size)
        cut_off(connect, whole, size);
    connect->journal_bytes = (off_t)whole;
    connect->journal_compact_at = COMPACT_BYTES;
    if (connect->journal_bytes > connect->journal_compact_at)
        compact(connect);
    return HR_OK;
}

/* ---- a clone ---- */

static bool is_of(const struct record *record, const struct session *session)
{
    return record->head.user == strlen(session->user) &&
           record->head.id == strlen(session->id) &&
           !memcmp(record->user, session->user, record->head.user) &&
           !memcmp(record->id, session->id, record->head.id);
}

static bool copy_records(const struct session *session,
                         const char *bytes,
                         size_t len,
                         const char *id,
                         const char *server_id,
                         int fd)
{
    struct record record;
    struct parts parts;
    parts_begin(&parts, RECORD_SESSION, session->user, strlen(session->user), id);
    parts_content(&parts, server_id, strlen(server_id));
    parts_end(&parts);
    bool ok = write_parts(fd, &parts);
    for (size_t at = 0; ok && next_record(bytes, len, &at, &record);) {
        if (!is_of(&record, session) ||
            record.head.kind == RECORD_SESSION ||
            record.head.kind == RECORD_CLOSE)
            continue;
        parts_begin(&parts, record.head.kind, record.user, record.head.user, id);
        parts_content(&parts, record.content, record.head.len);
        parts_end(&parts);
        ok = write_parts(fd, &parts);
    }
    return ok;
}

/* a file of its own */
static enum hr_code clone_to(const struct session *session,
                             const char *bytes,
                             size_t len,
                             const char *id,
                             const char *server_id,
                             const char *path,
                             struct hr_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && copy_records(session, bytes, len, id, server_id, fd) && !fdatasync(fd);
    int number = errno;
    if (fd >= 0)
        close(fd);
    if (ok)
        return HR_OK;
    if (fd >= 0)
        unlink(path);
    return hr_fail_write(err, number, "cannot write the clone's journal '%s'", path);
}

/* behind the rest */
static enum hr_code clone_here(const struct session *session,
                               const char *bytes,
                               size_t len,
                               const char *id,
                               const char *server_id,
                               struct hr_err *err)
{
    struct hr_connect *connect = session->connect;
    if (copy_records(session, bytes, len, id, server_id, connect->journal) &&
        sync_to_disk(connect)) {
        connect->journal_bytes = lseek(connect->journal, 0, SEEK_END);
        return HR_OK;
    }
    int number = errno;
    take_back(connect);
    return hr_fail_write(err, number, "cannot write the clone to the journal '%s'",
                         connect->options.journal);
}

enum hr_code hr_journal_clone(struct session *session,
                              const char *id,
                              const char *server_id,
                              const char *path,
                              struct hr_err *err)
{
    struct hr_connect *connect = session->connect;
    char *bytes = NULL;
    size_t len = 0;
    if (connect->journal < 0)
        return path ? hr_fail(err, HR_E_INTERNAL, "a host without a journal cannot write a clone's")
                    : HR_OK;
    pthread_mutex_lock(&connect->journal_lock);
    enum hr_code code = map_all(connect->journal, &bytes, &len, err);
    if (!code && path)
        code = clone_to(session, bytes, len, id, server_id, path, err);
    else if (!code)
        code = make_room(connect, len, err);
    if (!code && !path)
        code = clone_here(session, bytes, len, id, server_id, err);
    unmap(bytes, len);
    pthread_mutex_unlock(&connect->journal_lock);
    return code;
}

/* ---- compaction: the same state in fewer records ---- */

/* what one record may make the earlier ones of its kind superfluous by: a configuration's key, an
 * artifact's name, a view's name */
struct fact {
    struct record record;
    const char *key;
    size_t key_len;
    bool opaque, keep;
};

static bool is_plain_name(const char *name)
{
    return *name &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
               strlen(name);
}

/* the view that a command makes or replaces, NULL for all others; opaque: what it reads cannot be
 * seen */
static void read_command(struct hr_arena *arena, struct fact *fact)
{
    PB(Plan) *plan = spark__connect__plan__unpack(NULL, fact->record.head.len,
                                                  (const uint8_t *)fact->record.content);
    fact->opaque = !plan || (plan->op_type_case != SPARK__CONNECT__PLAN__OP_TYPE_COMMAND &&
                             plan->op_type_case != SPARK__CONNECT__PLAN__OP_TYPE_ROOT);
    if (plan &&
        plan->op_type_case == SPARK__CONNECT__PLAN__OP_TYPE_COMMAND &&
        plan->command->command_type_case ==
            SPARK__CONNECT__COMMAND__COMMAND_TYPE_CREATE_DATAFRAME_VIEW) {
        const PB(CreateDataFrameViewCommand) *view = plan->command->create_dataframe_view;
        if (view->replace && !view->is_global && is_plain_name(view->name)) {
            fact->key = hr_strdup(arena, view->name);
            fact->key_len = strlen(view->name);
        }
    }
    if (plan)
        spark__connect__plan__free_unpacked(plan, NULL);
}

static void read_fact(struct hr_arena *arena, struct fact *fact)
{
    const struct head *head = &fact->record.head;
    fact->keep = true;
    if (head->kind == RECORD_COMMAND) {
        read_command(arena, fact);
    } else if (head->kind == RECORD_SET ||
               head->kind == RECORD_UNSET ||
               head->kind == RECORD_ARTIFACT) {
        fact->key = fact->record.content;
        fact->key_len = strnlen(fact->key, head->len);
    }
}

static bool same_session(const struct record *a, const struct record *b)
{
    return a->head.user == b->head.user &&
           a->head.id == b->head.id &&
           !memcmp(a->user, b->user, a->head.user + a->head.id);
}

/* how often a name may stand in a command, up to two */
static int mentions(const struct fact *fact, const char *name, size_t len, size_t *budget)
{
    int count = fact->opaque ? 2 : 0;
    const char *content = fact->record.content;
    if (fact->record.head.len > *budget)
        return 2;
    *budget -= fact->record.head.len;
    for (size_t i = 0; count < 2 && i + len <= fact->record.head.len; i++)
        count += !strncasecmp(content + i, name, len);
    return count;
}

/* A view is outdated by a later one of its name, unless a command up to and with that one may have
 * read it: a view of a DataFrame keeps what its plan named then. */
static bool view_is_outdated(const struct fact *facts, size_t count, size_t at, size_t *budget)
{
    const struct fact *old = &facts[at];
    for (size_t i = at + 1; i < count; i++) {
        const struct fact *later = &facts[i];
        if (!later->keep ||
            later->record.head.kind != RECORD_COMMAND ||
            !same_session(&old->record, &later->record))
            continue;
        int found = mentions(later, old->key, old->key_len, budget);
        if (later->key &&
            later->key_len == old->key_len &&
            !strncasecmp(later->key, old->key, old->key_len))
            return found == 1;
        if (found)
            return false;
    }
    return false;
}

/* of the operations that wrote: no client asks for one that so many others came after */
static bool is_late(struct hr_arena *arena, struct hr_map *later, const char *session)
{
    const char *key = hr_printf(arena, "%s\nw", session);
    uintptr_t seen = (uintptr_t)hr_map_get(later, key);
    hr_map_put(later, key, (void *)(seen + 1));
    return seen < WRITES_KEPT;
}

/* later: what was seen of later records, as we go from the last to the first */
static bool is_outdated(struct hr_arena *arena,
                        const struct fact *facts,
                        size_t count,
                        size_t at,
                        struct hr_map *later,
                        size_t *budget)
{
    const struct record *record = &facts[at].record;
    const char *session = hr_printf(arena, "%.*s\n%.*s", (int)record->head.user, record->user,
                                    (int)record->head.id, record->id);
    if (record->head.kind == RECORD_CLOSE)
        hr_map_put(later, session, (void *)1);
    if (record->head.kind == RECORD_CLOSE || record->head.kind == RECORD_SESSION)
        return false;
    if (hr_map_has(later, session))
        return true; /* the session has ended */
    if (record->head.kind == RECORD_WRITES)
        return !is_late(arena, later, session);
    if (!facts[at].key)
        return false;
    if (record->head.kind == RECORD_COMMAND)
        return view_is_outdated(facts, count, at, budget);
    const char *key =
        hr_printf(arena, "%s\n%c\n%.*s", session, record->head.kind == RECORD_ARTIFACT ? 'a' : 'c',
                  (int)facts[at].key_len, facts[at].key);
    if (hr_map_has(later, key))
        return true;
    hr_map_put(later, key, (void *)1);
    return false;
}

static void choose(struct hr_arena *arena, struct fact *facts, size_t count)
{
    struct hr_map later;
    size_t budget = COMPACT_SCAN_BYTES;
    hr_map_init(&later);
    for (size_t i = count; i-- > 0;)
        facts[i].keep = !is_outdated(arena, facts, count, i, &later, &budget);
    hr_map_release(&later);
}

static bool write_kept(const char *bytes, size_t len, int fd)
{
    struct hr_arena *arena = hr_arena_new(NULL);
    struct record record;
    size_t count = 0, at = 0;
    while (next_record(bytes, len, &at, &record))
        count++;
    struct fact *facts = HR_NEW_ARRAY(arena, struct fact, count + 1);
    at = 0;
    for (size_t i = 0; i < count && next_record(bytes, len, &at, &facts[i].record); i++)
        read_fact(arena, &facts[i]);
    choose(arena, facts, count);
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++)
        ok = !facts[i].keep || write_record(fd, &facts[i].record);
    hr_arena_free(arena);
    return ok;
}

/* the old file or the new one, whatever dies when; the new one's descriptor, or -1 */
static int replace(struct hr_connect *connect, const char *bytes, size_t len, struct hr_err *err)
{
    char new[4400];
    snprintf(new, sizeof new, "%s.new", connect->options.journal);
    unlink(new);
    int fd = open(new, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 &&
        write_kept(bytes, len, fd) &&
        !fdatasync(fd) &&
        !rename(new, connect->options.journal))
        return fd;
    hr_fail_write(err, errno, "cannot write the journal anew as '%s'", new);
    if (fd >= 0) {
        close(fd);
        unlink(new);
    }
    return -1;
}

static void take(struct hr_connect *connect, int fd)
{
    close(connect->journal);
    connect->journal = fd;
    connect->journal_bytes = lseek(fd, 0, SEEK_END);
    connect->journal_torn = connect->journal_found = false;
    if (!sync_to_disk(connect))
        hr_log(HR_LOG_ERROR, "journal.sync", "error", strerror(errno), NULL);
}

/* what does not succeed leaves the old file, which is whole */
static void compact(struct hr_connect *connect)
{
    struct hr_err err = {0};
    char *bytes = NULL;
    size_t len = 0;
    int fd =
        map_all(connect->journal, &bytes, &len, &err) ? -1 : replace(connect, bytes, len, &err);
    unmap(bytes, len);
    if (fd >= 0)
        take(connect, fd);
    else
        hr_log(HR_LOG_WARN, "journal.not-compacted", "error", err.msg, NULL);
    connect->journal_compact_at =
        connect->journal_bytes > COMPACT_BYTES / 2 ? 2 * connect->journal_bytes : COMPACT_BYTES;
}

void hr_journal_init(struct hr_connect *connect)
{
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&connect->journal_lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    connect->journal = -1;
}

void hr_journal_close(struct hr_connect *connect)
{
    pthread_mutex_lock(&connect->journal_lock);
    if (connect->journal >= 0)
        close(connect->journal);
    connect->journal_closed = connect->journal >= 0;
    connect->journal = -1;
    pthread_mutex_unlock(&connect->journal_lock);
}

void hr_journal_release(struct hr_connect *connect)
{
    pthread_mutex_destroy(&connect->journal_lock);
}
