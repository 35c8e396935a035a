/* The journal: what a next host needs to stand where this one stood. Appended on the loop's thread; read once, at start.
 *
 * A record is a kind, three lengths, a CRC of the rest, then user, session id and content. A torn or damaged tail ends the reading and is
 * cut off, with a warning. State that an answer acknowledges is synced before; a file that has doubled since is rewritten with what still
 * counts. Views are made again when the session is first used, on a worker. Credentials are in it: the file's mode is 0600. */
#include "base/log.h"
#include "base/utf8.h"
#include "host/connect/proto.h"
#include "host/connect/texts.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <zlib.h>

#define JOURNAL_MAX ((off_t)1 << 30)
#define COMPACT_BYTES ((off_t)4 << 20)     /* below, rewriting it is not worth the while */
#define COMPACT_SCAN_BYTES ((size_t)64 << 20)   /* of commands, to see what they read; what is left is kept */

enum record_kind { RECORD_SESSION = 1, RECORD_SET, RECORD_UNSET, RECORD_COMMAND, RECORD_CLOSE, RECORD_ARTIFACT };

struct head { uint32_t kind, user, id, len, crc; };

/* a record as it stands in memory; texts are not closed by NUL */
struct record { struct head head; const char *bytes, *user, *id, *content; size_t size; };

static uint32_t crc_of(const struct head *head, const char *bytes)
{
    uLong crc = crc32(0, (const Bytef *)head, offsetof(struct head, crc));
    return (uint32_t)crc32(crc, (const Bytef *)bytes, head->user + head->id + head->len);
}

static void add_record(struct hr_buf *out, enum record_kind kind, const char *user, size_t user_len, const char *id, const void *bytes, size_t len)
{
    struct head head = {kind, (uint32_t)user_len, (uint32_t)strlen(id), (uint32_t)len, 0};
    size_t start = hr_buf_mark(out);
    hr_buf_add(out, &head, sizeof head);
    hr_buf_add(out, user, user_len);
    hr_buf_adds(out, id);
    hr_buf_add(out, bytes, len);
    if (!hr_buf_ok(out))
        return;
    head.crc = crc_of(&head, hr_buf_text(out) + start + sizeof head);
    hr_buf_patch(out, start, &head, sizeof head);
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

/* The first time the folder too, and the daemon's record of whose journal this is (N.session beside N.journal): without that nobody would look
 * for it after a crash of the machine. */
static void sync_to_disk(struct hr_connect *connect)
{
    char path[4400];
    if (fdatasync(connect->journal))
        hr_log(HR_LOG_ERROR, "journal.sync", "error", strerror(errno), NULL);
    if (connect->journal_found)
        return;
    connect->journal_found = true;
    const char *dot = strrchr(connect->options.journal, '.'), *slash = strrchr(connect->options.journal, '/');
    int stem = dot ? (int)(dot - connect->options.journal) : 0, folder = slash ? (int)(slash - connect->options.journal) : 0;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, i ? "%.*s/." : "%.*s.session", i ? folder : stem, connect->options.journal);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            fsync(fd);
            close(fd);
        }
    }
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t wrote = write(fd, bytes, len);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        bytes += wrote;
        len -= (size_t)wrote;
    }
    return true;
}

static void compact(struct hr_connect *connect);

/* what does not fit on the disk leaves no half record behind, or what follows would be lost with it */
static bool put(struct hr_connect *connect, const struct hr_buf *records)
{
    if (!hr_buf_ok(records) || !write_all(connect->journal, hr_buf_text(records), hr_buf_len(records))) {
        hr_log(HR_LOG_ERROR, "journal.append", "error", hr_buf_ok(records) ? strerror(errno) : "out of memory", NULL);
        if (ftruncate(connect->journal, connect->journal_bytes))
            hr_log(HR_LOG_ERROR, "journal.truncate", "error", strerror(errno), NULL);
        return false;
    }
    connect->journal_bytes += (off_t)hr_buf_len(records);
    return true;
}

static void append(struct session *session, enum record_kind kind, const void *bytes, size_t len)
{
    struct hr_connect *connect = session->connect;
    struct hr_buf out;
    if (connect->journal < 0)
        return;
    hr_buf_init(&out, JOURNAL_MAX);
    add_record(&out, kind, session->user, strlen(session->user), session->id, bytes, len);
    bool ok = put(connect, &out);
    hr_buf_release(&out);
    if (ok && connect->journal_bytes > connect->journal_compact_at)
        compact(connect);
    else if (ok && kind != RECORD_SESSION && kind != RECORD_CLOSE)
        sync_to_disk(connect);
}

void journal_session(struct session *session)
{
    append(session, RECORD_SESSION, session->server_id, strlen(session->server_id));
}

void journal_close_session(struct session *session)
{
    append(session, RECORD_CLOSE, "", 0);
}

void journal_config(struct session *session, const char *key, const char *value)
{
    struct hr_buf pair;
    hr_buf_init(&pair, HR_BUF_GROWS);
    hr_buf_add(&pair, key, strlen(key) + 1);
    if (value)
        hr_buf_add(&pair, value, strlen(value) + 1);
    append(session, value ? RECORD_SET : RECORD_UNSET, hr_buf_text(&pair), hr_buf_len(&pair));
    hr_buf_release(&pair);
}

void journal_command(struct session *session, const void *plan, size_t len)
{
    append(session, RECORD_COMMAND, plan, len);
}

void journal_artifact(struct session *session, const char *name, const void *bytes, size_t len)
{
    struct hr_buf content;
    if (session->connect->journal < 0)
        return;
    hr_buf_init(&content, HR_BUF_GROWS);
    hr_buf_add(&content, name, strlen(name) + 1);
    hr_buf_add(&content, bytes, len);
    append(session, RECORD_ARTIFACT, hr_buf_text(&content), hr_buf_len(&content));
    hr_buf_release(&content);
}

struct posted { struct session *session; char *key, *value; };

static void config_posted(void *arg)
{
    struct posted *posted = arg;
    journal_config(posted->session, posted->key, posted->value);
    session_drop(posted->session);
    free(posted->key);
    free(posted->value);
    free(posted);
}

void journal_config_from_worker(struct session *session, const char *key, const char *value)
{
    struct posted *posted = malloc(sizeof *posted);
    if (!posted)
        return;
    *posted = (struct posted){session_keep(session), strdup(key), value ? strdup(value) : NULL};
    hr_loop_post(session->connect->loop, config_posted, posted);
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
    char *user = hr_strndup(scratch, bytes, head->user), *id = hr_strndup(scratch, bytes + head->user, head->id);
    struct session *session = session_get(connect, user, id);
    struct hr_err err = {0};
    switch (head->kind) {
    case RECORD_SESSION:
        if (!session && head->len == 36)
            session_restore(connect, user, id, hr_strndup(scratch, content, head->len));
        break;
    case RECORD_SET:
        if (session && has_nul(content, head->len) && !content[head->len - 1])
            session_set(session, content, content + strlen(content) + 1, &err);
        break;
    case RECORD_UNSET:
        if (session && has_nul(content, head->len))
            session_set(session, content, NULL, &err);
        break;
    case RECORD_COMMAND:
        if (session)
            session_add_pending(session, content, head->len);
        break;
    case RECORD_ARTIFACT:
        if (session && has_nul(content, head->len))
            session_add_artifact(session, content, content + strlen(content) + 1, head->len - strlen(content) - 1, &err);
        break;
    case RECORD_CLOSE:
        if (session)
            session_close(session);
        break;
    }
    if (err.code)
        hr_log(HR_LOG_WARN, "journal.replay", "session", id, "error", err.msg, NULL);
    hr_arena_free(scratch);
}

/* the file whole, malloc'ed */
static enum hr_code read_all(int fd, char **bytes, size_t *len, struct hr_err *err)
{
    off_t size = lseek(fd, 0, SEEK_END);
    *bytes = size >= 0 && size <= JOURNAL_MAX ? malloc((size_t)size + 1) : NULL;
    *len = *bytes ? (size_t)size : 0;
    for (size_t got = 0; *bytes && got < *len;) {
        ssize_t part = pread(fd, *bytes + got, *len - got, (off_t)got);
        if (part > 0)
            got += (size_t)part;
        else if (!part || errno != EINTR) {
            free(*bytes);
            *bytes = NULL;
        }
    }
    return *bytes ? HR_OK : hr_fail(err, HR_E_IO, "cannot read the journal: %s", size > JOURNAL_MAX ? "too large" : strerror(errno));
}

static void cut_off(struct hr_connect *connect, size_t whole, size_t size)
{
    char dropped[24];
    snprintf(dropped, sizeof dropped, "%zu", size - whole);
    hr_log(HR_LOG_WARN, "journal.torn", "path", connect->options.journal, "dropped_bytes", dropped, NULL);
    if (ftruncate(connect->journal, (off_t)whole))
        hr_log(HR_LOG_ERROR, "journal.truncate", "error", strerror(errno), NULL);
}

enum hr_code journal_open(struct hr_connect *connect, struct hr_err *err)
{
    const char *path = connect->options.journal;
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char *bytes;
    size_t size, whole = 0;
    struct record record;
    if (fd < 0)
        return hr_fail(err, HR_E_IO, "cannot open the journal \"%s\": %s", path, strerror(errno));
    enum hr_code code = read_all(fd, &bytes, &size, err);
    if (code) {
        close(fd);
        return code;
    }
    while (next_record(bytes, size, &whole, &record))
        apply(connect, &record.head, record.user);
    free(bytes);
    connect->journal = fd;                    /* only now: what was replayed is not written again */
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
    return record->head.user == strlen(session->user) && record->head.id == strlen(session->id) &&
           !memcmp(record->user, session->user, record->head.user) && !memcmp(record->id, session->id, record->head.id);
}

static void copy_records(struct session *session, const char *bytes, size_t len, const char *id, const char *server_id, struct hr_buf *out)
{
    struct record record;
    add_record(out, RECORD_SESSION, session->user, strlen(session->user), id, server_id, strlen(server_id));
    for (size_t at = 0; next_record(bytes, len, &at, &record);)
        if (is_of(&record, session) && record.head.kind != RECORD_SESSION && record.head.kind != RECORD_CLOSE)
            add_record(out, record.head.kind, record.user, record.head.user, id, record.content, record.head.len);
}

static enum hr_code write_file(const char *path, const struct hr_buf *out, struct hr_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write_all(fd, hr_buf_text(out), hr_buf_len(out)) && !fdatasync(fd);
    if (!ok)
        hr_fail(err, HR_E_IO, "cannot write the clone's journal \"%s\": %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (!ok && fd >= 0)
        unlink(path);
    return ok ? HR_OK : HR_E_IO;
}

enum hr_code journal_clone(struct session *session, const char *id, const char *server_id, const char *path, struct hr_err *err)
{
    struct hr_connect *connect = session->connect;
    char *bytes;
    size_t len;
    struct hr_buf out;
    if (connect->journal < 0)
        return path ? hr_fail(err, HR_E_INTERNAL, "a host without a journal cannot write a clone's") : HR_OK;
    HR_TRY(read_all(connect->journal, &bytes, &len, err));
    hr_buf_init(&out, JOURNAL_MAX);
    copy_records(session, bytes, len, id, server_id, &out);
    free(bytes);
    enum hr_code code = hr_buf_ok(&out) ? HR_OK : hr_fail(err, HR_E_NOMEM, "no memory for the clone's journal");
    if (!code && path)
        code = write_file(path, &out, err);
    else if (!code && !put(connect, &out))
        code = hr_fail(err, HR_E_IO, "cannot write the clone to the journal \"%s\"", connect->options.journal);
    hr_buf_release(&out);
    return code;
}

/* ---- compaction: the same state in fewer records ---- */

/* what one record may make the earlier ones of its kind superfluous by: a configuration's key, an artifact's name, a view's name */
struct fact { struct record record; const char *key; size_t key_len; bool opaque, keep; };

static bool is_plain_name(const char *name)
{
    return *name && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

/* the view that a command makes or replaces, NULL for all others; opaque: what it reads cannot be seen */
static void read_command(struct hr_arena *arena, struct fact *fact)
{
    PB(Plan) *plan = spark__connect__plan__unpack(NULL, fact->record.head.len, (const uint8_t *)fact->record.content);
    fact->opaque = !plan || (plan->op_type_case != SPARK__CONNECT__PLAN__OP_TYPE_COMMAND && plan->op_type_case != SPARK__CONNECT__PLAN__OP_TYPE_ROOT);
    if (plan && plan->op_type_case == SPARK__CONNECT__PLAN__OP_TYPE_COMMAND &&
        plan->command->command_type_case == SPARK__CONNECT__COMMAND__COMMAND_TYPE_CREATE_DATAFRAME_VIEW) {
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
    } else if (head->kind == RECORD_SET || head->kind == RECORD_UNSET || head->kind == RECORD_ARTIFACT) {
        fact->key = fact->record.content;
        fact->key_len = strnlen(fact->key, head->len);
    }
}

static bool same_session(const struct record *a, const struct record *b)
{
    return a->head.user == b->head.user && a->head.id == b->head.id && !memcmp(a->user, b->user, a->head.user + a->head.id);
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

/* A view is outdated by a later one of its name, unless a command up to and with that one may have read it: a view of a DataFrame keeps what its
 * plan named then. */
static bool view_is_outdated(const struct fact *facts, size_t count, size_t at, size_t *budget)
{
    const struct fact *old = &facts[at];
    for (size_t i = at + 1; i < count; i++) {
        const struct fact *later = &facts[i];
        if (!later->keep || later->record.head.kind != RECORD_COMMAND || !same_session(&old->record, &later->record))
            continue;
        int found = mentions(later, old->key, old->key_len, budget);
        if (later->key && later->key_len == old->key_len && !strncasecmp(later->key, old->key, old->key_len))
            return found == 1;
        if (found)
            return false;
    }
    return false;
}

/* later: what was seen of later records, as we go from the last to the first */
static bool is_outdated(struct hr_arena *arena, const struct fact *facts, size_t count, size_t at, struct hr_map *later, size_t *budget)
{
    const struct record *record = &facts[at].record;
    const char *session = hr_printf(arena, "%.*s\n%.*s", (int)record->head.user, record->user, (int)record->head.id, record->id);
    if (record->head.kind == RECORD_CLOSE)
        hr_map_put(later, session, (void *)1);
    if (record->head.kind == RECORD_CLOSE || record->head.kind == RECORD_SESSION)
        return false;
    if (hr_map_has(later, session))
        return true;                          /* the session has ended */
    if (!facts[at].key)
        return false;
    if (record->head.kind == RECORD_COMMAND)
        return view_is_outdated(facts, count, at, budget);
    const char *key = hr_printf(arena, "%s\n%c\n%.*s", session, record->head.kind == RECORD_ARTIFACT ? 'a' : 'c', (int)facts[at].key_len, facts[at].key);
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

static bool compacted(const char *bytes, size_t len, struct hr_buf *out)
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
    for (size_t i = 0; i < count; i++)
        if (facts[i].keep)
            hr_buf_add(out, facts[i].record.bytes, facts[i].record.size);
    hr_arena_free(arena);
    return hr_buf_ok(out);
}

/* the old file or the new one, whatever dies when */
static bool replace(struct hr_connect *connect, const struct hr_buf *out, struct hr_err *err)
{
    char new[4400];
    snprintf(new, sizeof new, "%s.new", connect->options.journal);
    unlink(new);
    if (write_file(new, out, err))
        return false;
    int fd = open(new, O_RDWR | O_APPEND | O_CLOEXEC);
    if (fd < 0 || rename(new, connect->options.journal)) {
        hr_fail(err, HR_E_IO, "cannot put the journal \"%s\" in its place: %s", new, strerror(errno));
        if (fd >= 0)
            close(fd);
        unlink(new);
        return false;
    }
    close(connect->journal);
    connect->journal = fd;
    connect->journal_bytes = (off_t)hr_buf_len(out);
    connect->journal_found = false;
    sync_to_disk(connect);
    return true;
}

static void compact(struct hr_connect *connect)
{
    struct hr_err err = {0};
    char *bytes = NULL;
    size_t len;
    struct hr_buf out;
    hr_buf_init(&out, JOURNAL_MAX);
    bool ok = !read_all(connect->journal, &bytes, &len, &err) && compacted(bytes, len, &out) && replace(connect, &out, &err);
    if (!ok) {
        hr_log(HR_LOG_WARN, "journal.not-compacted", "error", err.code ? err.msg : "out of memory", NULL);
        sync_to_disk(connect);
    }
    connect->journal_compact_at = connect->journal_bytes > COMPACT_BYTES / 2 ? 2 * connect->journal_bytes : COMPACT_BYTES;
    free(bytes);
    hr_buf_release(&out);
}

void journal_close(struct hr_connect *connect)
{
    if (connect->journal >= 0)
        close(connect->journal);
    connect->journal = -1;
}
