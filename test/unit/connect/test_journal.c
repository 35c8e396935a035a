/* The journal: every truncation, every flipped byte, clones, compaction. Sessions are real, without
 * an engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/check.h"
#include "base/limits.h"
#include "host/connect/private.h"
#include "host/connect/decode/proto.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVER_ID "11111111-2222-4333-8444-555555555555"
#define CLONE_ID "22222222-2222-4333-8444-555555555555"

static char folder[] = "/tmp/hr-journal-XXXXXX", path[64], other[64];

static void open_at(struct hr_connect *connect, const char *file)
{
    struct hr_err err = {0};
    *connect = (struct hr_connect){.journal = -1, .options = {.journal = file}};
    hr_journal_init(connect);
    pthread_mutex_init(&connect->lock, NULL);
    hr_map_init(&connect->sessions);
    hr_map_init(&connect->closed);
    hr_map_init_nocase(&connect->global_views);
    assert_int_equal(hr_journal_open(connect, &err), HR_OK);
}

static void close_it(struct hr_connect *connect)
{
    hr_journal_close(connect);
    for (struct hr_map_entry *at; (at = hr_map_next(&connect->sessions, NULL));)
        hr_spark_session_close(at->value);
    hr_map_release(&connect->global_views);
    hr_map_release(&connect->sessions);
    hr_map_release(&connect->closed);
    pthread_mutex_destroy(&connect->lock);
    hr_journal_release(connect);
}

static struct session *begin(struct hr_connect *connect)
{
    struct session *session = hr_spark_session_restore(connect, "ann", "s1", SERVER_ID);
    hr_journal_session(session);
    return session;
}

static void set(struct session *session, const char *key, const char *value)
{
    struct hr_err err;
    assert_int_equal(hr_spark_session_set_durably(session, key, value, &err), HR_OK);
}

static const char *get(struct session *session, const char *key)
{
    return hr_map_get(&session->conf.values, key);
}

static size_t pendings(const struct session *session)
{
    size_t count = 0;
    for (const struct pending *at = session->pending; at; at = at->next)
        count++;
    return count;
}

/* a command that makes `name` of what `table` names */
static void make_view(struct session *session, const char *name, const char *table)
{
    PB(Read__NamedTable) named = PB_INIT(READ__NAMED_TABLE);
    PB(Read) read = PB_INIT(READ);
    PB(Relation) relation = PB_INIT(RELATION);
    PB(CreateDataFrameViewCommand) view = PB_INIT(CREATE_DATA_FRAME_VIEW_COMMAND);
    PB(Command) command = PB_INIT(COMMAND);
    PB(Plan) plan = PB_INIT(PLAN);
    named.unparsed_identifier = (char *)table;
    read.read_type_case = SPARK__CONNECT__READ__READ_TYPE_NAMED_TABLE;
    read.named_table = &named;
    relation.rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_READ;
    relation.read = &read;
    view.input = &relation;
    view.name = (char *)name;
    view.replace = 1;
    command.command_type_case = SPARK__CONNECT__COMMAND__COMMAND_TYPE_CREATE_DATAFRAME_VIEW;
    command.create_dataframe_view = &view;
    plan.op_type_case = SPARK__CONNECT__PLAN__OP_TYPE_COMMAND;
    plan.command = &command;
    size_t len = spark__connect__plan__get_packed_size(&plan);
    uint8_t *bytes = malloc(len);
    HR_CHECK(bytes);
    spark__connect__plan__pack(&plan, bytes);
    assert_int_equal(hr_journal_command(session, bytes, len, NULL), HR_OK);
    free(bytes);
}

static char *read_file(const char *file, size_t *len)
{
    struct stat status;
    int fd = open(file, O_RDONLY);
    assert_int_equal(fstat(fd, &status), 0);
    char *bytes = malloc((size_t)status.st_size + 1);
    *len = (size_t)status.st_size;
    assert_int_equal(read(fd, bytes, *len), *len);
    close(fd);
    return bytes;
}

static void write_bytes(const char *file, const char *bytes, size_t len)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

/* the lengths after each of the records that it writes */
static size_t write_sample(off_t ends[6])
{
    struct hr_connect connect;
    unlink(path);
    open_at(&connect, path);
    struct session *session = begin(&connect);
    ends[0] = connect.journal_bytes;
    set(session, "spark.sql.shuffle.partitions", "3");
    ends[1] = connect.journal_bytes;
    make_view(session, "kept", "elsewhere");
    ends[2] = connect.journal_bytes;
    assert_int_equal(hr_spark_session_add_artifact(session, "cache/abc", "some bytes", 10, NULL),
                     HR_OK);
    ends[3] = connect.journal_bytes;
    set(session, "spark.sql.shuffle.partitions", "4");
    ends[4] = connect.journal_bytes;
    set(session, "spark.sql.shuffle.partitions", NULL);
    ends[5] = connect.journal_bytes;
    close_it(&connect);
    return (size_t)ends[5];
}

static void every_truncation_keeps_the_whole_records(void **state)
{
    off_t ends[6];
    size_t size = write_sample(ends), len;
    char *bytes = read_file(path, &len);
    (void)state;
    assert_int_equal(len, size);
    for (size_t cut = 0; cut <= size; cut++) {
        struct hr_connect connect;
        off_t whole = 0;
        for (int i = 0; i < 6; i++)
            whole = (size_t)ends[i] <= cut ? ends[i] : whole;
        write_bytes(other, bytes, cut);
        open_at(&connect, other);
        assert_int_equal(connect.journal_bytes, whole);
        struct session *session = hr_spark_session_get(&connect, "ann", "s1");
        assert_int_equal(session != NULL, cut >= (size_t)ends[0]);
        bool more = session && (cut % 32 == 0 || (off_t)cut == whole);
        if (session) {
            const char *value = get(session, "spark.sql.shuffle.partitions");
            const char *due = cut >= (size_t)ends[5]   ? NULL
                              : cut >= (size_t)ends[4] ? "4"
                              : cut >= (size_t)ends[1] ? "3"
                                                       : NULL;
            assert_int_equal(pendings(session), cut >= (size_t)ends[2]);
            assert_int_equal(session->artifacts.count, cut >= (size_t)ends[3]);
            if (due)
                assert_string_equal(value, due);
            assert_string_equal(session->server_id, SERVER_ID);
        }
        if (more)
            set(session, "spark.sql.shuffle.partitions",
                "11"); /* what comes after a cut is found again */
        close_it(&connect);
        if (more) {
            open_at(&connect, other);
            assert_string_equal(
                get(hr_spark_session_get(&connect, "ann", "s1"), "spark.sql.shuffle.partitions"),
                "11");
            close_it(&connect);
        }
    }
    free(bytes);
}

static void a_flipped_byte_ends_the_reading_and_is_not_fatal(void **state)
{
    off_t ends[6];
    size_t size = write_sample(ends), len;
    char *bytes = read_file(path, &len);
    (void)state;
    for (size_t at = 0; at < size; at++) {
        struct hr_connect connect;
        off_t before = 0;
        for (int i = 0; i < 6; i++)
            before = (size_t)ends[i] <= at ? ends[i] : before;
        bytes[at] ^= 0x40;
        write_bytes(other, bytes, size);
        bytes[at] ^= 0x40;
        open_at(&connect, other);
        assert_int_equal(connect.journal_bytes, before);
        close_it(&connect);
    }
    free(bytes);
}

static void a_clone_has_the_state_and_another_name(void **state)
{
    struct hr_connect connect, next;
    struct hr_err err = {0};
    (void)state;
    unlink(path);
    unlink(other);
    open_at(&connect, path);
    struct session *session = begin(&connect);
    set(session, "spark.sql.shuffle.partitions", "7");
    make_view(session, "kept", "elsewhere");
    assert_int_equal(hr_spark_session_add_artifact(session, "cache/abc", "some bytes", 10, NULL),
                     HR_OK);
    assert_int_equal(hr_journal_clone(session, "s2", CLONE_ID, other, &err), HR_OK);
    /* never over another's */
    assert_int_equal(hr_journal_clone(session, "s2", CLONE_ID, other, &err), HR_E_IO);
    set(session, "spark.sql.shuffle.partitions", "8");
    open_at(&next, other);
    struct session *clone = hr_spark_session_get(&next, "ann", "s2");
    assert_non_null(clone);
    assert_null(hr_spark_session_get(&next, "ann", "s1"));
    assert_string_equal(clone->server_id, CLONE_ID);
    assert_string_equal(get(clone, "spark.sql.shuffle.partitions"), "7");
    assert_int_equal(pendings(clone), 1);
    assert_int_equal(clone->artifacts.count, 1);
    close_it(&next);
    close_it(&connect);
}

static void compaction_keeps_what_counts(void **state)
{
    struct hr_connect connect;
    char value[32], *large = calloc(1, 100000);
    size_t most = 0;
    (void)state;
    unlink(path);
    open_at(&connect, path);
    struct session *session = begin(&connect);
    memset(large, 'x', 99999);
    make_view(session, "oldest", "elsewhere");
    make_view(session, "reads_oldest", "oldest");
    make_view(session, "oldest", "another"); /* the first is read by reads_oldest */
    make_view(session, "selfish", "elsewhere");
    make_view(session, "selfish", "selfish"); /* and by itself */
    for (int i = 0; i < 60; i++) {
        snprintf(value, sizeof value, "%d", i + 1);
        set(session, "spark.sql.shuffle.partitions", value);
        make_view(session, "again", large);
        assert_int_equal(hr_spark_session_add_artifact(session, "files/data", large, 99999, NULL),
                         HR_OK);
        most = (size_t)connect.journal_bytes > most ? (size_t)connect.journal_bytes : most;
    }
    close_it(&connect);
    free(large);
    assert_true(most < 5 << 20); /* of 12 MB written */
    open_at(&connect, path);
    session = hr_spark_session_get(&connect, "ann", "s1");
    assert_string_equal(get(session, "spark.sql.shuffle.partitions"), "60");
    assert_true(pendings(session) >= 6 && pendings(session) < 45);
    assert_string_equal(((struct artifact *)hr_map_get(&session->artifacts, "files/data"))->bytes,
                        ({
                            static char expected[100000];
                            memset(expected, 'x', 99999);
                            expected;
                        }));
    struct pending *at = session->pending;
    const char *names[] = {"oldest", "reads_oldest", "oldest", "selfish", "selfish"};
    for (int i = 0; i < 5; i++, at = at->next)
        assert_non_null(memmem(at->bytes, at->len, names[i], strlen(names[i])));
    close_it(&connect);
}

static void an_ended_session_is_forgotten_by_compaction(void **state)
{
    struct hr_connect connect;
    char *large = calloc(1, 1 << 20);
    (void)state;
    unlink(path);
    open_at(&connect, path);
    struct session *session = begin(&connect);
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "files/%d", i);
        assert_int_equal(hr_spark_session_add_artifact(session, name, large, 1 << 20, NULL), HR_OK);
    }
    assert_int_equal(hr_journal_close_session(session, NULL), HR_OK);
    hr_spark_session_close(session);
    session = hr_spark_session_restore(&connect, "ann", "s3", SERVER_ID);
    hr_journal_session(session);
    for (int i = 0; i < 2; i++)
        assert_int_equal(hr_spark_session_add_artifact(session, "files/one", large, 1 << 20, NULL),
                         HR_OK);
    assert_true(connect.journal_bytes < 3 << 20); /* of five */
    close_it(&connect);
    free(large);
    open_at(&connect, path);
    assert_null(hr_spark_session_get(&connect, "ann", "s1"));
    assert_non_null(hr_spark_session_get(&connect, "ann", "s3"));
    assert_int_equal(connect.closed.count, 1);
    close_it(&connect);
}

static void limit_files(off_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes ? (rlim_t)bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* a limit of files' sizes is a full disk for one file; the signal that comes with it is ignored, as
 * everywhere in our processes */
static void what_does_not_fit_is_neither_acknowledged_nor_done(void **state)
{
    struct hr_connect connect;
    struct hr_err err;
    char large[3000];
    (void)state;
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = 0;
    unlink(path);
    open_at(&connect, path);
    struct session *session = begin(&connect), *late;
    set(session, "spark.sql.shuffle.partitions", "3");
    off_t whole = connect.journal_bytes;
    limit_files(whole + 500);
    assert_int_equal(hr_spark_session_set_durably(session, "mark", large, &err), HR_E_FULL);
    assert_non_null(strstr(err.msg, "the disk is full"));
    assert_non_null(strstr(err.msg, path));
    assert_null(get(session, "mark"));
    assert_int_equal(hr_spark_session_add_artifact(session, "files/a", large, sizeof large, &err),
                     HR_E_FULL);
    assert_false(hr_map_has(&session->artifacts, "files/a"));
    assert_int_equal(hr_journal_command(session, large, sizeof large, &err), HR_E_FULL);
    assert_int_equal(connect.journal_bytes, whole);
    limit_files(whole + 10);
    late = hr_spark_session_restore(&connect, "ann", "s2", CLONE_ID);
    hr_journal_session(late); /* there is no room for it */
    assert_int_equal(
        hr_spark_session_set_durably(session, "spark.sql.shuffle.partitions", NULL, &err),
        HR_E_FULL);
    assert_string_equal(get(session, "spark.sql.shuffle.partitions"), "3");
    limit_files(0);
    set(late, "mark", "kept"); /* brings its session's record */
    set(session, "mark", large);
    close_it(&connect);
    open_at(&connect, path);
    assert_string_equal(get(hr_spark_session_get(&connect, "ann", "s1"), "mark"), large);
    assert_string_equal(get(hr_spark_session_get(&connect, "ann", "s2"), "mark"), "kept");
    assert_string_equal(hr_spark_session_get(&connect, "ann", "s2")->server_id, CLONE_ID);
    close_it(&connect);
}

static void a_removed_journal_is_written_again(void **state)
{
    struct hr_connect connect;
    (void)state;
    unlink(path);
    open_at(&connect, path);
    struct session *session = begin(&connect);
    set(session, "mark", "before");
    unlink(path);
    set(session, "other", "after");
    close_it(&connect);
    open_at(&connect, path);
    session = hr_spark_session_get(&connect, "ann", "s1");
    assert_string_equal(get(session, "mark"), "before");
    assert_string_equal(get(session, "other"), "after");
    close_it(&connect);
}

/* one limit, checked where something is added: whatever was, can be read */
static void more_artifacts_than_a_session_may_have_are_refused_by_name(void **state)
{
    struct hr_connect connect;
    struct hr_err err;
    (void)state;
    unlink(path);
    open_at(&connect, path);
    struct session *session = begin(&connect);
    assert_int_equal(hr_spark_session_add_artifact(session, "files/1", "0123456789", 10, &err),
                     HR_OK);
    session->artifact_bytes = HR_ARTIFACT_MAX - 5; /* as if it had others */
    off_t before = connect.journal_bytes;
    assert_int_equal(hr_spark_session_add_artifact(session, "files/2", "012345", 6, &err),
                     HR_E_LIMIT);
    assert_non_null(strstr(err.msg, "\"files/2\""));
    assert_non_null(strstr(err.msg, "limited to 1073741824 bytes"));
    assert_int_equal(connect.journal_bytes, before);
    /* in another's place it is no more */
    assert_int_equal(hr_spark_session_add_artifact(session, "files/1", "abcdefghij", 10, &err),
                     HR_OK);
    /* as if it were full, of what compaction cannot remove */
    connect.journal_bytes = (off_t)HR_JOURNAL_MAX;
    /* it can */
    assert_int_equal(hr_spark_session_add_artifact(session, "files/2", "01234", 5, &err), HR_OK);
    close_it(&connect);
    open_at(&connect, path);
    session = hr_spark_session_get(&connect, "ann", "s1");
    assert_int_equal(session->artifact_bytes, 15);
    close_it(&connect);
}

static void operations_that_wrote_are_known_to_the_next_host(void **state)
{
    struct hr_connect connect;
    char id[64];
    (void)state;
    unlink(path);
    open_at(&connect, path);
    struct session *session = begin(&connect);
    for (int i = 0; i < 3; i++) {
        snprintf(id, sizeof id, "%08d-2222-4333-8444-555555555555", i);
        struct operation *operation = hr_operation_new_replayed(session, "", 0);
        free(operation->id);
        operation->id = strdup(id);
        hr_journal_writes(operation);
        hr_operation_drop(operation);
    }
    assert_false(hr_map_has(&session->lost, id));
    close_it(&connect);
    open_at(&connect, path);
    session = hr_spark_session_get(&connect, "ann", "s1");
    assert_int_equal(session->lost.count, 3);
    assert_true(hr_map_has(&session->lost, id));
    close_it(&connect);
}

int main(void)
{
    signal(SIGXFSZ, SIG_IGN);
    HR_CHECK(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/1.journal", folder);
    snprintf(other, sizeof other, "%s/2.journal", folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation_keeps_the_whole_records),
        cmocka_unit_test(a_flipped_byte_ends_the_reading_and_is_not_fatal),
        cmocka_unit_test(a_clone_has_the_state_and_another_name),
        cmocka_unit_test(compaction_keeps_what_counts),
        cmocka_unit_test(an_ended_session_is_forgotten_by_compaction),
        cmocka_unit_test(what_does_not_fit_is_neither_acknowledged_nor_done),
        cmocka_unit_test(a_removed_journal_is_written_again),
        cmocka_unit_test(operations_that_wrote_are_known_to_the_next_host),
        cmocka_unit_test(more_artifacts_than_a_session_may_have_are_refused_by_name)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    unlink(other);
    rmdir(folder);
    return failed;
}
