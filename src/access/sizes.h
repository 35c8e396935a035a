/* What a session asked for of its pool: memory and cores of Spark's driver and executors, in
 * Spark's words.
 *
 * On an embedded pool one process is the driver and every executor, so their memory together is the
 * session's budget, and their cores together its threads. A session that names one of them has
 * Spark's defaults for the others; one that names none has the pool's. */
#ifndef HR_ACCESS_SIZES_H
#define HR_ACCESS_SIZES_H
#include "base/arena.h"
#include "base/error.h"
#include <stdbool.h>
#include <stdint.h>

/*    size                   in a session's request  Spark's setting             a memory  Spark's
 * default */
#define HR_SIZES(X)                                                                   \
    X(HR_SIZE_DRIVER_MEMORY, "driverMemory", "spark.driver.memory", true, "1g")       \
    X(HR_SIZE_DRIVER_CORES, "driverCores", "spark.driver.cores", false, "1")          \
    X(HR_SIZE_EXECUTOR_MEMORY, "executorMemory", "spark.executor.memory", true, "1g") \
    X(HR_SIZE_EXECUTOR_CORES, "executorCores", "spark.executor.cores", false, "1")    \
    X(HR_SIZE_EXECUTORS, "numExecutors", "spark.executor.instances", false, "1")

enum hr_size {
#define X(size, field, setting, memory, missing) size,
    HR_SIZES(X)
#undef X
        HR_SIZE_COUNT
};

struct hr_size_info {
    const char *field, *setting;
    bool memory;
    const char *missing;
};
extern const struct hr_size_info hr_size_table[HR_SIZE_COUNT];

/* as they were written; NULL: not named. Whoever fills it owns the texts */
struct hr_sizes {
    const char *at[HR_SIZE_COUNT];
};

bool hr_sizes_named(const struct hr_sizes *sizes); /* any of them */
/* each a size as Spark reads it ("512m", "2g", a bare number is MiB; a count from 1), and all
 * together what this machine has; HR_E_INVALID */
enum hr_code hr_sizes_check(const struct hr_sizes *sizes,
                            int64_t machine_bytes,
                            struct hr_err *err);
/* of sizes that were checked */
int64_t hr_sizes_memory(const struct hr_sizes *sizes);
int hr_sizes_threads(const struct hr_sizes *sizes);
#endif
