#define FUSE_USE_VERSION 312
#include "mount/fs.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/log.h"
#include "mount/point.h"
#include <errno.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOREVER_S 1e8 /* a version never changes: the kernel may keep names and attributes */
#define READ_MAX (1u << 20)
#define THREADS 16    /* each may wait for storage */
#define BACKGROUND 64 /* reads ahead that the kernel may have under way */
#define ERROR_XATTR "user.headrace.error"

struct hr_fs {
    struct hr_fs_options options;
    const struct hr_mount_tree *tree;
    struct hr_files *files;
    struct fuse_session *session;
    struct hr_blob_cancel cancel;
    atomic_bool ending;
    bool unmounted;
    uid_t uid;
    gid_t gid;
    pthread_t loop; /* the thread in hr_fs_run */
    atomic_bool looping;
    void (*ready)(void *arg);
    void *ready_arg;
};

static _Thread_local fuse_req_t current; /* the read of this thread */
static pthread_key_t bytes_key;          /* its buffer */

static struct hr_fs *fs_of(fuse_req_t req)
{
    return fuse_req_userdata(req);
}

static uint32_t node_of(fuse_ino_t ino)
{
    return (uint32_t)(ino - 1); /* the root is 1 */
}

/* ---- names and attributes ---- */

static struct stat stat_of(const struct hr_fs *fs, uint32_t node)
{
    const struct hr_mount_tree_node *one = &fs->tree->nodes[node];
    bool folder = hr_mount_tree_is_folder(fs->tree, node);
    struct stat stat = {
        .st_ino = node + 1, .st_uid = fs->uid, .st_gid = fs->gid, .st_blksize = READ_MAX};
    stat.st_mode = folder ? S_IFDIR | 0555 : S_IFREG | 0444;
    stat.st_nlink = folder ? 2 + (nlink_t)one->size : 1;
    stat.st_size = folder ? 0 : one->size;
    stat.st_blocks = (stat.st_size + 511) / 512;
    stat.st_mtim = (struct timespec){one->mtime_ms / 1000, one->mtime_ms % 1000 * 1000000L};
    if (stat.st_mtim.tv_nsec < 0)
        stat.st_mtim.tv_nsec = 0;
    stat.st_atim = stat.st_ctim = stat.st_mtim;
    return stat;
}

static struct fuse_entry_param entry_of(const struct hr_fs *fs, uint32_t node)
{
    return (struct fuse_entry_param){.ino = node + 1,
                                     .attr = stat_of(fs, node),
                                     .attr_timeout = FOREVER_S,
                                     .entry_timeout = FOREVER_S};
}

static void do_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct hr_fs *fs = fs_of(req);
    uint32_t node = hr_mount_tree_child(fs->tree, node_of(parent), name);
    /* inode 0: "is not there", to be remembered too */
    struct fuse_entry_param entry = {.entry_timeout = FOREVER_S};
    if (node != HR_TREE_NONE)
        entry = entry_of(fs, node);
    fuse_reply_entry(req, &entry);
}

static void do_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
    (void)info;
    struct stat stat = stat_of(fs_of(req), node_of(ino));
    fuse_reply_attr(req, &stat, FOREVER_S);
}

static void do_forget(fuse_req_t req, fuse_ino_t ino, uint64_t lookups)
{
    (void)ino, (void)lookups; /* nodes live as long as the mount */
    fuse_reply_none(req);
}

static void do_forget_many(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
    (void)count, (void)forgets;
    fuse_reply_none(req);
}

static void do_statfs(fuse_req_t req, fuse_ino_t ino)
{
    const struct hr_mount_tree *tree = fs_of(req)->tree;
    (void)ino;
    struct statvfs stat = {.f_bsize = 4096,
                           .f_frsize = 4096,
                           .f_blocks = (fsblkcnt_t)((tree->bytes + 4095) / 4096),
                           .f_files = tree->count,
                           .f_namemax = HR_TREE_NAME_MAX};
    fuse_reply_statfs(req, &stat);
}

/* ---- folders: offset 0 is ".", 1 "..", then the children ---- */

static void list(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, bool plus)
{
    struct hr_fs *fs = fs_of(req);
    const struct hr_mount_tree_node *folder = &fs->tree->nodes[node_of(ino)];
    char *bytes = malloc(size);
    size_t used = 0;
    if (!bytes) {
        fuse_reply_err(req, ENOMEM);
        return;
    }
    for (uint64_t at = (uint64_t)offset; at < (uint64_t)folder->count + 2; at++) {
        uint32_t node = at == 0   ? node_of(ino)
                        : at == 1 ? folder->parent
                                  : folder->first + (uint32_t)(at - 2);
        const char *name = at == 0 ? "." : at == 1 ? ".." : hr_mount_tree_name(fs->tree, node);
        struct fuse_entry_param entry = entry_of(fs, node);
        size_t need = plus ? fuse_add_direntry_plus(req, bytes + used, size - used, name, &entry,
                                                    (off_t)at + 1)
                           : fuse_add_direntry(req, bytes + used, size - used, name, &entry.attr,
                                               (off_t)at + 1);
        if (need > size - used)
            break;
        used += need;
    }
    fuse_reply_buf(req, bytes, used);
    free(bytes);
}

static void do_readdir(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *info)
{
    (void)info;
    list(req, ino, size, offset, false);
}

static void do_readdirplus(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *info)
{
    (void)info;
    list(req, ino, size, offset, true);
}

/* The kernel then opens and closes by itself, keeps what it cached, and asks no more */
static void do_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
    (void)ino, (void)info;
    fuse_reply_err(req, ENOSYS);
}

/* ---- extended attributes ---- */

struct attribute {
    const char *name;
    bool root_only, file_only;
    char *(*value)(struct hr_fs *fs, struct hr_arena *arena, uint32_t node);
};

static char *value_etag(struct hr_fs *fs, struct hr_arena *arena, uint32_t node)
{
    return hr_strdup(arena, hr_mount_tree_etag(fs->tree, node));
}
static char *value_url(struct hr_fs *fs, struct hr_arena *arena, uint32_t node)
{
    return hr_mount_tree_location(fs->tree, arena, node);
}
static char *value_error(struct hr_fs *fs, struct hr_arena *arena, uint32_t node)
{
    return hr_files_error(fs->files, arena, node);
}

static char *value_pid(struct hr_fs *fs, struct hr_arena *arena, uint32_t node)
{
    (void)fs, (void)node;
    return hr_printf(arena, "%d", (int)getpid());
}

#define MANIFEST_VALUE(field)                                                           \
    static char *value_##field(struct hr_fs *fs, struct hr_arena *arena, uint32_t node) \
    {                                                                                   \
        (void)node;                                                                     \
        return hr_strdup(arena, fs->options.manifest->field);                           \
    }
MANIFEST_VALUE(id)
MANIFEST_VALUE(name)
MANIFEST_VALUE(version)

static const struct attribute attributes[] = {
    {"user.headrace.etag", false, true, value_etag},
    {"user.headrace.url", false, true, value_url},
    {ERROR_XATTR, false, true, value_error},
    {"user.headrace.pid", true, false, value_pid},
    {"user.headrace.dataset", true, false, value_id},
    {"user.headrace.name", true, false, value_name},
    {"user.headrace.version", true, false, value_version},
};

static bool has_attribute(const struct hr_fs *fs, uint32_t node, const struct attribute *attribute)
{
    bool folder = hr_mount_tree_is_folder(fs->tree, node);
    return !(attribute->root_only && node) && !(attribute->file_only && folder);
}

static void reply_value(fuse_req_t req, const char *bytes, size_t len, size_t size)
{
    if (!size)
        fuse_reply_xattr(req, len);
    else if (len > size)
        fuse_reply_err(req, ERANGE);
    else
        fuse_reply_buf(req, bytes, len);
}

static void do_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
    struct hr_fs *fs = fs_of(req);
    const char *value = NULL;
    struct hr_arena *arena = hr_arena_new(NULL);
    for (size_t i = 0; i < HR_LEN(attributes) && !value; i++)
        if (!strcmp(attributes[i].name, name) && has_attribute(fs, node_of(ino), &attributes[i]))
            value = attributes[i].value(fs, arena, node_of(ino));
    if (value)
        reply_value(req, value, strlen(value), size);
    else
        fuse_reply_err(req, ENODATA);
    hr_arena_free(arena);
}

static void do_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
    struct hr_fs *fs = fs_of(req);
    char names[512];
    size_t used = 0;
    struct hr_arena *arena = hr_arena_new(NULL);
    for (size_t i = 0; i < HR_LEN(attributes); i++)
        if (has_attribute(fs, node_of(ino), &attributes[i]) &&
            (attributes[i].value != value_error || value_error(fs, arena, node_of(ino)))) {
            memcpy(names + used, attributes[i].name, strlen(attributes[i].name) + 1);
            used += strlen(attributes[i].name) + 1;
        }
    hr_arena_free(arena);
    reply_value(req, names, used, size);
}

/* ---- bytes ---- */

/* The process that reads has been killed: it cannot end before its read does. Other signals do not
 * end a read, as on any disk. */
static bool is_killed(pid_t pid)
{
    char path[64], line[256];
    unsigned long long pending, all = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return pid > 0; /* 0: the kernel's own read-ahead */
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "SigPnd: %llx", &pending) == 1 ||
            sscanf(line, "ShdPnd: %llx", &pending) == 1)
            all |= pending;
    fclose(file);
    return all & (1ull << (SIGKILL - 1));
}

static bool is_cancelled(void *arg)
{
    struct hr_fs *fs = arg;
    if (atomic_load(&fs->ending))
        return true;
    return current && fuse_req_interrupted(current) && is_killed(fuse_req_ctx(current)->pid);
}

static int errno_of(enum hr_code code)
{
    switch (code) {
    case HR_E_DENIED:
    case HR_E_UNAUTHENTICATED:
    case HR_E_STORAGE_DENIED:
        return EACCES;
    case HR_E_CANCELLED:
        return EINTR;
    case HR_E_NOMEM:
        return ENOMEM;
    default:
        return EIO;
    }
}

static char *thread_bytes(void)
{
    char *bytes = pthread_getspecific(bytes_key);
    if (!bytes && (bytes = malloc(READ_MAX)))
        pthread_setspecific(bytes_key, bytes);
    return bytes;
}

static void do_read(
    fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *info)
{
    struct hr_fs *fs = fs_of(req);
    struct hr_err err = {0};
    char *bytes = thread_bytes();
    size_t got;
    (void)info;
    if (hr_mount_tree_is_folder(fs->tree, node_of(ino)) || !bytes) {
        fuse_reply_err(req, bytes ? EISDIR : ENOMEM);
        return;
    }
    current = req;
    enum hr_code code = hr_files_read(fs->files, node_of(ino), bytes,
                                      size < READ_MAX ? size : READ_MAX, offset, &got, &err);
    current = NULL;
    if (code)
        fuse_reply_err(req, errno_of(code));
    else
        fuse_reply_buf(req, bytes, got);
}

/* ---- life ---- */

static void do_init(void *arg, struct fuse_conn_info *conn)
{
    struct hr_fs *fs = arg;
    conn->want |= conn->capable & (FUSE_CAP_ASYNC_READ |
                                   FUSE_CAP_PARALLEL_DIROPS |
                                   FUSE_CAP_READDIRPLUS |
                                   FUSE_CAP_READDIRPLUS_AUTO |
                                   FUSE_CAP_NO_OPEN_SUPPORT |
                                   FUSE_CAP_NO_OPENDIR_SUPPORT);
    conn->max_read = READ_MAX;
    conn->max_readahead = READ_MAX; /* the kernel takes the smaller of this and its own */
    conn->max_background = BACKGROUND;
    conn->congestion_threshold = BACKGROUND;
    if (fs->ready)
        fs->ready(fs->ready_arg);
}

static const struct fuse_lowlevel_ops operations = {
    .init = do_init,
    .lookup = do_lookup,
    .forget = do_forget,
    .forget_multi = do_forget_many,
    .getattr = do_getattr,
    .statfs = do_statfs,
    .open = do_open,
    .opendir = do_open,
    .read = do_read,
    .readdir = do_readdir,
    .readdirplus = do_readdirplus,
    .getxattr = do_getxattr,
    .listxattr = do_listxattr,
};

static char said[512]; /* libfuse's last complaint: it tells it to a log only */

static void on_fuse_log(enum fuse_log_level level, const char *format, va_list args)
{
    if (level <= FUSE_LOG_ERR) {
        vsnprintf(said, sizeof said, format, args);
        said[strcspn(said, "\n")] = 0;
    }
}

/* what mount options cannot hold becomes '_' */
static char *source_of(struct hr_arena *arena, const struct hr_manifest *manifest)
{
    char *source =
        hr_printf(arena, "headrace:%s%s%s", *manifest->name ? manifest->name : manifest->id,
                  *manifest->version ? ":" : "", manifest->version);
    for (char *c = source; *c; c++)
        if ((unsigned char)*c <= ' ' || strchr(",\\\"'", *c))
            *c = '_';
    return source;
}

enum hr_code hr_fs_mount(const struct hr_fs_options *options,
                         struct hr_fs **out,
                         struct hr_err *err)
{
    struct hr_fs *fs = calloc(1, sizeof *fs);
    HR_CHECK(fs && !pthread_key_create(&bytes_key, free));
    fs->options = *options;
    fs->tree = &options->manifest->tree;
    fs->uid = getuid();
    fs->gid = getgid();
    fs->cancel = (struct hr_blob_cancel){is_cancelled, fs};
    struct hr_arena *arena = hr_arena_new(NULL);
    char *words[] = {(char *)"headrace", (char *)"-o",
                     hr_printf(arena, "ro,nosuid,nodev,max_read=%u,subtype=headrace,fsname=%s%s",
                               READ_MAX, source_of(arena, options->manifest),
                               options->allow_other ? ",allow_other" : ""),
                     NULL};
    struct fuse_args args = FUSE_ARGS_INIT(3, words);
    fuse_set_log_func(on_fuse_log);
    fs->session = fuse_session_new(&args, &operations, sizeof operations, fs);
    bool mounted = fs->session && !fuse_session_mount(fs->session, options->point);
    fuse_opt_free_args(&args);
    hr_arena_free(arena);
    if (mounted) {
        *out = fs;
        return HR_OK;
    }
    fs->unmounted = true;
    hr_fs_free(fs);
    return hr_fail(err, HR_E_UNSUPPORTED, "FUSE refused to mount on '%s': %s", options->point,
                   *said ? said : "it did not say why");
}

void hr_fs_set_files(struct hr_fs *fs, struct hr_files *files)
{
    fs->files = files;
}

const struct hr_blob_cancel *hr_fs_cancel(struct hr_fs *fs)
{
    return &fs->cancel;
}

enum hr_code hr_fs_run(struct hr_fs *fs, void (*ready)(void *arg), void *arg, struct hr_err *err)
{
    struct fuse_loop_config *config = fuse_loop_cfg_create();
    fs->ready = ready;
    fs->ready_arg = arg;
    fuse_loop_cfg_set_clone_fd(config, 1);
    fuse_loop_cfg_set_max_threads(config, THREADS);
    fuse_loop_cfg_set_idle_threads(config, THREADS);
    fs->loop = pthread_self();
    atomic_store(&fs->looping, true);
    int status = fuse_session_loop_mt(fs->session, config);
    atomic_store(&fs->looping, false);
    fuse_loop_cfg_destroy(config);
    if (status < 0 && !atomic_load(&fs->ending))
        return hr_fail(err, HR_E_IO, "the kernel's requests cannot be read: %s", strerror(-status));
    return HR_OK;
}

static void wake(int signal)
{
    (void)signal;
}

void hr_fs_end(struct hr_fs *fs)
{
    atomic_store(&fs->ending, true);
    fs->unmounted = !hr_mount_point_detach(fs->options.point, true, NULL);
    fuse_session_exit(fs->session);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = wake}, NULL);
    /* libfuse waits on a semaphore, which only a signal interrupts */
    while (atomic_load(&fs->looping)) {
        pthread_kill(fs->loop, SIGUSR1);
        usleep(5000);
    }
}

void hr_fs_forget(struct hr_fs *fs, uint32_t node)
{
    fuse_lowlevel_notify_inval_inode(fs->session, node + 1, 0, 0);
}

void hr_fs_free(struct hr_fs *fs)
{
    if (fs->session && !fs->unmounted)
        fuse_session_unmount(fs->session);
    if (fs->session)
        fuse_session_destroy(fs->session);
    pthread_key_delete(bytes_key);
    free(fs);
}
