#include "host/connect/decode/decode.h"
#include "base/limits.h"
#include "host/connect/decode/private.h"
#include "host/connect/decode/scan.h"
#include <string.h>
#include <zstd.h>

#define PLAN(name) SPARK__CONNECT__PLAN__OP_TYPE_##name
#define COMMAND(name) SPARK__CONNECT__COMMAND__COMMAND_TYPE_##name

/* ---- unpacking into an arena ---- */

static void *arena_alloc(void *arena, size_t size)
{
    return hr_arena_try(arena, size);
}
static void arena_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

void *hr_decode_message(struct hr_arena *arena,
                        const ProtobufCMessageDescriptor *type,
                        const void *bytes,
                        size_t len,
                        struct hr_err *err)
{
    if (hr_scan_message(type, bytes, len, err))
        return NULL;
    ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
    void *message = protobuf_c_message_unpack(type, &allocator, len, bytes);
    if (!message)
        hr_fail(err, HR_E_INVALID, "request is not valid protobuf (\"%s\")", type->name);
    return message;
}

/* ---- commands ---- */

static enum hr_code decode_write(struct decoder *d,
                                 const PB(WriteOperation) * in,
                                 struct hr_command *out)
{
    static const enum hr_save_mode modes[] = {HR_SAVE_ERROR, HR_SAVE_APPEND, HR_SAVE_OVERWRITE,
                                              HR_SAVE_ERROR, HR_SAVE_IGNORE};
    if ((unsigned)in->mode >= HR_LEN(modes))
        return hr_decode_missing(d, "write of an unknown mode");
    if (in->with_schema_evolution)
        return hr_decode_refuse(d, "writing with schema evolution");
    struct hr_write *write = &out->write;
    out->kind = HR_COMMAND_WRITE;
    write->format = in->_source_case && *in->source ? in->source : NULL;
    write->mode = modes[in->mode];
    write->options = hr_decode_options(d, in->n_options, in->options);
    write->partition_by = hr_decode_names(d, in->n_partitioning_columns, in->partitioning_columns);
    write->sort_by = hr_decode_names(d, in->n_sort_column_names, in->sort_column_names);
    write->cluster_by = hr_decode_names(d, in->n_clustering_columns, in->clustering_columns);
    if (in->bucket_by) {
        write->bucket_by = hr_decode_names(d, in->bucket_by->n_bucket_column_names,
                                           in->bucket_by->bucket_column_names);
        write->buckets = in->bucket_by->num_buckets;
    }
    if (in->save_type_case == SPARK__CONNECT__WRITE_OPERATION__SAVE_TYPE_TABLE) {
        write->insert_into =
            in->table->save_method ==
            SPARK__CONNECT__WRITE_OPERATION__SAVE_TABLE__TABLE_SAVE_METHOD__TABLE_SAVE_METHOD_INSERT_INTO;
        HR_TRY(hr_decode_name(d->arena, in->table->table_name, &write->table, d->err));
    } else {
        write->path = in->save_type_case ? in->path : hr_option_get(&write->options, "path");
    }
    return hr_decode_rel(d, in->input, &out->input);
}

static enum hr_code decode_write_v2(struct decoder *d,
                                    const PB(WriteOperationV2) * in,
                                    struct hr_command *out)
{
    out->kind = HR_COMMAND_WRITE_V2;
    out->write.format = in->_provider_case ? in->provider : NULL;
    out->write.options = hr_decode_options(d, in->n_options, in->options);
    HR_TRY(hr_decode_name(d->arena, in->table_name, &out->write.table, d->err));
    return hr_decode_rel(d, in->input, &out->input);
}

static enum hr_code decode_view(struct decoder *d,
                                const PB(CreateDataFrameViewCommand) * in,
                                struct hr_command *out)
{
    out->kind = HR_COMMAND_CREATE_VIEW;
    out->view.global = in->is_global;
    out->view.replace = in->replace;
    out->view.temporary = true;
    HR_TRY(hr_decode_name(d->arena, in->name, &out->view.name, d->err));
    return hr_decode_rel(d, in->input, &out->input);
}

static enum hr_code decode_sql_command(struct decoder *d,
                                       const PB(SqlCommand) * in,
                                       struct hr_operation_plan *out)
{
    out->kind = HR_OPERATION_SQL;
    if (in->input) {
        out->message = in->input;
        return hr_decode_rel(d, in->input, &out->rel);
    }
    /* clients before 4.0: the text and its arguments stand in the command itself */
    PB(SQL) *sql = PB_NEW(d->arena, SQL, SQL);
    PB(Relation) *rel = PB_NEW(d->arena, Relation, RELATION);
    sql->query = in->sql;
    sql->n_args = in->n_args;
    sql->args = (PB(SQL__ArgsEntry) **)in->args;
    sql->n_pos_args = in->n_pos_args;
    sql->pos_args = in->pos_args;
    sql->n_named_arguments = in->n_named_arguments;
    sql->named_arguments = (PB(SQL__NamedArgumentsEntry) **)in->named_arguments;
    sql->n_pos_arguments = in->n_pos_arguments;
    sql->pos_arguments = in->pos_arguments;
    rel->rel_type_case = SPARK__CONNECT__RELATION__REL_TYPE_SQL;
    rel->sql = sql;
    out->message = rel;
    return hr_decode_rel(d, rel, &out->rel);
}

/* Registering succeeds: libraries register what they may never call. A call is refused. */
static enum hr_code decode_register(struct decoder *d,
                                    const PB(CommonInlineUserDefinedFunction) * in,
                                    struct hr_command *out)
{
    if (!in)
        return hr_decode_missing(d, "user-defined function");
    out->kind = HR_COMMAND_REGISTER;
    out->function.name = in->function_name;
    switch (in->function_case) {
    case SPARK__CONNECT__COMMON_INLINE_USER_DEFINED_FUNCTION__FUNCTION_PYTHON_UDF:
        out->function.what = "Python function";
        return HR_OK;
    case SPARK__CONNECT__COMMON_INLINE_USER_DEFINED_FUNCTION__FUNCTION_JAVA_UDF:
        out->function.what = "Java function";
        return HR_OK;
    case SPARK__CONNECT__COMMON_INLINE_USER_DEFINED_FUNCTION__FUNCTION_SCALAR_SCALA_UDF:
        out->function.what = "Scala function";
        return HR_OK;
    default:
        return hr_decode_missing(d, "user-defined function of an unknown language");
    }
}

static enum hr_code decode_register_table(struct decoder *d,
                                          const PB(CommonInlineUserDefinedTableFunction) * in,
                                          struct hr_command *out)
{
    if (!in)
        return hr_decode_missing(d, "user-defined table function");
    out->kind = HR_COMMAND_REGISTER;
    out->function.name = in->function_name;
    out->function.what = "Python table function";
    return HR_OK;
}

static const struct {
    PB(Command__CommandTypeCase) kind;
    const char *name;
} refused[] = {
    {COMMAND(WRITE_STREAM_OPERATION_START), "structured streaming"},
    {COMMAND(STREAMING_QUERY_COMMAND), "structured streaming"},
    {COMMAND(STREAMING_QUERY_MANAGER_COMMAND), "structured streaming"},
    {COMMAND(STREAMING_QUERY_LISTENER_BUS_COMMAND), "structured streaming"},
    {COMMAND(REGISTER_DATA_SOURCE), "Python data sources"},
    {COMMAND(CREATE_RESOURCE_PROFILE_COMMAND), "resource profiles"},
    {COMMAND(MERGE_INTO_TABLE_COMMAND), "MERGE INTO"},
    {COMMAND(ML_COMMAND), "Spark ML"},
    {COMMAND(EXECUTE_EXTERNAL_COMMAND), "external commands"},
    {COMMAND(PIPELINE_COMMAND), "declarative pipelines"},
    {COMMAND(EXTENSION), "commands of plugins"},
};

static enum hr_code decode_command(struct decoder *d,
                                   const PB(Command) * in,
                                   struct hr_operation_plan *out)
{
    for (size_t i = 0; i < HR_LEN(refused); i++)
        if (refused[i].kind == in->command_type_case)
            return hr_decode_refuse(d, refused[i].name);
    struct hr_command *command = HR_NEW(d->arena, struct hr_command);
    out->kind = HR_OPERATION_COMMAND;
    out->command = NULL;
    switch (in->command_type_case) {
    case COMMAND(WRITE_OPERATION):
        return decode_write(d, in->write_operation, (out->command = command));
    case COMMAND(WRITE_OPERATION_V2):
        return decode_write_v2(d, in->write_operation_v2, (out->command = command));
    case COMMAND(CREATE_DATAFRAME_VIEW):
        return decode_view(d, in->create_dataframe_view, (out->command = command));
    case COMMAND(REGISTER_FUNCTION):
        return decode_register(d, in->register_function, (out->command = command));
    case COMMAND(REGISTER_TABLE_FUNCTION):
        return decode_register_table(d, in->register_table_function, (out->command = command));
    case COMMAND(SQL_COMMAND):
        return decode_sql_command(d, in->sql_command, out);
    case COMMAND(GET_RESOURCES_COMMAND):
        out->kind = HR_OPERATION_RESOURCES;
        return HR_OK;
    case COMMAND(CHECKPOINT_COMMAND):
        out->kind = HR_OPERATION_CHECKPOINT;
        out->eager = in->checkpoint_command->eager;
        out->message = in->checkpoint_command->relation;
        return hr_decode_rel(d, in->checkpoint_command->relation, &out->rel);
    case COMMAND(REMOVE_CACHED_REMOTE_RELATION_COMMAND):
        out->kind = HR_OPERATION_FORGET_CACHED;
        out->id = in->remove_cached_remote_relation_command->relation
                      ? in->remove_cached_remote_relation_command->relation->relation_id
                      : "";
        return HR_OK;
    default:
        return hr_decode_missing(d, "command of an unknown kind");
    }
}

/* ---- plans ---- */

static enum hr_code unpack_zstd(struct decoder *d,
                                const ProtobufCBinaryData *in,
                                void **bytes,
                                size_t *len)
{
    unsigned long long size = ZSTD_getFrameContentSize(in->data, in->len);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
        return hr_decode_missing(d, "compressed operation is not zstd, or without its size");
    if (size > HR_GRPC_MESSAGE_MAX)
        return hr_fail(d->err, HR_E_LIMIT, "compressed plan unpacks to more than %d bytes",
                       HR_GRPC_MESSAGE_MAX);
    *bytes = hr_arena_try(d->arena, (size_t)size + 1);
    if (!*bytes)
        return hr_fail(d->err, HR_E_NOMEM, "no memory to unpack a plan");
    *len = ZSTD_decompress(*bytes, (size_t)size, in->data, in->len);
    return ZSTD_isError(*len) ? hr_decode_missing(d, "compressed operation is damaged") : HR_OK;
}

static enum hr_code decode_compressed(struct decoder *d,
                                      const PB(Plan__CompressedOperation) * in,
                                      struct hr_operation_plan *out)
{
    void *bytes = NULL;
    size_t len = 0;
    if (in->compression_codec != SPARK__CONNECT__COMPRESSION_CODEC__COMPRESSION_CODEC_ZSTD)
        return hr_decode_refuse(d, "plans compressed with other than zstd");
    HR_TRY(unpack_zstd(d, &in->data, &bytes, &len));
    if (in->op_type == SPARK__CONNECT__PLAN__COMPRESSED_OPERATION__OP_TYPE__OP_TYPE_RELATION) {
        PB(Relation) *rel =
            hr_decode_message(d->arena, &spark__connect__relation__descriptor, bytes, len, d->err);
        out->message = rel;
        return rel ? hr_decode_rel(d, rel, &out->rel) : HR_E_INVALID;
    }
    if (in->op_type != SPARK__CONNECT__PLAN__COMPRESSED_OPERATION__OP_TYPE__OP_TYPE_COMMAND)
        return hr_decode_missing(d, "compressed operation of an unknown kind");
    PB(Command) *command =
        hr_decode_message(d->arena, &spark__connect__command__descriptor, bytes, len, d->err);
    return command ? decode_command(d, command, out) : HR_E_INVALID;
}

enum hr_code hr_decode_plan(struct hr_arena *arena,
                            const PB(Plan) * plan,
                            struct hr_operation_plan *out,
                            struct hr_err *err)
{
    struct decoder d = {arena, err};
    memset(out, 0, sizeof *out);
    if (!plan)
        return hr_decode_missing(&d, "no plan");
    switch (plan->op_type_case) {
    case PLAN(ROOT):
        out->message = plan->root;
        return hr_decode_rel(&d, plan->root, &out->rel);
    case PLAN(COMMAND):
        return decode_command(&d, plan->command, out);
    case PLAN(COMPRESSED_OPERATION):
        return decode_compressed(&d, plan->compressed_operation, out);
    default:
        return hr_decode_missing(&d, "neither relation nor command");
    }
}
