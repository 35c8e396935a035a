/* shared by decode/rel.c, decode/expr.c, decode_command.c */
#ifndef HR_HOST_CONNECT_DECODE_PRIVATE_H
#define HR_HOST_CONNECT_DECODE_PRIVATE_H
#include "host/connect/decode/decode.h"
#include "host/connect/decode/types.h"

struct decoder {
    struct hr_arena *arena;
    struct hr_err *err;
};

enum hr_code hr_decode_rel(struct decoder *d, const PB(Relation) * in, struct hr_rel **out);
enum hr_code hr_decode_expr(struct decoder *d, const PB(Expression) * in, struct hr_expr **out);
enum hr_code hr_decode_exprs(struct decoder *d,
                             size_t count,
                             PB(Expression) *const *in,
                             struct hr_exprs *out);
enum hr_code hr_decode_orders(struct decoder *d,
                              size_t count,
                              PB(Expression__SortOrder) *const *in,
                              struct hr_exprs *out);
enum hr_code hr_decode_alias(struct decoder *d,
                             const PB(Expression__Alias) * in,
                             struct hr_expr **out);
enum hr_code hr_decode_udf(struct decoder *d,
                           const PB(CommonInlineUserDefinedFunction) * in,
                           struct hr_expr **out);
struct hr_names hr_decode_names(struct decoder *d, size_t count, char *const *in);
const struct hr_origin *hr_decode_origin(struct decoder *d, const PB(Origin) * in);
enum hr_code hr_decode_refuse(struct decoder *d, const char *what);
enum hr_code hr_decode_missing(struct decoder *d, const char *what);

/* the entries of any map<string, string> field: all have the same layout */
struct pb_entry {
    ProtobufCMessage base;
    char *key, *value;
};
struct hr_options hr_decode_options(struct decoder *d, size_t count, void *entries);
#endif
