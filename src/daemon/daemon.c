#include "daemon/daemon.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "daemon/arm/arm.h"
#include "daemon/certificate.h"
#include "daemon/data/data.h"
#include "daemon/home.h"
#include "daemon/job/job.h"
#include "daemon/livy/livy.h"
#include "daemon/rest/relay.h"
#include "daemon/spark.h"
#include "daemon/storage.h"
#include "daemon/studio/studio.h"
#include "io/child.h"
#include "io/file.h"
#include "io/loop.h"
#include "io/tls.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#define STOP_MS 5000 /* open requests and helpers get so long at the end */

struct daemon {
    const struct hr_daemon_options *options;
    struct hr_home home;
    struct hr_loop *loop;
    struct hr_tls *tls;
    struct hr_http_server *tcp, *local; /* local: the Unix socket that interpreters come by */
    struct hr_livy_options livy;
    struct hr_spark *spark;
    struct hr_storage *storage;
    const char *connect, *host; /* host: as it stands in addresses */
    const char *gate_socket;    /* local's */
    int storage_port;
    struct hr_timer *run_watch;
    bool stopping;
    struct hr_err failure; /* why it ended, when it did not end well */
};

/* ---- requests ---- */

static void on_request(struct hr_exchange *exchange, void *arg)
{
    struct daemon *daemon = arg;
    if (hr_gate_wants(hr_exchange_request(exchange)))
        hr_gate_take(hr_spark_gate(daemon->spark), exchange);
    else if (hr_studio_wants(hr_exchange_request(exchange)))
        hr_studio_take(exchange);
    else
        hr_rest_request(exchange);
}

static const struct hr_exchange_handler handler = {.request = on_request, .closed = hr_rest_closed};

static bool is_loopback(const char *address)
{
    return !strncmp(address, "127.", 4) ||
           !strcmp(address, "::1") ||
           !strcasecmp(address, "localhost");
}

static enum hr_code listen_tcp(struct daemon *daemon, int port, struct hr_err *err)
{
    struct hr_http_server_options options = {.host = daemon->options->listen,
                                             .port = port,
                                             .tls = daemon->tls,
                                             .plain_text = is_loopback(daemon->options->listen),
                                             .handler = &handler,
                                             .arg = daemon};
    return hr_http_server_start(daemon->loop, &options, &daemon->tcp, err);
}

static enum hr_code listen_local(struct daemon *daemon, struct hr_err *err)
{
    struct hr_http_server_options options = {
        .unix_path = daemon->gate_socket, .handler = &handler, .arg = daemon};
    return hr_http_server_start(daemon->loop, &options, &daemon->local, err);
}

static enum hr_code listen_all(struct daemon *daemon, struct hr_err *err)
{
    struct hr_home *home = &daemon->home;
    int port = daemon->options->port ? daemon->options->port : home->last_port;
    enum hr_code code = listen_tcp(daemon, port, err);
    /* the last start's port is somebody else's now */
    if (code && !daemon->options->port && port)
        code = listen_tcp(daemon, 0, err);
    HR_TRY(code);
    home->site.port = hr_http_server_port(daemon->tcp);
    daemon->gate_socket = hr_printf(home->arena, "%s/gate.sock", home->site.run_dir);
    return listen_local(daemon, err);
}

/* addresses that work as they stand, on this machine at least */
static void name_addresses(struct daemon *daemon)
{
    struct hr_home *home = &daemon->home;
    const char *listen = daemon->options->listen;
    bool wild = !strcmp(listen, "0.0.0.0") || !strcmp(listen, "::"), loopback = is_loopback(listen);
    const char *host = wild || loopback      ? "localhost"
                       : strchr(listen, ':') ? hr_printf(home->arena, "[%s]", listen)
                                             : listen;
    daemon->host = host;
    home->site.https_url = hr_printf(home->arena, "https://%s:%d", host, home->site.port);
    home->site.http_url = loopback ? hr_printf(home->arena, "http://%s:%d", host, home->site.port)
                                   : home->site.https_url;
    daemon->connect = hr_printf(home->arena, "sc://%s:%d/;%stoken=%s", host, home->site.port,
                                loopback ? "" : "use_ssl=true;", home->token);
}

/* ---- the end ---- */

static void finish(void *arg)
{
    struct daemon *daemon = arg;
    hr_loop_stop(daemon->loop);
}

static void stop(struct daemon *daemon)
{
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    hr_log(HR_LOG_INFO, "serve.stop", NULL);
    hr_timer_stop(daemon->run_watch);
    daemon->run_watch = NULL;
    unlink(daemon->home.endpoint_file);
    hr_arm_stop();
    hr_data_stop();
    hr_livy_stop();
    hr_job_stop();
    hr_relay_stop();
    hr_spark_stop(daemon->spark);
    if (daemon->tcp)
        hr_http_server_stop(daemon->tcp);
    if (daemon->local)
        hr_http_server_stop(daemon->local);
    hr_storage_stop(daemon->storage);
    hr_timer_start(daemon->loop, 100, 0, finish, daemon);
}

static void on_signal(int number, void *arg)
{
    (void)number;
    stop(arg);
}

static void give_up(struct daemon *daemon, const struct hr_err *err)
{
    if (!daemon->failure.code)
        daemon->failure = *err;
    stop(daemon);
}

/* ---- it serves: once the storage account does ---- */

static void publish(struct daemon *daemon, int storage_port)
{
    struct hr_home *home = &daemon->home;
    struct hr_err err;
    bool loopback = is_loopback(daemon->options->listen);
    home->site.storage_url = hr_printf(home->arena, "http%s://%s:%d", loopback ? "" : "s",
                                       loopback ? "127.0.0.1" : daemon->host, storage_port);
    hr_spark_ready(daemon->spark);
    hr_job_ready();
    if (hr_home_publish(home, daemon->connect, storage_port, &err)) {
        give_up(daemon, &err);
        return;
    }
    printf("headrace serves home %s at %s (storage %s, pid %d)\n", home->site.home,
           home->site.http_url, home->site.storage_url, (int)getpid());
    fflush(stdout);
}

/* ---- the run folder is ours; who removes it, removes what callers and hosts find us by ---- */

#define RUN_WATCH_MS 1000

static enum hr_code mend_run(struct daemon *daemon, struct hr_err *err)
{
    struct hr_home *home = &daemon->home;
    HR_TRY(hr_file_mkdirs(home->site.run_dir, err));
    HR_TRY(hr_spark_mend(daemon->spark, err));
    if (access(daemon->gate_socket, F_OK)) {
        hr_http_server_stop(daemon->local); /* what runs through it gets time to end */
        daemon->local = NULL;
        HR_TRY(listen_local(daemon, err));
    }
    return hr_home_publish(home, daemon->connect, daemon->storage_port, err);
}

static void watch_run(void *arg)
{
    struct daemon *daemon = arg;
    struct hr_err err = {0};
    if (daemon->stopping ||
        (!access(daemon->home.endpoint_file, F_OK) && !access(daemon->gate_socket, F_OK)))
        return;
    enum hr_code code = mend_run(daemon, &err);
    hr_log(HR_LOG_WARN, "run.removed", "folder", daemon->home.site.run_dir, "then",
           code ? err.msg : "made again", NULL);
}

static void on_storage_ready(int port, void *arg)
{
    struct daemon *daemon = arg;
    daemon->storage_port = port;
    publish(daemon, port);
    if (!daemon->run_watch)
        daemon->run_watch =
            hr_timer_start(daemon->loop, RUN_WATCH_MS, RUN_WATCH_MS, watch_run, daemon);
}

static void on_storage_failed(const struct hr_err *err, void *arg)
{
    give_up(arg, err);
}

static enum hr_code start_storage(struct daemon *daemon, struct hr_err *err)
{
    struct hr_storage_options options = {.loop = daemon->loop,
                                         .home = &daemon->home,
                                         .listen = daemon->options->listen,
                                         .port = daemon->options->storage_port,
                                         .tls = !is_loopback(daemon->options->listen),
                                         .ready = on_storage_ready,
                                         .failed = on_storage_failed,
                                         .arg = daemon};
    return hr_storage_start(&options, &daemon->storage, err);
}

/* ---- Python ---- */

static bool is_file(const char *path)
{
    return access(path, X_OK) == 0;
}

/* the interpreter that has our package: what was named, else the environment that this program is
 * installed in, else the active one. In a build folder the package lies in the tree. */
static void find_python(struct daemon *daemon)
{
    struct hr_arena *arena = daemon->home.arena;
    char self[4096], tree[4400];
    const char *named =
                   daemon->options->python ? daemon->options->python : getenv("HEADRACE_PYTHON"),
               *active = getenv("VIRTUAL_ENV");
    const char *beside = NULL,
               *in_active = active ? hr_printf(arena, "%s/bin/python", active) : NULL;
    if (!hr_child_self(self, sizeof self, NULL)) {
        *strrchr(self, '/') = 0;
        beside = hr_printf(arena, "%s/python3", self);
        snprintf(tree, sizeof tree, "%s/../python", self);
        if (hr_file_exists(hr_printf(arena, "%s/headrace/interpreter/__main__.py", tree)))
            daemon->livy.python_path = hr_strdup(arena, tree);
    }
    daemon->livy.python = named && *named                   ? named
                          : beside && is_file(beside)       ? beside
                          : in_active && is_file(in_active) ? in_active
                                                            : "python3";
}

/* ---- open files ---- */

/* without the one that reads the folder; 0 where /proc is not to be had */
static rlim_t count_open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    rlim_t count = 0;
    if (!folder)
        return 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.')
            count++;
    closedir(folder);
    return count - 1;
}

/* The soft limit is for programs that still use select(): a server takes all that it may have. What
 * is too little is said before anything is started: libraries that meet it later end the process,
 * or wait for ever. */
static enum hr_code ensure_open_files(struct hr_err *err)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return HR_OK;
    limit.rlim_cur = limit.rlim_max < HR_OPEN_FILES_WANTED ? limit.rlim_max : HR_OPEN_FILES_WANTED;
    setrlimit(RLIMIT_NOFILE, &limit);
    rlim_t open_now = count_open_files();
    if (limit.rlim_cur >= open_now + HR_OPEN_FILES_MIN)
        return HR_OK;
    hr_fail(
        err, HR_E_LIMIT,
        "too many open files: the process may have %llu, it began with %llu, and a server needs %d more",
        (unsigned long long)limit.rlim_cur, (unsigned long long)open_now, HR_OPEN_FILES_MIN);
    return hr_fail_hint(err, "raise the limit: ulimit -n %d, or LimitNOFILE=%d in a systemd unit",
                        HR_OPEN_FILES_WANTED, HR_OPEN_FILES_WANTED);
}

/* ---- life ---- */

static enum hr_code start(struct daemon *daemon, struct hr_err *err)
{
    struct hr_home *home = &daemon->home;
    static const struct hr_routes *tables[4];
    HR_TRY(hr_certificate_ensure(home->tls_dir, daemon->options->listen, err));
    HR_TRY(hr_tls_server_new(hr_printf(home->arena, "%s/server.pem", home->tls_dir),
                             hr_printf(home->arena, "%s/server.key", home->tls_dir), &daemon->tls,
                             err));
    HR_TRY(hr_loop_new(&daemon->loop, err));
    home->site.loop = daemon->loop;
    hr_loop_on_signal(daemon->loop, SIGTERM, on_signal, daemon);
    hr_loop_on_signal(daemon->loop, SIGINT, on_signal, daemon);
    tables[0] = hr_livy_routes();
    tables[1] = hr_arm_routes();
    tables[2] = hr_data_routes();
    tables[3] = hr_job_routes();
    hr_rest_init(&home->site, tables, HR_LEN(tables));
    HR_TRY(hr_spark_start(&home->site, &daemon->spark, err));
    daemon->livy.released = hr_spark_released;
    daemon->livy.arg = daemon->spark;
    HR_TRY(listen_all(daemon, err));
    name_addresses(daemon);
    find_python(daemon);
    daemon->livy.connect = hr_printf(home->arena, "unix:%s/gate.sock", home->site.run_dir);
    hr_arm_start(&home->site);
    const char *token = strstr(daemon->connect, "token="); /* a run's own takes its place */
    hr_job_start(&home->site,
                 &(struct hr_job_options){.python = daemon->livy.python,
                                          .python_path = daemon->livy.python_path,
                                          .account_key = home->account_key,
                                          .connect = hr_strndup(home->arena, daemon->connect,
                                                                (size_t)(token - daemon->connect)),
                                          .released = hr_spark_released,
                                          .arg = daemon->spark});
    HR_TRY(hr_livy_start(&home->site, &daemon->livy, err));
    return start_storage(daemon, err);
}

static void release(struct daemon *daemon)
{
    if (daemon->loop)
        hr_loop_free(daemon->loop);
    hr_storage_free(daemon->storage);
    hr_spark_free(daemon->spark);
    hr_tls_free(daemon->tls);
    hr_home_close(&daemon->home);
}

enum hr_code hr_daemon_serve(const struct hr_daemon_options *options, struct hr_err *err)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);
    HR_CHECK(daemon);
    daemon->options = options;
    enum hr_code code = ensure_open_files(err);
    if (!code)
        code = hr_home_open(options->home, &daemon->home, err);
    if (!code) {
        code = start(daemon, err);
        if (!code)
            hr_loop_run(daemon->loop);
        else if (daemon->loop)
            stop(daemon);
        if (!code && daemon->failure.code) {
            *err = daemon->failure;
            code = daemon->failure.code;
        }
        release(daemon);
    }
    free(daemon);
    return code;
}
