#include "host/duck/database.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "host/duck/error.h"
#include "io/file.h"
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ours come before: HR_PLAN_DEPTH_MAX, HR_SQL_EMITTED_DEPTH_MAX */
#define ENGINE_DEPTH_MAX "1000000"
/* of a database's own folder: DuckDB's names in it are always the same */
#define SPILL_PREFIX "engine-"
/* with fewer DuckDB makes the table of every aggregation 2 MB, else 256 KB */
#define TASKS_LEAST 3

static enum hr_code config_set(duckdb_config config,
                               const char *name,
                               const char *value,
                               struct hr_err *err)
{
    if (duckdb_set_config(config, name, value) != DuckDBSuccess)
        return hr_fail(err, HR_E_INTERNAL, "engine option '%s' refused value '%s'", name, value);
    return HR_OK;
}

static int thread_count(const struct hr_duck_options *options)
{
    cpu_set_t set;
    int count = options->threads;
    if (count <= 0)
        count = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    if (count < 1)
        return 1;
    return count < HR_DUCK_THREADS_MAX ? count : HR_DUCK_THREADS_MAX;
}

static enum hr_code configure(duckdb_config config,
                              const struct hr_duck_options *options,
                              const char *spill,
                              struct hr_err *err)
{
    char text[64];
    /* nothing is loaded or fetched behind our back */
    HR_TRY(config_set(config, "autoinstall_known_extensions", "false", err));
    HR_TRY(config_set(config, "autoload_known_extensions", "false", err));
    HR_TRY(config_set(config, "preserve_insertion_order", "true", err));
    HR_TRY(config_set(config, "max_expression_depth", ENGINE_DEPTH_MAX, err));
    HR_TRY(config_set(config, "default_null_order", "nulls_first", err));
    int threads = thread_count(options);
    snprintf(text, sizeof text, "%d", threads < TASKS_LEAST ? TASKS_LEAST : threads);
    HR_TRY(config_set(config, "threads", text, err));
    /* all of them are ours: see struct helpers */
    HR_TRY(config_set(config, "external_threads", text, err));
    snprintf(text, sizeof text, "%lldMiB", (long long)(options->memory_bytes >> 20));
    HR_TRY(config_set(config, "memory_limit", text, err));
    /* nor read from a folder that all share */
    HR_TRY(config_set(config, "allow_persistent_secrets", "false", err));
    return config_set(config, "temp_directory", spill ? spill : "", err);
}

/* ---- spilling: a folder a database, as two in one folder write over each other\'s files ---- */

static void remove_folder(const char *path)
{
    struct hr_err err;
    if (hr_file_remove_tree(path, &err))
        hr_log(HR_LOG_WARN, "engine.spill-not-removed", "path", path, "error", err.msg, NULL);
}

enum hr_code hr_duck_spill_claim(const char *folder, int *lock, struct hr_err *err)
{
    char path[4400];
    HR_TRY(hr_file_mkdirs(folder, err));
    snprintf(hr_duck_spill_folder, sizeof hr_duck_spill_folder, "%s", folder);
    snprintf(path, sizeof path, "%s/lock", folder);
    enum hr_code code = hr_file_lock(path, lock, err);
    if (code == HR_E_EXISTS)
        return hr_fail(err, code,
                       "another process spills to '%s': give each host a folder of its own",
                       folder);
    HR_TRY(code);
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        if (strncmp(entry->d_name, SPILL_PREFIX, strlen(SPILL_PREFIX)))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        remove_folder(path);
    }
    if (list)
        closedir(list);
    return HR_OK;
}

static enum hr_code make_spill(const struct hr_duck_options *options,
                               char **out,
                               struct hr_err *err)
{
    if (!options->spill_dir)
        return HR_OK;
    HR_TRY(hr_file_mkdirs(options->spill_dir, err));
    HR_CHECK(asprintf(out, "%s/" SPILL_PREFIX "XXXXXX", options->spill_dir) > 0);
    if (mkdtemp(*out))
        return HR_OK;
    enum hr_code code =
        hr_fail_write(err, errno, "cannot make a folder for spilling in '%s'", options->spill_dir);
    free(*out);
    *out = NULL;
    return code;
}

static void release_spill(struct hr_duck *duck)
{
    if (duck->spill)
        remove_folder(duck->spill);
    free(duck->spill);
    duck->spill = NULL;
}

enum hr_code hr_duck_open(const struct hr_duck_options *options,
                          struct hr_duck *duck,
                          struct hr_err *err)
{
    duckdb_config config;
    char *problem = NULL;
    *duck = (struct hr_duck){0};
    if (duckdb_create_config(&config) != DuckDBSuccess)
        return hr_fail(err, HR_E_NOMEM, "no memory for an engine");
    enum hr_code code = make_spill(options, &duck->spill, err);
    if (!code)
        code = configure(config, options, duck->spill, err);
    if (!code && duckdb_open_ext(NULL, &duck->database, config, &problem) != DuckDBSuccess)
        code = hr_fail(err, HR_E_INTERNAL, "cannot open the engine: %s",
                       problem ? problem : "unknown cause");
    duckdb_free(problem);
    duckdb_destroy_config(&config);
    if (code) {
        release_spill(duck);
        return code;
    }
    pthread_mutex_init(&duck->helpers.lock, NULL);
    duck->helpers.wanted = thread_count(options) - 1;
    return HR_OK;
}

void hr_duck_close(struct hr_duck *duck)
{
    duckdb_close(&duck->database);
    release_spill(duck);
    pthread_mutex_destroy(&duck->helpers.lock);
}

/* ---- helpers ---- */

static void *work(void *tasks)
{
    duckdb_execute_tasks_state(tasks);
    return NULL;
}

void hr_duck_help(struct hr_duck *duck)
{
    struct hr_duck_helpers *helpers = &duck->helpers;
    pthread_mutex_lock(&helpers->lock);
    if (helpers->users++ == 0 && helpers->wanted) {
        helpers->tasks = duckdb_create_task_state(duck->database);
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        /* they evaluate what a plan nests */
        HR_CHECK(!pthread_attr_setstacksize(&attributes, HR_ANALYZE_STACK_BYTES));
        while (helpers->count < helpers->wanted &&
               !pthread_create(&helpers->at[helpers->count], &attributes, work, helpers->tasks))
            helpers->count++;
        pthread_attr_destroy(&attributes);
    }
    pthread_mutex_unlock(&helpers->lock);
}

void hr_duck_help_ends(struct hr_duck *duck)
{
    struct hr_duck_helpers *helpers = &duck->helpers;
    pthread_mutex_lock(&helpers->lock);
    if (--helpers->users == 0 && helpers->wanted) {
        duckdb_finish_execution(helpers->tasks);
        while (helpers->count)
            pthread_join(helpers->at[--helpers->count], NULL);
        duckdb_destroy_task_state(helpers->tasks);
    }
    pthread_mutex_unlock(&helpers->lock);
}
