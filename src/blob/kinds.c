/* The kinds of storage that there are, and those that are not done. The one generic file that names
 * them: a further kind is its folder and a line here. */
#include "blob/azure/azure.h"
#include "blob/backend.h"
#include <string.h>
#include <strings.h>

const struct hr_blob_kind *const hr_blob_kinds[] = {
    &hr_blob_local_kind,
    &hr_azure_kind,
    &hr_blob_dataset_kind,
    NULL,
};
_Static_assert(HR_LEN(hr_blob_kinds) <= HR_BLOB_KINDS_MAX, "struct hr_blob has room for each kind");

/* ---- what is refused by name ---- */

const struct hr_blob_key hr_blob_keys_not_done[] = {
    {.pattern = "fs.adl.*",
     .refusal = "Azure Data Lake Storage Gen1 (adl://) was retired by Azure; use abfss://"},
    {.pattern = "dfs.adls.*",
     .refusal = "Azure Data Lake Storage Gen1 (adl://) was retired by Azure; use abfss://"},
    {.pattern = "fs.s3*", .refusal = "S3 is not done; use wasbs://, abfss:// or local paths"},
    {.pattern = "fs.gs.*",
     .refusal = "Google Cloud Storage is not done; use wasbs://, abfss:// or local paths"},
    {.pattern = NULL},
};

static const struct {
    const char *scheme, *refusal;
} not_done[] = {
    {"adl",
     "Azure Data Lake Storage Gen1 was retired by Azure; copy the data to Gen2 and use abfss://"},
    {"s3", "S3 is not done"},
    {"s3a", "S3 is not done"},
    {"s3n", "S3 is not done"},
    {"hdfs", "there is no HDFS cluster here"},
    {"dbfs", "DBFS belongs to Databricks; use the path below it"},
    {"http", "use wasbs:// for blobs, or download the file first"},
    {"https", "use wasbs:// for blobs, or download the file first"},
    {"gs", "Google Cloud Storage is not done"},
    {"ftp", "FTP is not done"},
    {"azureml", "use the datastore's wasbs:// path"},
};

const char *hr_blob_scheme_refusal(const char *scheme, size_t len)
{
    for (size_t i = 0; i < HR_LEN(not_done); i++)
        if (strlen(not_done[i].scheme) == len && !strncasecmp(not_done[i].scheme, scheme, len))
            return not_done[i].refusal;
    return NULL;
}
