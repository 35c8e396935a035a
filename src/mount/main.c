/* headrace-mount: one mounted dataset version, a process of its own. `headrace mount` finds the
 * version and becomes this. */
#include "base/check.h"
#include "base/clock.h"
#include "io/file.h"
#include "mount/fs.h"
#include "mount/point.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define TIDY_MS 1000
#define MOVERS 2           /* threads that move bytes */
#define READ_AHEAD_KB 1024 /* the kernel's own, where we may set it: fewer, larger requests */

struct options {
    const char *manifest, *path, *home, *url, *ca_file, *point, *log;
    int with_pid, patience_s, check_s;
    bool detach, allow_other;
};

struct mount {
    struct options options;
    struct hr_arena *arena;
    struct hr_manifest manifest;
    struct hr_client *server; /* NULL: the manifest is a file, and its access is not renewed */
    struct hr_blob_config *config;
    struct hr_blob *blobs[MOVERS];
    struct hr_credentials *credentials;
    struct hr_files *files;
    struct hr_fs *fs;
    const char *real;
    int signals, parent, wakeup; /* descriptors that the control thread waits for */
    /* where the starter hears that it is mounted; -1: standard output */
    int report;
    pthread_t control;
    bool ready, over;
    pthread_mutex_t lock;
};

static const char usage[] =
    "usage: headrace-mount [OPTIONS] DIR\n\n"
    "mounts one version of a dataset, read-only, until DIR is unmounted or SIGTERM. `headrace mount` finds the version and runs this.\n\n"
    "  --manifest FILE          the version's manifest; without --path its access is not renewed\n"
    "  --path PATH              of the version on the server: PATH/manifest and PATH/access are asked\n"
    "  --home DIR               the server's home; or\n"
    "  --url URL --ca-file FILE the server, with the token of HEADRACE_TOKEN\n"
    "  --detach                 return when it is mounted, and go on in the background\n"
    "  --log FILE               where messages go when detached (nowhere)\n"
    "  --with-pid PID           end when this process ends\n"
    "  --patience SECONDS       how long a read waits for a storage account or a server that does not answer (60)\n"
    "  --check SECONDS          at most so long between two questions whether the role is still there (20)\n"
    "  --allow-other            other users of this machine may read too\n";

/* ---- words ---- */

static bool number(const char *text, int *value)
{
    char *end;
    long parsed = strtol(text, &end, 10);
    *value = (int)parsed;
    return *text && !*end && parsed >= 1 && parsed <= 1 << 30;
}

static enum hr_code parse_words(int argc, char **argv, struct options *o, struct hr_err *err)
{
    static const struct option words[] = {{"manifest", 1, NULL, 'm'},
                                          {"path", 1, NULL, 'p'},
                                          {"home", 1, NULL, 'h'},
                                          {"url", 1, NULL, 'u'},
                                          {"ca-file", 1, NULL, 'c'},
                                          {"log", 1, NULL, 'l'},
                                          {"detach", 0, NULL, 'd'},
                                          {"with-pid", 1, NULL, 'w'},
                                          {"patience", 1, NULL, 't'},
                                          {"check", 1, NULL, 'k'},
                                          {"allow-other", 0, NULL, 'o'},
                                          {"help", 0, NULL, '?'},
                                          {0}};
    *o = (struct options){.patience_s = 60, .check_s = 20};
    opterr = 0;
    for (int word; (word = getopt_long(argc, argv, "", words, NULL)) != -1;) {
        bool good = true;
        switch (word) {
        case 'm':
            o->manifest = optarg;
            break;
        case 'p':
            o->path = optarg;
            break;
        case 'h':
            o->home = optarg;
            break;
        case 'u':
            o->url = optarg;
            break;
        case 'c':
            o->ca_file = optarg;
            break;
        case 'l':
            o->log = optarg;
            break;
        case 'd':
            o->detach = true;
            break;
        case 'o':
            o->allow_other = true;
            break;
        case 'w':
            good = number(optarg, &o->with_pid);
            break;
        case 't':
            good = number(optarg, &o->patience_s);
            break;
        case 'k':
            good = number(optarg, &o->check_s);
            break;
        default:
            return hr_fail(err, HR_E_INVALID, "%s", usage);
        }
        if (!good)
            return hr_fail(err, HR_E_INVALID, "'%s' is not a number above 0", optarg);
    }
    if (optind + 1 != argc || (!o->manifest && !o->path) || (o->path && !o->home && !o->url))
        return hr_fail(err, HR_E_INVALID, "%s", usage);
    o->point = argv[optind];
    return HR_OK;
}

/* ---- the version ---- */

/* The server's reasons are none of those that have an exit status of their own: words that make no
 * sense, and a machine without FUSE. */
static enum hr_code of_server(struct hr_err *err)
{
    if (err->code == HR_E_INVALID || err->code == HR_E_UNSUPPORTED)
        err->code = HR_E_DENIED;
    return err->code;
}

static enum hr_code find_server(struct mount *m, struct hr_err *err)
{
    const struct options *o = &m->options;
    if (!o->path)
        return HR_OK;
    if (o->home)
        HR_TRY(hr_client_find(m->arena, o->home, &m->server, err));
    else
        HR_TRY(hr_client_at(m->arena, o->url, o->ca_file, &m->server, err));
    m->server->persistent = true;
    return HR_OK;
}

static enum hr_code load_file(struct mount *m, json_t **storage, struct hr_err *err)
{
    struct hr_arena *scratch = hr_arena_new(NULL);
    char *bytes;
    size_t len;
    enum hr_code code =
        hr_file_read(scratch, m->options.manifest, HR_MANIFEST_BYTES_MAX, &bytes, &len, err);
    if (!code)
        code = hr_manifest_parse(&m->manifest, m->arena, bytes, len, storage, err);
    hr_arena_free(scratch);
    return code;
}

static enum hr_code load(struct mount *m, json_t **storage, struct hr_err *err)
{
    HR_TRY(find_server(m, err));
    if (m->options.manifest)
        return load_file(m, storage, err);
    const struct hr_client_request request = {
        .method = "GET",
        .path = hr_printf(m->arena, "%s/manifest", m->options.path),
        .max = HR_MANIFEST_BYTES_MAX,
    };
    struct hr_client_answer answer;
    if (hr_client_send(m->server, &request, &answer, err))
        return of_server(err);
    enum hr_code code =
        hr_manifest_parse(&m->manifest, m->arena, answer.bytes, answer.len, storage, err);
    free(answer.bytes);
    return code;
}

static void forget_one(uint32_t node, void *arg)
{
    hr_fs_forget(((struct mount *)arg)->fs, node);
}

/* the role is gone: what the kernel has cached goes too */
static void denied(void *arg)
{
    struct mount *m = arg;
    pthread_mutex_lock(&m->lock);
    if (m->files && m->ready && !m->over)
        hr_files_each_read(m->files, forget_one, m);
    pthread_mutex_unlock(&m->lock);
}

static enum hr_code start(struct mount *m, struct hr_err *err)
{
    bool repaired;
    json_t *storage = NULL;
    HR_TRY(hr_mount_fuse_check(err));
    HR_TRY(hr_mount_point_prepare(m->arena, m->options.point, &m->real, &repaired, err));
    if (repaired)
        hr_log(HR_LOG_WARN, "mount.repaired", "point", m->real, "why",
               "the process of the mount before was killed", NULL);
    HR_TRY(load(m, &storage, err));
    malloc_trim(0); /* the manifest as JSON was several times the tree */
    m->config = hr_blob_config_new();
    const struct hr_credentials_options access = {m->server, m->options.path,
                                                  m->options.check_s * 1000, denied, m};
    enum hr_code code = hr_credentials_start(m->config, storage, &access, &m->credentials, err);
    json_decref(storage);
    HR_TRY(code);
    HR_TRY(hr_fs_mount(&(struct hr_fs_options){&m->manifest, m->real, m->options.allow_other},
                       &m->fs, err));
    for (size_t i = 0; i < MOVERS; i++)
        HR_TRY(hr_blob_new(m->config, &(struct hr_blob_options){.attempts = 3, .timeout_ms = 20000},
                           &m->blobs[i], err));
    m->files =
        hr_files_new(&(struct hr_files_options){&m->manifest.tree, m->blobs, MOVERS, m->credentials,
                                                hr_fs_cancel(m->fs), m->options.patience_s * 1000});
    hr_fs_set_files(m->fs, m->files);
    return HR_OK;
}

static void finish(struct mount *m)
{
    pthread_mutex_lock(&m->lock);
    m->over = true;
    pthread_mutex_unlock(&m->lock);
    hr_credentials_stop(m->credentials);
    if (m->files)
        hr_files_free(m->files);
    if (m->fs)
        hr_fs_free(m->fs);
    for (size_t i = 0; i < MOVERS; i++)
        hr_blob_free(m->blobs[i]);
    if (m->config)
        hr_blob_config_free(m->config);
    hr_arena_free(m->arena);
}

/* ---- telling the starter ---- */

static void say(struct mount *m, const char *text)
{
    int fd = m->report < 0 ? STDOUT_FILENO : m->report;
    for (size_t len = strlen(text); len;) {
        ssize_t wrote = write(fd, text, len);
        if (wrote <= 0)
            break;
        text += wrote;
        len -= (size_t)wrote;
    }
    if (m->report >= 0)
        close(m->report);
    m->report = -1;
}

static void size_text(int64_t bytes, char out[static 32])
{
    static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB", "PB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1000 && unit + 1 < HR_LEN(units); unit++)
        value /= 1000;
    snprintf(out, 32, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

/* root may have the kernel read ahead in larger pieces; for others it stays at 128 KB */
static void raise_read_ahead(const char *point)
{
    char path[128], text[16];
    struct stat stat_buf;
    if (stat(point, &stat_buf))
        return;
    snprintf(path, sizeof path, "/sys/class/bdi/%u:%u/read_ahead_kb", major(stat_buf.st_dev),
             minor(stat_buf.st_dev));
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int len = snprintf(text, sizeof text, "%d", READ_AHEAD_KB);
    if (fd >= 0 && write(fd, text, (size_t)len) < 0)
        hr_log(HR_LOG_DEBUG, "mount.read_ahead", "why", strerror(errno), NULL);
    if (fd >= 0)
        close(fd);
}

static void tell_mounted(struct mount *m)
{
    char size[32];
    const struct hr_manifest *manifest = &m->manifest;
    size_text(manifest->tree.bytes, size);
    raise_read_ahead(m->real);
    say(m, hr_printf(m->arena, "mounted %s%s%s (%u file%s, %s) on %s\n",
                     *manifest->name ? manifest->name : "the dataset",
                     *manifest->version ? ":" : "", manifest->version, manifest->tree.files,
                     manifest->tree.files == 1 ? "" : "s", size, m->real));
}

/* Read-ahead windows come and go by megabytes: kept in one heap they are not fetched from the
 * kernel, page by page, each time */
static void keep_memory(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 128 << 20);
}

/* ---- the control thread: signals, the parent, tidying ---- */

static void ready(void *arg)
{
    struct mount *m = arg;
    eventfd_write(m->wakeup, 1);
}

static void *control(void *arg)
{
    struct mount *m = arg;
    struct pollfd fds[] = {{m->signals, POLLIN, 0}, {m->wakeup, POLLIN, 0}, {m->parent, POLLIN, 0}};
    for (;;) {
        eventfd_t count;
        poll(fds, HR_LEN(fds), TIDY_MS);
        pthread_mutex_lock(&m->lock);
        bool over = m->over;
        pthread_mutex_unlock(&m->lock);
        if (over)
            return NULL;
        if (fds[1].revents && !eventfd_read(m->wakeup, &count) && !m->ready) {
            pthread_mutex_lock(&m->lock);
            m->ready = true;
            pthread_mutex_unlock(&m->lock);
            tell_mounted(m);
        }
        if (fds[0].revents || fds[2].revents) {
            hr_log(HR_LOG_INFO, "mount.end", "point", m->real, "why",
                   fds[0].revents ? "signal" : "the process that it belongs to has ended", NULL);
            hr_fs_end(m->fs);
            return NULL;
        }
        if (hr_files_tidy(m->files))
            malloc_trim(0);
    }
}

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static enum hr_code open_descriptors(struct mount *m, const sigset_t *signals, struct hr_err *err)
{
    m->signals = signalfd(-1, signals, SFD_CLOEXEC);
    m->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    m->parent = m->options.with_pid ? (int)syscall(SYS_pidfd_open, m->options.with_pid, 0) : -1;
    if (m->options.with_pid && m->parent < 0)
        return hr_fail(err, HR_E_NOT_FOUND, "process %d of --with-pid cannot be watched: %s",
                       m->options.with_pid, strerror(errno));
    return m->signals < 0 || m->wakeup < 0
               ? hr_fail(err, HR_E_IO, "descriptors cannot be made: %s", strerror(errno))
               : HR_OK;
}

static enum hr_code serve(struct mount *m, struct hr_err *err)
{
    sigset_t signals;
    block_signals(&signals);
    HR_TRY(open_descriptors(m, &signals, err));
    HR_TRY(start(m, err));
    if (pthread_create(&m->control, NULL, control, m))
        return hr_fail(err, HR_E_NOMEM, "cannot start a thread");
    enum hr_code code = hr_fs_run(m->fs, ready, m, err);
    pthread_mutex_lock(&m->lock);
    m->over = true;
    pthread_mutex_unlock(&m->lock);
    ready(m);
    pthread_join(m->control, NULL);
    return code;
}

/* ---- in the background ---- */

/* the starter: prints what the background process says, and ends as it began */
static int wait_for_mount(int report)
{
    char text[4096];
    size_t used = 0;
    for (ssize_t got;
         used + 1 < sizeof text && (got = read(report, text + used, sizeof text - 1 - used)) > 0;)
        used += (size_t)got;
    text[used] = 0;
    if (!strncmp(text, "mounted ", 8)) {
        fputs(text, stdout);
        return 0;
    }
    fputs(used > 1 ? text + 1 : "headrace: the mount ended before it was there\n", stderr);
    return used && text[0] == '3' ? HR_MOUNT_EXIT_NO_FUSE : 1;
}

/* true in the background process; the starter gets its exit status in *status */
static bool detach(struct mount *m, int *status)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC)) {
        fprintf(stderr, "headrace: %s\n", strerror(errno));
        *status = 1;
        return false;
    }
    pid_t pid = fork();
    if (pid) {
        close(report[1]);
        *status = pid < 0 ? 1 : wait_for_mount(report[0]);
        return false;
    }
    close(report[0]);
    m->report = report[1];
    setsid();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int log =
        m->options.log ? open(m->options.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(log < 0 ? null : log, STDERR_FILENO);
    if (chdir("/"))
        return true; /* it keeps its folder busy, no more */
    return true;
}

static int fail(struct mount *m, const struct hr_err *err)
{
    int status = err->code == HR_E_UNSUPPORTED ? HR_MOUNT_EXIT_NO_FUSE
                 : err->code == HR_E_INVALID   ? 2
                                               : 1;
    struct hr_arena *arena = hr_arena_new(NULL);
    const char *step = err->hint_kind == HR_HINT_ADVICE ? "; " : "\ntry: ",
               *joint = err->hint[0] ? step : "";
    char *text = hr_printf(arena, "headrace: %s%s%s\n", err->msg, joint, err->hint);
    if (m->report >= 0)
        say(m, hr_printf(arena, "%d%s", status, text));
    else
        fputs(text, stderr);
    hr_arena_free(arena);
    return status;
}

/* a relative name would be lost with the working folder */
static void make_absolute(struct hr_arena *arena, const char **path)
{
    char *folder = *path && **path != '/' ? getcwd(NULL, 0) : NULL;
    if (folder)
        *path = hr_printf(arena, "%s/%s", folder, *path);
    free(folder);
}

int main(int argc, char **argv)
{
    static struct mount m = {
        .report = -1, .signals = -1, .parent = -1, .wakeup = -1, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct hr_err err = {0};
    int status = 0;
    if (parse_words(argc, argv, &m.options, &err)) {
        fprintf(stderr, "%s\n", err.msg);
        return 2;
    }
    keep_memory();
    m.arena = hr_arena_new(NULL);
    make_absolute(m.arena, &m.options.point);
    make_absolute(m.arena, &m.options.manifest);
    make_absolute(m.arena, &m.options.home);
    make_absolute(m.arena, &m.options.ca_file);
    make_absolute(m.arena, &m.options.log);
    if (m.options.detach && !detach(&m, &status))
        return status;
    if (serve(&m, &err))
        status = fail(&m, &err);
    finish(&m);
    return status;
}
