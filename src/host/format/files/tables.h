/* Folders that belong to a table format (Delta Lake, Apache Iceberg, Apache Hudi). Their log says
 * which of the files are the table's rows; read without it they give rows that were removed, and
 * what is written beside it is no part of the table. So they are refused by name. Private to
 * format/. */
#ifndef HR_HOST_FORMAT_TABLES_H
#define HR_HOST_FORMAT_TABLES_H
#include "host/format/files/files.h"

enum hr_tables_use { HR_TABLES_READ, HR_TABLES_WRITE };
struct hr_tables_asked {
    struct hr_blob *blob;
    struct hr_env *env;
    enum hr_tables_use use;
};

/* tables below the folders that were listed */
struct hr_tables {
    struct hr_tables_found {
        const char *folder;
        const struct hr_blob_table *table;
    } *at;
    size_t count, cap;
};

/* by what a recursive listing of the folder holds; refuses it when it is a table itself and adds to
 * `found` (of arena) those in folders below it */
enum hr_code hr_tables_look(const struct hr_tables_asked *asked,
                            struct hr_arena *arena,
                            const char *folder,
                            const struct hr_blob_page *page,
                            struct hr_tables *found,
                            struct hr_err *err);
/* refuses the file when it is in one of the tables found */
enum hr_code hr_tables_refuse_file(const struct hr_tables_asked *asked,
                                   const struct hr_tables *found,
                                   const char *location,
                                   struct hr_err *err);
/* the folder's partition folders upwards ("…/a=1/b=2"), to the first that is none; with `itself`
 * the folder too, whatever its name */
enum hr_code hr_tables_refuse_above(const struct hr_tables_asked *asked,
                                    const char *folder,
                                    bool itself,
                                    struct hr_err *err);
#endif
