/* The schema, as the migrations that make it: user_version counts those that ran. Append; never
 * edit one that was released. */
#ifndef HR_DAEMON_STORE_SCHEMA_H
#define HR_DAEMON_STORE_SCHEMA_H

static const char *const migrations[] = {
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE principal (id TEXT PRIMARY KEY COLLATE NOCASE, name TEXT NOT NULL UNIQUE COLLATE NOCASE, kind TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE token (hash TEXT PRIMARY KEY, principal TEXT NOT NULL COLLATE NOCASE REFERENCES principal(id) ON DELETE "
    "CASCADE,"
    "  created_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX token_principal ON token(principal);"
    "CREATE TABLE assignment (id TEXT PRIMARY KEY COLLATE NOCASE, role TEXT NOT NULL,"
    "  principal TEXT NOT NULL COLLATE NOCASE REFERENCES principal(id) ON DELETE CASCADE, scope TEXT NOT NULL COLLATE NOCASE,"
    "  created_by TEXT NOT NULL, created_ms INTEGER NOT NULL, UNIQUE (principal, role, scope)) WITHOUT ROWID;"
    "CREATE TABLE resource (id TEXT PRIMARY KEY COLLATE NOCASE, type TEXT NOT NULL COLLATE NOCASE, parent TEXT NOT NULL COLLATE "
    "NOCASE,"
    "  name TEXT NOT NULL, location TEXT NOT NULL, properties TEXT NOT NULL, tags TEXT NOT NULL, identity TEXT, created_by TEXT "
    "NOT NULL,"
    "  created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX resource_parent ON resource(parent, type);"
    "CREATE TABLE operation (id TEXT PRIMARY KEY, resource TEXT NOT NULL COLLATE NOCASE, kind TEXT NOT NULL, status TEXT NOT "
    "NULL,"
    "  error TEXT, owner TEXT NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE INDEX operation_open ON operation(ended_ms) WHERE ended_ms = 0;"
    "CREATE TABLE session (id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, pool TEXT NOT "
    "NULL,"
    "  state TEXT NOT NULL, request TEXT NOT NULL, created_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL DEFAULT 0);",
    /* datastores and datasets. A saved dataset is a definition and its manifest, never changed; a
       version names one. */
    "CREATE TABLE datastore (workspace TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL COLLATE NOCASE, type TEXT NOT NULL,"
    "  account TEXT NOT NULL, container TEXT NOT NULL, address TEXT, credential TEXT NOT NULL, secret TEXT,"
    "  description TEXT NOT NULL, tags TEXT NOT NULL, is_default INTEGER NOT NULL, created_by TEXT NOT NULL,"
    "  created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, PRIMARY KEY (workspace, name)) WITHOUT ROWID;"
    "CREATE TABLE saved_dataset (id TEXT PRIMARY KEY COLLATE NOCASE, workspace TEXT NOT NULL COLLATE NOCASE, type TEXT NOT NULL,"
    "  definition TEXT NOT NULL, digest TEXT NOT NULL, file_count INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    "  files_len INTEGER NOT NULL, created_by TEXT NOT NULL, created_ms INTEGER NOT NULL, files BLOB NOT NULL);"
    "CREATE INDEX saved_dataset_digest ON saved_dataset(digest);"
    "CREATE TABLE dataset (id TEXT PRIMARY KEY COLLATE NOCASE, workspace TEXT NOT NULL COLLATE NOCASE,"
    "  name TEXT NOT NULL COLLATE NOCASE, created_ms INTEGER NOT NULL, UNIQUE (workspace, name)) WITHOUT ROWID;"
    "CREATE TABLE dataset_version (dataset TEXT NOT NULL COLLATE NOCASE REFERENCES dataset(id) ON DELETE CASCADE,"
    "  version INTEGER NOT NULL, saved TEXT NOT NULL COLLATE NOCASE REFERENCES saved_dataset(id), description TEXT NOT NULL,"
    "  tags TEXT NOT NULL, created_by TEXT NOT NULL, created_ms INTEGER NOT NULL, PRIMARY KEY (dataset, version)) WITHOUT ROWID;",
    /* training: experiments, runs, metrics, artifacts */
    "CREATE TABLE experiment (id TEXT PRIMARY KEY, workspace TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL COLLATE NOCASE,"
    "  tags TEXT NOT NULL, created_by TEXT NOT NULL, created_ms INTEGER NOT NULL, UNIQUE (workspace, name)) WITHOUT ROWID;"
    "CREATE TABLE run (seq INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL COLLATE NOCASE, id TEXT NOT NULL COLLATE NOCASE,"
    "  experiment TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, owner TEXT NOT NULL,"
    "  compute TEXT, name TEXT, script TEXT, spec TEXT NOT NULL, properties TEXT NOT NULL, tags TEXT NOT NULL, params TEXT NOT NULL,"
    "  error TEXT, token_hash TEXT, log_key TEXT, created_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL,"
    "  ended_ms INTEGER NOT NULL, UNIQUE (workspace, id));"
    "CREATE INDEX run_experiment ON run(experiment, number);"
    "CREATE INDEX run_open ON run(ended_ms) WHERE ended_ms = 0;"
    "CREATE TABLE metric (seq INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,"
    "  columns TEXT NOT NULL, data TEXT NOT NULL, step INTEGER NOT NULL, at_ms INTEGER NOT NULL);"
    "CREATE INDEX metric_run ON metric(run, name);"
    "CREATE TABLE artifact (run INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL, created_ms INTEGER NOT NULL,"
    "  PRIMARY KEY (run, path)) WITHOUT ROWID;",
    /* a metric's value that is sent again, because nobody heard the answer, is kept once */
    "ALTER TABLE metric ADD COLUMN mark TEXT; CREATE UNIQUE INDEX metric_once ON metric(run, mark);",
};
#endif
