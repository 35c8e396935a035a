/* Our storage inside DuckDB: files of remote schemes are opened through blob/. The one C++ file
 * behind this header is the only place where DuckDB's C++ interface is used. Call it once, after
 * duckdb_open and before the first query; the hr_blob lives longer than the database. Local paths
 * stay DuckDB's own. COPY … TO a remote location needs (use_tmp_file false): closing the file is
 * the commit, and a failed COPY leaves nothing. A failure of blob/ reaches the query's error text
 * in the form hr_err_decode reads. */
#ifndef HR_HOST_ENGINE_DUCKDB_FS_H
#define HR_HOST_ENGINE_DUCKDB_FS_H
#include <duckdb.h>

#ifdef __cplusplus
extern "C" {
#endif
#include "base/error.h"
#include "blob/blob.h"

enum hr_code hr_duckdb_fs_register(duckdb_database database,
                                   struct hr_blob *blob,
                                   struct hr_err *err);
#ifdef __cplusplus
}
#endif
#endif
