/* Partition columns: key=value folders between a base folder and a file, and the values' types, as
 * Spark's PartitioningUtils finds them. Private to format/. */
#ifndef HR_HOST_FORMAT_PARTITIONS_H
#define HR_HOST_FORMAT_PARTITIONS_H
#include "host/format/files/files.h"

#define HR_PARTITION_NULL \
    "__HIVE_DEFAULT_PARTITION__" /* the folder of null, and of the empty text */

/* Sets files[i].partition, and in *out the columns. bases[i] is where the folders of file i begin.
 * kept[i] is false for files that stand outside the partition folders of the others: Spark does not
 * read them. */
enum hr_code hr_partitions_find(struct hr_arena *arena,
                                struct hr_env *env,
                                struct hr_file *files,
                                const char *const *bases,
                                bool *kept,
                                size_t count,
                                const struct hr_type *user_schema,
                                struct hr_files *out,
                                struct hr_err *err);
#endif
