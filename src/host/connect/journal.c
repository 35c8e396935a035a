/* The journal: what a next host needs to stand where this one stood. Appended on the loop's thread; read once, at start.
 *
 * A record is a kind, three lengths, a CRC of the rest, then user, session id and content. A torn or damaged tail ends the reading and is
 * cut off. Views are made again when the session is first used, on a worker. Credentials are in it: the file's mode is 0600. */
#include "base/log.h"
#include "base/utf8.h"
#include "host/connect/texts.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define JOURNAL_MAX ((off_t)1 << 30)

enum record_kind { RECORD_SESSION = 1, RECORD_SET, RECORD_UNSET, RECORD_COMMAND, RECORD_CLOSE, RECORD_ARTIFACT };

struct head { uint32_t kind, user, id, len, crc; };

static uint32_t crc_of(const struct head *head, const char *bytes)
{
    uLong crc = crc32(0, (const Bytef *)head, offsetof(struct head, crc));
    return (uint32_t)crc32(crc, (const Bytef *)bytes, head->user + head->id + head->len);
}

static void append(struct session *session, enum record_kind kind, const void *bytes, size_t len)
{
    struct hr_connect *connect = session->connect;
    struct head head = {kind, (uint32_t)strlen(session->user), (uint32_t)strlen(session->id), (uint32_t)len, 0};
    struct hr_buf out;
    if (connect->journal < 0)
        return;
    hr_buf_init(&out, JOURNAL_MAX);
    hr_buf_add(&out, &head, sizeof head);
    hr_buf_adds(&out, session->user);
    hr_buf_adds(&out, session->id);
    hr_buf_add(&out, bytes, len);
    if (hr_buf_ok(&out)) {
        head.crc = crc_of(&head, out.data + sizeof head);
        memcpy(out.data, &head, sizeof head);
    }
    if (!hr_buf_ok(&out) || write(connect->journal, out.data, out.len) != (ssize_t)out.len)
        hr_log(HR_LOG_ERROR, "journal.append", "error", strerror(errno), NULL);
    hr_buf_release(&out);
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
    hr_buf_init(&pair, 1 << 20);
    hr_buf_add(&pair, key, strlen(key) + 1);
    if (value)
        hr_buf_add(&pair, value, strlen(value) + 1);
    if (hr_buf_ok(&pair))
        append(session, value ? RECORD_SET : RECORD_UNSET, pair.data, pair.len);
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
    hr_buf_init(&content, JOURNAL_MAX);
    hr_buf_add(&content, name, strlen(name) + 1);
    hr_buf_add(&content, bytes, len);
    if (hr_buf_ok(&content))
        append(session, RECORD_ARTIFACT, content.data, content.len);
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

/* returns how many bytes were whole records */
static size_t replay(struct hr_connect *connect, const char *bytes, size_t len)
{
    size_t at = 0;
    struct head head;
    while (len - at >= sizeof head) {
        memcpy(&head, bytes + at, sizeof head);
        uint64_t size = (uint64_t)head.user + head.id + head.len;
        if (size > len - at - sizeof head || crc_of(&head, bytes + at + sizeof head) != head.crc)
            break;
        apply(connect, &head, bytes + at + sizeof head);
        at += sizeof head + size;
    }
    return at;
}

enum hr_code journal_open(struct hr_connect *connect, struct hr_err *err)
{
    const char *path = connect->options.journal;
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    char *bytes = size >= 0 && size <= JOURNAL_MAX ? malloc((size_t)size + 1) : NULL;
    if (!bytes || pread(fd, bytes, (size_t)size, 0) != size) {
        hr_fail(err, HR_E_IO, "cannot read the journal \"%s\": %s", path, size > JOURNAL_MAX ? "too large" : strerror(errno));
        free(bytes);
        if (fd >= 0)
            close(fd);
        return err->code;
    }
    size_t whole = replay(connect, bytes, (size_t)size);
    free(bytes);
    if (whole < (size_t)size && ftruncate(fd, (off_t)whole))
        hr_log(HR_LOG_WARN, "journal.truncate", "error", strerror(errno), NULL);
    connect->journal = fd;                    /* only now: what was replayed is not written again */
    return HR_OK;
}

void journal_close(struct hr_connect *connect)
{
    if (connect->journal >= 0)
        close(connect->journal);
    connect->journal = -1;
}
