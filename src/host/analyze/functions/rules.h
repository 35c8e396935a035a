/* What rows of the catalogue use beside the letters: functions that decide a call's types. */
#ifndef HR_HOST_ANALYZE_RULES_H
#define HR_HOST_ANALYZE_RULES_H
#include "host/analyze/internal.h"

/* clang-format off */
#define HR_RULES(X) \
    X(add) X(subtract) X(multiply) X(divide) X(int_divide) X(remainder) X(negate) X(compare) X(not_equal) \
    X(is_in) X(between) X(case_when) X(if_else) X(nvl) X(nullif) X(nvl2) X(sum) X(average) X(min_max) X(first_last) X(collect) \
    X(array_of) X(map_of) X(struct_of) X(named_struct) X(array_item) X(pivoted) X(pivot_item) X(map_item) X(array_fields) X(element_at) X(array_member) X(array_grow) X(concat) \
    X(explode) X(inline_rows) X(stack) X(round) X(ceil_floor) X(lag_lead) X(bitwise) X(default_args) X(higher_order) X(array_pair) \
    X(percentile) X(string_binary) X(sized) X(greatest) X(by_other) X(window_value) X(interval_between) X(try_add) X(try_subtract) X(try_multiply) X(cast_to) \
    X(reverse) X(string_list) X(date_part) X(to_moment) X(unix_time) X(array_compact) X(array_repeat) X(flatten) X(arrays_zip) X(sequence) \
    X(map_entries) X(map_from_arrays) X(map_from_entries) X(map_key) X(distinct_count) X(seconds) X(timestamp_seconds) X(or_zero) X(logical) \
    X(timestamp_add) X(filled) X(from_json) X(from_csv) X(to_text) X(schema_of) X(array_sort) X(decode) X(assert_true) X(sentences) X(json_keys) X(ansi_nulls) X(convert_timezone) X(array_insert) \
    X(pad) X(overlay) X(hash_of) X(ordered_array) X(sort_array) \
    X(map_zip_with) X(json_tuple) X(to_binary) X(array_join) X(hex) X(percentile_group) X(median) X(input_file) X(mode) X(bit_count) X(ntile) X(listagg) X(map_concat) X(concat_ws) X(like) \
    X(window_time) X(window_moment) X(ntz_to_long) X(pandas_product) X(pandas_freedom) X(pandas_mode) X(top_k)
/* clang-format on */

#define X(name) enum hr_code hr_rule_##name(struct hr_call *call);
HR_RULES(X)
#undef X

static inline struct analysis *of(struct hr_call *call)
{
    return call->scope->a;
}
static inline struct hr_texpr **args_of(struct hr_call *call)
{
    return call->out->call.args.at;
}
static inline size_t count_of(struct hr_call *call)
{
    return call->out->call.args.count;
}

/* shared by the files of rules */
bool hr_any_nullable(struct hr_call *call);
void hr_add_arg(struct hr_call *call, struct hr_texpr *arg);
/* For what is computed from the arguments of `call`: the arguments, those that are no leaves by
 * variables. computed_from then puts in what was made of them, as a further argument behind them.
 */
struct hr_texpr **hr_stand_ins(struct hr_call *call, const struct hr_attr ***params);
void hr_computed_from(struct hr_call *call,
                      const struct hr_attr **params,
                      struct hr_texpr *computed);
enum hr_code hr_instead(struct hr_call *call,
                        const char *name,
                        struct hr_texpr **args,
                        size_t count);
enum hr_code hr_wrong_type(struct hr_call *call, const char *want, const struct hr_type *type);
enum hr_code hr_differ(struct hr_call *call);
static inline bool is_fraction(const struct hr_type *type)
{
    return type->id == HR_TYPE_FLOAT || type->id == HR_TYPE_DOUBLE;
}
bool hr_is_date_like(const struct hr_type *type);
bool hr_is_interval(const struct hr_type *type);
const struct hr_type *hr_common_args(struct hr_call *call,
                                     size_t from,
                                     size_t step,
                                     bool *nullable);
enum hr_code hr_diff_types(struct hr_call *call, const char *name);
/* values of the type are compared by the call: refused as Spark does when they have no order */
enum hr_code hr_need_order(struct hr_call *call, const struct hr_type *type);
/* of the call's result, a map */
enum hr_code hr_need_map_key(struct hr_call *call, const struct hr_type *key);
bool hr_contains_map(const struct hr_type *type);
enum hr_code hr_unexpected(struct hr_call *call, size_t at, const char *wanted_types);
const struct hr_type *hr_decimal_operand(struct analysis *a, const struct hr_texpr *expr);
static inline int min_int(int x, int y)
{
    return x < y ? x : y;
}
enum hr_code hr_shift_moment(struct hr_call *call,
                             struct hr_texpr *moment,
                             struct hr_texpr *interval,
                             bool minus);
enum hr_code hr_interval_operands(struct hr_call *call);
enum hr_code hr_need_collection(struct hr_call *call, size_t at, enum hr_type_id id);
#endif
